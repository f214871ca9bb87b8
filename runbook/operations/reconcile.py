"""reconcile: show what the slave has and the master lacks, keep it as a file, and give it up by the operator's word.

By MySQL's GTIDs the master gets an empty transaction in the place of each, or the transaction itself. By MariaDB's, and
by position, the slave's own binary log is emptied, where alone they stand. What they did on the slave stays there.
"""

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pymysql.constants import ER

from runbook.core.host import CommandFailed
from runbook.core.host_paths import LIBRARY, STATE
from runbook.core.report import Report
from runbook.core.undo import Undo
from runbook.diagnosis.facts import Facts, SideFacts, gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.errors import BadInput, Drift, NotSo, RunbookError
from runbook.mysql.binary_log import Logged, transactions
from runbook.mysql.optionfile import client_section
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.session import OPEN, Server
from runbook.mysql.socket_login import replay
from runbook.mysql.tracking.progress import DomainState, GtidSet
from runbook.mysql.tracking.tracking import BINARY_LOGS, listed
from runbook.operations.failback import refuse
from runbook.operations.run import Run, answer
from runbook.pair.pair import Pair
from runbook.pair.side import Side

FOLDER = f"{STATE}/errant"
READ_SECONDS = 600
MOST_BYTES = 32 << 20
ATTEMPTS = 20
UNDO_NAME = "reconcile"
READ_ONLY = f"ERROR {ER.OPTION_PREVENTS_STATEMENT} "
MEMORY_TABLES = (
    "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables WHERE engine = 'MEMORY'"
)


@dataclass(frozen=True)
class Errant:
    """What the slave made itself and the master lacks."""

    token: str
    """What an operator types to give them up: the GTIDs, or from where on they stand in the slave's binary log."""
    logged: tuple[Logged, ...]
    unseen: tuple[str, ...]
    """Names of those that stand in no binary log any more."""
    file: str
    """On the slave's host: all of them, as mysqlbinlog has them."""

    def harmless(self, memory_tables: Sequence[str]) -> bool:
        return not self.unseen and all(each.harmless(memory_tables) for each in self.logged)


def reconcile(run: Run, *, gtids: str = "", bring: bool = False) -> None:
    """Have the master lack nothing of the slave; `gtids` is what the operator would else be asked to type.

    With `bring` the transactions themselves are run on the master, under their own GTIDs.

    Raises RunbookError before anything is changed when that is not ours to do, BadInput when it is not confirmed, Drift
    in a dry run, NotSo when the slave still has what the master lacks afterwards.
    """
    with run.on_pair("reconcile") as (pair, report, target):
        facts = gather(pair)
        refuse(why_not_known(facts))
        token = errant_of(facts)
        if not token:
            report.say("The slave has nothing that the master lacks: nothing to reconcile.")
            return
        lacking = facts["slave"].errant
        if bring:
            refuse(why_not_bring(facts["slave"]))
        elif lacking:
            lost = pair.slave.tracking.made_by_others(pair.slave.server, lacking)
            refuse(why_not(facts["slave"], list(lost.names())))
        found = read(pair, facts, token)
        harmless = shown(pair, found, report)
        if pair.dry:
            raise Drift
        if bring:
            confirmed(run.consent(target)("Run them on the master?"), token)
            bring_to_master(pair, found, report)
        else:
            confirmed(run.consent(target)("Give them up?") if harmless else typed(found, gtids, report), token)
            give_up(pair, facts, report)
        _prove(pair, report)


def confirmed(agreed: bool, token: str) -> None:
    """Raise BadInput unless the operator agreed."""
    if not agreed:
        raise BadInput(
            "Not confirmed: nothing was changed.",
            f"To give them up: inv reconcile --gtids='{token}'",
            "To run them on the master as well: inv reconcile --bring",
        )


def why_not_known(facts: Facts) -> str | None:
    """Why nobody can say what the slave has and the master lacks; None where both servers were asked. Pure."""
    silent = [side for side in facts.values() if not side.answers]
    if not silent:
        return None
    found = "; ".join(f"{side.role} {side.address}: {side.unreachable or side.sql}" for side in silent)
    return (
        f"It is not known what the slave has and the master lacks, as not both servers answer: {found}\n"
        f"Nothing was changed. Next: {diagnose(facts).next_step}"
    )


