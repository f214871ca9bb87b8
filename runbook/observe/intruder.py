"""Writes that the slave must refuse, tried again and again on its own host by those who may do everything."""

import secrets
from contextlib import closing, suppress
from typing import Any

from runbook.diagnosis.checks.writes import NO_ROW
from runbook.errors import RunbookError
from runbook.mysql.login import code_and_reason
from runbook.mysql.session import connect
from runbook.observe.client import BROKEN, REFUSALS
from runbook.observe.concurrent import Concurrent
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Secret

PACE_SECONDS = 0.2
USER, FROM_HOST = "runbook_drill", "127.0.0.1"
KNOWN = "SELECT 1 FROM mysql.user WHERE user = %s AND host = %s"


def make_account(pair: Pair) -> Secret:
    """An account with ALL PRIVILEGES for this drill; replication brings it to the slave, where nobody could make it.

    Where a privilege lets accounts write although read_only is on, it goes without: no server refuses those.
    """
    password = Secret(secrets.token_urlsafe(18))
    drop_account(pair)
    master = pair.master.server
    for statement in master.dialect.make_account:
        master.execute(statement, USER, FROM_HOST, password.reveal())
    master.execute("GRANT ALL PRIVILEGES ON *.* TO %s@%s", USER, FROM_HOST)
    if through := master.dialect.write_through_privileges:
        master.execute(f"REVOKE {', '.join(through)} ON *.* FROM %s@%s", USER, FROM_HOST)
    return password


def drop_account(pair: Pair) -> None:
    """Remove the account on a master that takes writes, and so on the slave; nothing when neither has it.

    A power cut can take it from one of them: before MySQL 8.0 accounts are in MyISAM tables (manual 8.0, Grant Tables),
    which nothing syncs. It is made once more then, for a slave stops at the DROP of an account that it lacks.
    """
    master = pair.master.server
    known = [bool(side.server.ask(KNOWN, USER, FROM_HOST)) for side in pair.sides.values()]
    if not any(known):
        return
    if not all(known):
        for statement in master.dialect.make_account:
            master.execute(statement, USER, FROM_HOST, secrets.token_urlsafe(18))
    master.execute("DROP USER %s@%s", USER, FROM_HOST)


def intruders_on(slave: Side, password: Secret) -> list["Intruder"]:
    """Those who may do everything and must be refused: the drill's account, and root where the server can refuse it."""
    everything = Intruder(slave, USER, password)
    if not slave.dialect.has_super_read_only:
        return [everything]
    return [Intruder(slave, "root", slave.settings.mysql_root_password), everything]


class Intruder(Concurrent):
    """Used as a context. An attempt would change no row, and is rolled back where it is not refused."""

    def __init__(self, side: Side, user: str, password: Secret) -> None:
        super().__init__()
        self.user = user
        self.refused = 0
        self.accepted = 0
        self._side = side
        self._account = (user, password, side.server.public_key)

    def _work(self) -> None:
        # A server or host that is away is knocked at again, as by any program that keeps trying.
        while not self._stopping.wait(PACE_SECONDS):
            with suppress(RunbookError, *BROKEN):
                port = self._side.settings.mysql_port
                with closing(connect(self._side.host, "127.0.0.1", port, *self._account)) as session:
                    session.autocommit(False)
                    self._try_to_write(session)

    def _try_to_write(self, session: Any) -> None:
        while not self._stopping.wait(PACE_SECONDS):
            try:
                with session.cursor() as cursor:
                    cursor.execute(NO_ROW)
                self.accepted += 1
            except BROKEN as error:
                if code_and_reason(error)[0] not in REFUSALS:
                    raise
                self.refused += 1
            session.rollback()
