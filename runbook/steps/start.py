"""Step 8, start: mysqld, then keepalived, the master first; the VIP ends on the master, which then takes writes.

Who is the master is written down on both hosts then.
"""

from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.host_paths import DEFERRED
from runbook.core.step import BOTH, Gap, State, Step
from runbook.core.wait import until
from runbook.keepalived.configuration import UNIT, Keepalived
from runbook.pair.alone import NotAlone
from runbook.pair.pair import Pair
from runbook.pair.role_record import RoleRecord, RolesInSchema
from runbook.pair.roles import by_hosts_env
from runbook.pair.side import Side
from runbook.steps.mysqld import Mysqld
from runbook.steps.phase import Phase, Restart
from runbook.system.resources import Service

VIP_SECONDS = 30


class MastersKeepalived(Keepalived):
    """keepalived on the master, which need not give way here: a run never comes this far while the slave serves."""

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(f"rm -f {DEFERRED}")
        super().fix(host, gap)


@dataclass(frozen=True)
class Serves(Step):
    """The master holds the VIP, the slave does not, and the master takes writes."""

    pair: Pair

    name = "the master serves"
    servers = BOTH

    def want(self) -> State:
        return {"VIP": "on the master", "master": "takes writes", "slave": "read-only"}

    def read(self, host: Host) -> State:
        holders = [role for role, holds in self.pair.side_by_side(Side.holds_vip).items() if holds]
        return {
            "VIP": f"on the {' and the '.join(holders)}" if holders else "nowhere",
            "master": "read-only" if self.pair.master.server.closed() else "takes writes",
            "slave": "read-only" if self.pair.slave.server.closed() else "takes writes",
        }

    def refusal(self, host: Host, gap: Gap) -> str | None:
        if not self.pair.slave.holds_vip():
            return None
        return f"{host}: the VIP is on the slave\nIt comes home by your hand only: inv failback"

    def fix(self, host: Host, gap: Gap) -> None:
        until(
            f"{self.pair.settings.vip.ip} on the master, and the master open for writes",
            VIP_SECONDS,
            lambda: self.read(host) == self.want(),
            hint=lambda: f"Look at: ssh {self.pair.settings.master.ssh_host} journalctl -t mysql-runbook",
        )


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """Services on the master, then on the slave, then what they amount to, which is written down."""

    made = by_hosts_env(pair.settings)

    def services(side: Side) -> list[Service]:
        keepalived = MastersKeepalived(UNIT) if side.role == "master" else Keepalived(UNIT)
        return [Mysqld.of(side), keepalived]

    return [
        Phase(services, roles=("master",)),
        Phase(services, roles=("slave",)),
        Phase(lambda side: [Serves(pair)], roles=("master",)),
        Phase(lambda side: [RoleRecord(pair, side, made)]),
        Phase(lambda side: [RolesInSchema(pair, made), NotAlone()], roles=("master",)),
    ]