def errant_of(facts: Facts) -> str:
    """What the slave has and the master lacks, as an operator types it; empty where there is nothing."""
    slave = facts["slave"]
    return str(slave.errant) if slave.errant else slave.own_since if slave.own and slave.takeover else ""


def why_not(slave: SideFacts, made_by_master: Sequence[str]) -> str | None:
    """Why it is not ours to give them up, with the way out; None where nothing speaks against it. Pure."""
    if not made_by_master:
        return None
    return (
        f"The slave did not make these itself, so the master made and lost them: {', '.join(listed(made_by_master))}\n"
        "They were acknowledged to clients, so they are not given up. Nothing was changed.\n"
        f"Was the master's disk restored or exchanged? Back up {slave.address} first. Then, to run on the master "
        "what it lost: inv reconcile --bring"
    )


def why_not_bring(slave: SideFacts) -> str | None:
    """Why they cannot be run on the master under their own names. Pure."""
    if isinstance(slave.errant, GtidSet) and slave.errant:
        return None
    return (
        "Only MySQL's GTIDs let the master have a transaction of the slave under its own name\n"
        "Nothing was changed. Write on the master, through the VIP, what it must have; then: inv reconcile"
    )


def read(pair: Pair, facts: Facts, token: str) -> Errant:
    """Keep them whole in a file of root's own on the slave's host, and read them; a dry run keeps nothing."""
    slave = pair.slave
    log = _mysqlbinlog(slave, facts["slave"])
    file = f"{FOLDER}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.sql"
    try:
        if not pair.dry:
            slave.host.do(f"install -d -m 700 {FOLDER}")
            slave.host.do(f"umask 077; {log} -vv > {file}.new && sync && mv {file}.new {file}", timeout=READ_SECONDS)
        decoded = f"{log} --base64-output=DECODE-ROWS -vv"
        text = slave.host.ask(f"({decoded}) | head -c {MOST_BYTES + 1}", timeout=READ_SECONDS)
    except CommandFailed as error:
        raise RunbookError(
            f"{slave.host}: mysqlbinlog cannot read them: {error.ran.err.strip() or error.ran.out.strip()}",
            "Nothing was changed. What nobody has seen is not given up: install mysqlbinlog there, or look at the "
            "binary log with SHOW BINLOG EVENTS.",
        ) from error
    if len(text) > MOST_BYTES:
        raise RunbookError(
            f"{slave.host}: more than {MOST_BYTES >> 20} MiB of transactions that the master lacks",
            f"Nothing was changed. All of them are in {file}; nobody can look through that much here.",
        )
    lacking = facts["slave"].errant
    logged = tuple(each for each in transactions(text) if not isinstance(lacking, DomainState) or each.name in lacking)
    names = {each.name for each in logged}
    unseen = tuple(name for name in lacking.names() if name not in names) if isinstance(lacking, GtidSet) else ()
    return Errant(token, logged, unseen, file)


def _mysqlbinlog(slave: Side, facts: SideFacts) -> str:
    """The command that prints them."""
    server = slave.server
    folder = str(server.value("SELECT @@log_bin_basename")).rpartition("/")[0]
    files = [row["Log_name"] for row in server.ask(BINARY_LOGS)]
    if isinstance(facts.errant, GtidSet) and facts.errant:
        which = f"--include-gtids={facts.errant}"
    else:
        which = f"--server-id={slave.node.server_id}"
    first, _, position = facts.own_since.rpartition(":")
    if first in files:
        files = files[files.index(first) :]
        which += f" --start-position={position}"
    program = '"$(command -v mariadb-binlog || command -v mysqlbinlog || echo mysqlbinlog)"'
    return f"cd {shlex.quote(folder)} && {program} --no-defaults {which} {shlex.join(files)}"


def shown(pair: Pair, found: Errant, report: Report) -> bool:
    """Show each, whole where it is more than a statement that changes nothing; returns whether all are harmless."""
    memory_tables = [row["name"] for row in pair.slave.server.ask(MEMORY_TABLES)]
    report.say(f"{pair.slave.host} has what the master lacks ({found.token}):")
    for each in found.logged:
        harmless = each.harmless(memory_tables)
        kind = "the master lacks nothing by it" if harmless else "look at it"
        report.say(f"  {each.name or 'a transaction'}: {kind}: {each}")
        if not harmless:
            report.say("".join(f"      {line}\n" for line in each.text.splitlines()))
    for name in found.unseen:
        report.say(f"  {name}: it stands in no binary log any more: nobody can say what it did")
    if not pair.dry:
        report.say(f"Kept whole on {pair.slave.host}: {found.file}")
    return found.harmless(memory_tables)


