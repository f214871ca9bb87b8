"""What is at work on a server and would be cut off, or hold its closing up: transactions, prepared ones, statements."""

from dataclasses import dataclass

from runbook.mysql.session import Server

TRANSACTIONS = (
    "SELECT t.trx_mysql_thread_id AS id, p.user AS user, p.host AS host, "
    "TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds "
    "FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id "
    "WHERE t.trx_started < NOW() - INTERVAL %s SECOND ORDER BY 4 DESC"
)
STATEMENTS = (
    "SELECT id AS id, user AS user, host AS host, time AS seconds FROM information_schema.processlist WHERE time > %s "
    "AND command = 'Query' AND user <> 'system user' AND id <> CONNECTION_ID() ORDER BY 4 DESC"
)


@dataclass(frozen=True)
class AtWork:
    """One session that has been at it for so long; `what` it does."""

    id: int
    account: str
    seconds: int
    what: str

    def __str__(self) -> str:
        return f"session {self.id} of {self.account}: {self.what} for {self.seconds} s"


def at_work(server: Server, seconds: int) -> list[AtWork]:
    """Sessions with a transaction that was open, or a statement that ran, for longer than this; each once."""
    found: dict[int, AtWork] = {}
    for query, what in ((TRANSACTIONS, "a transaction open"), (STATEMENTS, "a statement at work")):
        for row in server.ask(query, seconds):
            account = f"{row['user']}@{str(row['host']).partition(':')[0]}"
            found.setdefault(row["id"], AtWork(row["id"], account, int(row["seconds"]), what))
    return list(found.values())


def prepared(server: Server) -> int:
    """How many transactions wait for the second phase of an XA commit; root may always ask (manual: XA RECOVER)."""
    return len(server.ask("XA RECOVER"))
