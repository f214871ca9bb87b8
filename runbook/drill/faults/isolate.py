"""Part the two hosts while clients see both; one writer throughout, then home by itself.

The two hosts cannot see each other, while clients see both: both will hold the VIP, and one must write.
"""

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.errors import HostError
from runbook.pair.pair import Pair
from runbook.pair.side import Side

# Locally administered, and nobody's: what is sent there is lost without a word, as in a network that is cut. A route
# that drops it would tell keepalived so, and a packet filter may not be installed.
NOBODY = "02:00:00:00:00:00"


class Isolate(Fault):
    """Each host takes the other's address for a machine that is not there; works on any pair in one network.

    The master goes on alone and stays open: it cannot tell a lost slave from a dead one, and a master that stopped
    writing for that would make the slave's death the pair's. What it acknowledges after semi-sync's timeout is on one
    host until the hosts see each other again, and lost only if that host's disk is lost meanwhile. The slave, which
    cannot tell either, serves reads as old as the cut, and never opens.
    """

    name = "a cut between the hosts, which clients see both"
    action = "makes {master} and {slave} lose sight of each other, while clients see both"
    roles = ("master", "slave")
    undone = "the hosts see each other again"
    effect = Effect.PARTITION
    # Longer than semi-sync's default timeout, and than the 5 s after which the master calls the clients back.
    lasts_seconds = 25
    leaves = Kind.HEALTHY
    recovery_seconds = 60

    def undo(self, side: Side) -> str:
        entry = f"{side.peer.address} dev {side.interface}"
        return f"! ip neighbour show {entry} | grep -q {NOBODY} || ip neighbour delete {entry}"

    def prepare(self, pair: Pair) -> None:
        for side in pair.sides.values():
            if side.peer.address not in side.network:
                raise HostError(
                    str(side.host), f"{side.peer.address} is not in its own network, so it cannot be cut off"
                )
            if side.host.ask(f"ip neighbour show {side.peer.address} dev {side.interface} nud permanent").strip():
                raise HostError(str(side.host), f"somebody has set the neighbour {side.peer.address} there by hand")

    def inject(self, pair: Pair) -> None:
        pair.side_by_side(_cut)


def _cut(side: Side) -> None:
    side.host.do(f"ip neighbour replace {side.peer.address} lladdr {NOBODY} dev {side.interface} nud permanent")
