"""What the drills of a master that is lost for good share: its power is cut, the slave is promoted, all go home."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from runbook.core.report import Report
from runbook.diagnosis.of_host import greet_ahead
from runbook.drill.frame.promises import servers_agree
from runbook.drill.frame.safeguards import refuse_unless_healthy
from runbook.drill.scenes.switchover import both_open
from runbook.errors import BadInput, RunbookError
from runbook.observe import comparison
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to, refuse_without_client
from runbook.observe.probe import Probe
from runbook.observe.recorder import Findings, Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.observe.writes_watch import WritesWatch
from runbook.operations import verify
from runbook.operations.failback import verified
from runbook.operations.roles.promote import PATIENCE_SECONDS, make_master
from runbook.operations.roles.promotion_proof import Proof
from runbook.operations.roles.rejoin import join
from runbook.operations.roles.stale_hosts_env import exchange_hosts_env, refuse_unwritable
from runbook.operations.roles.switchover import change, converge
from runbook.pair.lab_host import Power
from runbook.pair.pair import Pair

TAKEOVER_SECONDS = 30
WRITES_SECONDS = 30
PROMOTE_SECONDS = 3.0
"""Target from the command to the first write that the new master acknowledges."""


@dataclass
class Scene:
    """A drill that runs: the pair as it was, its clients, and what is seen of each server all the time."""

    pair: Pair
    clients: Probe
    old_writes: WritesWatch
    """Of the host that is the master at first."""
    new_writes: WritesWatch
    report: Report
    recorder: Recorder
    power: Power
    proof: Proof | None = None
    promoted_seconds: float | None = None


def refuse(pair: Pair, reason: tuple[str, ...]) -> None:
    """Raise BadInput for a reason, or RunbookError where the pair is not fit for it now; nothing is done."""
    if reason:
        raise BadInput(*reason)
    refuse_unless_healthy(pair)
    refuse_without_client(pair)
    refuse_unwritable(pair.settings.source)


@contextmanager
def playing(pair: Pair, report: Report, recorder: Recorder) -> Iterator[Scene]:
    """Clients write and read through the VIP, both servers are asked whether they take writes."""
    recorder.read_environment(pair)
    vip = pair.settings.vip.ip
    with ExitStack() as stack:
        clients = stack.enter_context(Probe.of(pair))
        old = stack.enter_context(WritesWatch(logins_to(pair.master)))
        new = stack.enter_context(WritesWatch(logins_to(pair.slave)))
        on_old = stack.enter_context(AddressWatch(pair.master.host, vip))
        on_new = stack.enter_context(AddressWatch(pair.slave.host, vip))
        with recorder.watching(clients, {"master": on_old, "slave": on_new}, {"master": old, "slave": new}):
            clients.wait_for_flow()
            yield Scene(pair, clients, old, new, report, recorder, Power(pair.master))


def lose(scene: Scene) -> None:
    """The master's power is cut; from its slave clients read again."""
    pair, clients = scene.pair, scene.clients
    lost_at = time.monotonic()
    scene.recorder.mark("fault", "the master's power is cut", lost_at)
    scene.power.cut()
    pair.master.close()
    reads = pair.settings.slave.server_id

    def served() -> bool:
        return any(clients.seen("read", ok=True, server_id=reads, since=lost_at))

    clients.wait("reads from the slave through the VIP", TAKEOVER_SECONDS, served)
    scene.recorder.mark("takeover", "the slave serves reads")


def promote(scene: Scene) -> Pair:
    """`inv promote`, and until a write is acknowledged: the pair as it is then."""
    scene.report.say("As it must be: the slave serves reads; now inv promote.")
    begun = time.monotonic()
    scene.recorder.mark("failback", "inv promote begins", begun)
    scene.pair.leave_out_after(PATIENCE_SECONDS, greet_ahead)

    def agreed(proof: Proof) -> bool:
        scene.proof = proof
        return True

    turned = make_master(scene.pair, scene.report, agreed)
    written = scene.clients.first_write_after(begun, deadline=WRITES_SECONDS)
    if written is not None:
        scene.recorder.mark("writes", "writes again, acknowledged by the new master", begun + written)
    scene.promoted_seconds = written
    return turned


def rejoin(scene: Scene, turned: Pair) -> None:
    """`inv rejoin`, while clients write."""
    scene.report.say("Now inv rejoin --switchover.")
    turned.left_out.clear()
    turned.slave.server.close()
    join(turned, scene.report, lambda question: True)


def come_home(scene: Scene, turned: Pair) -> Pair:
    """The old order again, before clients who know a new host's certificate, too."""
    with Probe.of(turned) as clients:
        changed = change(turned, clients)
    exchange_hosts_env(changed.pair)
    converge(changed.pair, scene.report)
    return changed.pair


def told(home: Pair, scene: Scene, more: Sequence[Score], headline: Callable[[str], str]) -> str:
    """The scorecard and the report; what came of it in a sentence. Raises RunbookError when a promise was broken."""
    clients = scene.clients
    compared = comparison.compare(home, clients.run, clients.ledger)
    audit = compared.audits["slave"]
    found = verify.seen(home, scene.report, quiet=True)
    judged = [*scores(scene, both_open(scene.old_writes.looks(), scene.new_writes.looks())), *more]
    missing = f"{len(audit.missing)} of {audit.acknowledged} acknowledged writes are missing"
    lost = f"LOST: {missing} (writer, seq): {audit.missing}" if audit.missing else ""
    judged += [kept("No acknowledged write is lost", "0", missing, lost), servers_agree(compared), verified(found.good)]
    sentence = f"{headline(f'{scene.promoted_seconds or 0:.1f} s')}; {missing}."
    figures = {"promote_seconds": scene.promoted_seconds}
    scene.recorder.conclude(Findings(sentence, judged, [], audit, afterwards=found.verdict.sentence, figures=figures))
    scene.report.say(sentence, "bold")
    scene.report.say(found.verdict.sentence, "bold")
    if broken := [score.breach for score in judged if score.breach]:
        raise RunbookError("The drill FAILED:", *(f"  {each}" for each in broken), f"Next: {found.verdict.next_step}")
    return sentence


def scores(scene: Scene, at_once: bool) -> Iterator[Score]:
    """What is promised of each promotion. Pure."""
    yield within("From inv promote to an acknowledged write", scene.promoted_seconds, PROMOTE_SECONDS)
    unproven = "" if scene.proof and scene.proof.proven else f"it could not be proven: {scene.proof}"
    yield kept("That nothing is missing is proven before", "PROVEN", unproven or "PROVEN", unproven)
    two = "both servers took writes at once" if at_once else ""
    yield kept("One writer, ever", "never two", two or "never two", two)
