"""What the drills of a master that is lost for good share: its power is cut, the slave is promoted, all go home."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.diagnosis.of_host import AHEAD_SECONDS, greet_ahead
from runbook.drill.frame.promises import nothing_lost, servers_agree
from runbook.drill.scenes.stage import Played, Stage
from runbook.drill.scenes.switchover import exchanged
from runbook.observe.comparison import Comparison
from runbook.observe.probe import Probe
from runbook.observe.scorecard import Score, kept, within
from runbook.operations.failback import verified
from runbook.operations.roles.promote import make_master
from runbook.operations.roles.promotion_proof import Proof
from runbook.operations.roles.rejoin import join
from runbook.pair.lab_host import Power
from runbook.pair.pair import Pair

TAKEOVER_SECONDS = 30
WRITES_SECONDS = 30
PROMOTE_SECONDS = 3.0
"""Target from the command to the first write that the new master acknowledges."""


@dataclass(frozen=True)
class Promoted:
    """A promotion: the pair as it is then, its proof, and the seconds to a write that was acknowledged, if one was."""

    pair: Pair
    proof: Proof
    seconds: float | None

    def __str__(self) -> str:
        return f"{self.seconds or 0:.1f} s"


def lose(stage: Stage, power: Power) -> None:
    """The master's power is cut; from its slave clients read again."""
    pair, clients = stage.pair, stage.clients
    clients.wait_for_flow()
    lost_at = time.monotonic()
    stage.recorder.mark("fault", "the master's power is cut", lost_at)
    power.cut()
    pair.master.close()
    reads = pair.settings.slave.server_id

    def served() -> bool:
        return any(clients.seen("read", ok=True, server_id=reads, since=lost_at))

    clients.wait("reads from the slave through the VIP", TAKEOVER_SECONDS, served)
    stage.recorder.mark("takeover", "the slave serves reads")


def promote(stage: Stage) -> Promoted:
    """`inv promote`, and until a write is acknowledged."""
    stage.report.say("As it must be: the slave serves reads; now inv promote.")
    begun = time.monotonic()
    stage.recorder.mark("failback", "inv promote begins", begun)
    stage.pair.leave_out_after(AHEAD_SECONDS, greet_ahead)
    proofs: list[Proof] = []

    def agreed(proof: Proof) -> bool:
        proofs.append(proof)
        return True

    turned = make_master(stage.pair, stage.report, agreed)
    written = stage.clients.first_write_after(begun, deadline=WRITES_SECONDS)
    if written is not None:
        stage.recorder.mark("writes", "writes again, acknowledged by the new master", begun + written)
    return Promoted(turned, proofs[0], written)


def rejoin(stage: Stage, turned: Pair) -> None:
    """`inv rejoin`, while clients write."""
    stage.report.say("Now inv rejoin --switchover.")
    turned.left_out.clear()
    turned.slave.server.close()
    join(turned, stage.report, lambda question: True)


def come_home(stage: Stage, promoted: Promoted, headline: str, *more: Score) -> Played:
    """The old order again, before clients who know a new host's certificate, too; and what came of all."""
    with Probe.of(promoted.pair) as clients:
        home = exchanged(promoted.pair, clients, stage.report).pair
    one_writer = stage.one_writer()

    def judge(compared: Comparison, healthy: bool) -> Iterator[Score]:
        yield from scores(promoted)
        yield one_writer
        yield from more
        yield nothing_lost(*compared.audits.values(), where="on both servers")
        yield servers_agree(compared)
        yield verified(healthy)

    figures = {"promote_seconds": promoted.seconds}
    return Played(home, stage.clients, headline, judge, figures, f"promoted in {promoted}")


def scores(promoted: Promoted) -> Iterator[Score]:
    """What is promised of each promotion. Pure."""
    yield within("From inv promote to an acknowledged write", promoted.seconds, PROMOTE_SECONDS)
    unproven = "" if promoted.proof.proven else f"it could not be proven: {promoted.proof}"
    yield kept("That nothing is missing is proven before", "PROVEN", unproven or "PROVEN", unproven)
