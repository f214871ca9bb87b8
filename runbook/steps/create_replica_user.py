"""Step 4, create-replica-user: the replica user, the scripts' account, the probe's; then a login to the other host."""

from collections.abc import Sequence

from runbook.core.step import Item
from runbook.mysql.accounts import PeerLogin, check_account, probe_account, replica_account
from runbook.pair.pair import Pair, Side
from runbook.steps.phase import Phase, Restart


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The accounts on both hosts, then each host's login to the other."""
    return [Phase(_accounts), Phase(_login_to_the_other)]


def _accounts(side: Side) -> Sequence[Item]:
    s, server = side.settings, side.server
    ways = ("localhost", "127.0.0.1") if side.dialect.has_admin_door else ("localhost",)
    return [
        replica_account(server, s.replica_user, s.replica_password),
        *(check_account(server, s.check_user, s.check_password, side.dialect, way) for way in ways),
        probe_account(server, s.probe_user, s.probe_password),
    ]


def _login_to_the_other(side: Side) -> Sequence[Item]:
    s, peer = side.settings, side.peer
    return [PeerLogin(str(peer.address), peer.server_id, s.mysql_port, s.replica_user, s.replica_password)]