def typed(found: Errant, gtids: str, report: Report) -> bool:
    """Whether the operator typed what is given up."""
    report.say(
        "Given up, it stays on the slave alone: the two servers' data differ by it from then on.\n"
        "What the master must have: inv reconcile --bring runs it there, or write it through the VIP.",
        "yellow",
    )
    return (gtids.replace(" ", "") or answer(f"Type {found.token} to give them up: ")) == found.token


def give_up(pair: Pair, facts: Facts, report: Report) -> None:
    """The act: empty transactions on the master, or an empty binary log on the slave."""
    errant = facts["slave"].errant
    if isinstance(errant, GtidSet) and errant:
        _adopt_empty(pair.master.server, errant.names())
        report.say(f"{pair.master.host}: has {errant.amount()} more, which are empty")
        return
    slave = pair.slave.server
    status, replica = replica_status(slave), slave.dialect.replica
    slave.execute(f"STOP {replica}")
    slave.execute(slave.dialect.empty_binary_logs)
    if status and status.receiver != "No":
        slave.execute(f"START {replica}")
    report.say(f"{pair.slave.host}: its own binary log is empty; nobody reads it")


def bring_to_master(pair: Pair, found: Errant, report: Report) -> None:
    """Run the kept file on the master. A closed one is opened for root meanwhile, which its scripts end each second:
    what was run by then is passed over at the next try.
    """
    master, slave = pair.master, pair.slave
    options = client_section("root", master.settings.mysql_root_password)
    encoded = slave.host.ask(f"{opening(master.server)} {found.file} | base64", timeout=READ_SECONDS)
    wanted = slave.tracking.parse(found.token)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _without_waiting_for_the_slave(master), master.server.opened_for_root():
                replay(master.host, options, encoded, timeout=READ_SECONDS)
        except CommandFailed as error:
            if READ_ONLY not in str(error) or attempt == ATTEMPTS:
                raise RunbookError(
                    f"{master.host}: a transaction of the slave does not run there: {error.ran.err.strip()}",
                    f"Those before it were run; nothing else was changed. {slave.host} keeps all of them: {found.file}",
                    "Mend on the master what the error names, then: inv reconcile --bring",
                ) from error
        if not wanted.minus(slave.tracking.of_master(master.server)):
            break
    report.say(f"{master.host}: has run {wanted.amount()} of the slave")


def opening(master: Server) -> str:
    """The command that prints the kept file with the opening right before each transaction: on a busy host the scripts
    have closed the master again before the client comes to the first one (seen 20 times in a row).
    """
    if not master.dialect.has_super_read_only:
        return "cat"
    return rf"""sed "s|^SET @@SESSION.GTID_NEXT= '[0-9a-f]|{OPEN}/*!*/;\n&|" """.rstrip()


@contextmanager
def _without_waiting_for_the_slave(master: Side) -> Iterator[None]:
    """It has what is run, and a commit that waits for its word holds up the closing. The undoing lies on the host."""
    if master.semi_sync.value == "off":
        yield
        return
    enabled = master.dialect.named("rpl_semi_sync_source_enabled")
    undo = Undo(master.host, UNDO_NAME, f". {LIBRARY}/library.sh\nquery 'SET GLOBAL {enabled} = ON'\n")
    try:
        master.server.execute(f"SET GLOBAL {enabled} = OFF")
        yield
    finally:
        undo.run()


def _adopt_empty(master: Server, gtids: Iterable[str]) -> None:
    """MySQL lets an empty transaction be committed on a closed server, too (tried on 9.7)."""
    try:
        for gtid in gtids:
            master.execute("SET SESSION GTID_NEXT = %s", gtid)
            master.execute("BEGIN")
            master.execute("COMMIT")
    finally:
        master.close()


def _prove(pair: Pair, report: Report) -> None:
    facts = gather(pair)
    verdict = diagnose(facts)
    report.say(verdict.sentence, "bold")
    report.say(f"Next: {verdict.next_step}", "bold")
    if errant_of(facts) or verdict.kind is Kind.DIVERGED:
        raise NotSo
