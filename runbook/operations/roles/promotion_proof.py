"""Whether the slave may become the master without the old one, and what may be missing then. Pure.

A reason's first line says what was found; the others what was left alone and what to do.
"""

from dataclasses import dataclass

from runbook.core.moment import utc
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.diagnosis.rules import diagnose
from runbook.pair.witnessed import Witnessed

NOTHING_DONE = "Nothing was changed"
STARTED = ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class Proof:
    """Whether the slave has every write that the old master acknowledged, and why, or why nobody can say so."""

    proven: bool
    why: str

    def __str__(self) -> str:
        return f"{'PROVEN' if self.proven else 'UNPROVEN'}: {self.why}"


def why_not_promote(facts: Facts) -> str | None:
    """Why the slave does not become the master now."""
    master, slave = facts["master"], facts["slave"]
    return _by_master(master, slave, facts) or _by_slave(slave, facts)


def why_not_finish(turned: Facts) -> str | None:
    """Why a promotion that was cut off is not gone on with; `turned` is the pair as it is to be."""
    old = turned["slave"]
    if not old.open:
        return None
    return (
        f"{old.address}, the old master, takes writes: it came back before {turned['master'].address} was the master\n"
        f"{NOTHING_DONE}. End it for good: ssh {old.address} systemctl stop {old.unit}; then: inv promote. What it "
        "took meanwhile is shown and kept by inv rejoin"
    )


def _by_master(master: SideFacts, slave: SideFacts, facts: Facts) -> str | None:
    if master.open:
        next_step = (
            diagnose(facts).next_step if master.alone else "To exchange the roles of a healthy pair: inv switchover"
        )
        return f"{master} takes writes, so it is not lost\n{NOTHING_DONE}. {next_step}"
    if master.answers and not slave.errant:
        return (
            f"{master}'s mysqld answers and has all that the slave has, so it is not lost\n"
            f"{NOTHING_DONE}. {diagnose(facts).next_step}"
        )
    if not master.answers and not master.unreachable and master.mysqld in STARTED:
        return (
            f"mysqld on {master} is {master.mysqld} and does not answer: it may come back, and loses nothing then\n"
            f"{NOTHING_DONE}. Wait for it, then: inv failback. Or end it for good: ssh {master.address} systemctl stop "
            f"{master.unit}; then: inv promote"
        )
    if not master.answers and slave.sees_peer:
        return (
            f"{master} answers the slave, so it is alive where we do not see it ({master.unreachable or master.sql})\n"
            f"{NOTHING_DONE}. Switch it off first; then: inv promote"
        )
    return None


def _by_slave(slave: SideFacts, facts: Facts) -> str | None:
    if not slave.answers:
        return (
            f"{slave} does not answer, and cannot become the master: {slave.unreachable or slave.sql}\n"
            f"{NOTHING_DONE}. {diagnose(facts).next_step}; then: inv promote"
        )
    if slave.open:
        verdict = diagnose(facts)
        return f"{verdict.sentence}\n{NOTHING_DONE}. {verdict.next_step}"
    if not slave.executed and not slave.replication:
        return (
            f"{slave} has never had the master's data\n"
            f"{NOTHING_DONE}. If those are lost, restore a backup on it, and make it MASTER_HOST; then: inv bootstrap"
        )
    if slave.replication and slave.replication.applier_error:
        return (
            f"{slave} has received what it cannot apply: {slave.replication.applier_error}\n"
            f"{NOTHING_DONE}: as the master it would lack that. Repair on the slave the row that the error names, then "
            f"in mysql on {slave.address}: START {slave.dialect.replica} SQL_THREAD; then: inv promote"
        )
    return None


def proof_of(slave: SideFacts, *, semi_sync: bool, from_logs: bool, unapplied: str) -> Proof:
    """What can be said of the writes that the old master acknowledged last.

    `from_logs`: its binary logs were read to their end, and what the slave lacks of them it gets.
    """
    if unapplied:
        return Proof(False, f"the slave has received and not applied: {unapplied}")
    if slave.replication is None:
        return Proof(False, f"{slave} copies nobody, so all that was written since it last did is missing")
    if slave.filters:
        return Proof(False, f"a filter kept rows from the slave: {', '.join(map(str, slave.filters))}")
    if from_logs:
        return Proof(True, "the old master's binary logs were read to their end: the slave gets all that it lacks")
    if since := slave.takeover.get("broken_since"):
        return Proof(False, f"replication had broken at {since}: what was written since is on the old master alone")
    if not semi_sync:
        return Proof(False, "SEMI_SYNC is off: what was acknowledged last may never have reached the slave")
    return _by_witness(slave.witnessed)


def _by_witness(seen: Witnessed | None) -> Proof:
    if seen is None or seen.good is None:
        return Proof(False, "since its boot the slave has not seen once that the master's commits waited for it")
    # Its mysqld does not greet the slave now (why_not_promote): it went silent by now.
    silent = seen.silent or seen.now
    if silent is None:
        return Proof(False, "the slave did not see the master go silent")
    took, most = silent - seen.good, seen.timeout_ms / 1000
    if took < 0:
        return Proof(False, "the slave's clock was set back: how long the master was not seen to be well is not known")
    # Both are whole seconds: up to one more may lie between them.
    if took + 1 > most:
        return Proof(
            False,
            f"commits were last seen to wait for the slave at {utc(seen.good)}, {took} s before the master went silent:"
            f" after {most:g} s they wait no longer, so what was acknowledged in between may be missing",
        )
    return Proof(
        True,
        f"at {utc(seen.good)} all that was acknowledged was on the slave, and each commit waited for it up to {most:g} "
        f"s; the master went silent {took} s later, and all that was received is applied",
    )
