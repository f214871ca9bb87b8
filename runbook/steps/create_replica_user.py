"""Step 4, create-replica-user: the replica user, the scripts' account, the probe's, both CAs; a login to the other."""

from collections.abc import Sequence
from functools import partial

from runbook.core.step import Item
from runbook.mysql.accounts import PeerLogin, check_account, probe_account, replica_account
from runbook.mysql.tls.known_server import KnownServer
from runbook.pair.pair import ROLES, Pair
from runbook.pair.side import Side
from runbook.steps.phase import Phase, Restart


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The accounts on both hosts, then each host's login to the other, whose server is asked for its CA meanwhile."""
    return [Phase(_accounts), *(Phase(partial(_to_the_other, pair), roles=(role,)) for role in ROLES)]


def _accounts(side: Side) -> Sequence[Item]:
    s, server = side.settings, side.server
    ways = ("localhost", "127.0.0.1") if side.dialect.has_admin_door else ("localhost",)
    return [
        replica_account(server, s.replica_user, s.replica_password),
        *(check_account(server, s.check_user, s.check_password, side.dialect, way) for way in ways),
        probe_account(server, s.probe_user, s.probe_password),
    ]


def _to_the_other(pair: Pair, side: Side) -> Sequence[Item]:
    """The login first: a server whose new certificates are not in force yet is still known by the old CA."""
    known = (KnownServer(each.server, side.dialect.verification) for each in pair.sides.values())
    return [login_to_the_other(pair, side), *known]


def login_to_the_other(pair: Pair, side: Side) -> PeerLogin:
    """The replica user's, from this side's host."""
    s, peer = side.settings, side.peer
    account = (s.replica_user, s.replica_password)
    return PeerLogin(str(peer.address), peer.server_id, s.mysql_port, *account, pair.sides[peer.role].server)
