"""Accounts that write although read_only is on: a privilege that lets them, and any right to write at all."""

from collections.abc import Iterable

# What makes an event of the binary log (manual: Privileges Provided by MySQL). A routine runs with its definer's
# rights, so that EXECUTE is one, too. RELOAD is not: its FLUSH is logged whatever read_only says.
WRITES = (
    "ALTER",
    "ALTER ROUTINE",
    "CREATE",
    "CREATE ROUTINE",
    "CREATE TABLESPACE",
    "CREATE USER",
    "CREATE VIEW",
    "DELETE",
    "DROP",
    "EVENT",
    "EXECUTE",
    "INDEX",
    "INSERT",
    "TRIGGER",
    "UPDATE",
)
SCOPES = ("user_privileges", "schema_privileges", "table_privileges", "column_privileges")


def accounts_writing_by(privileges: Iterable[str]) -> str:
    """The question for them: rows of user and host.

    Who may write nothing, in no schema and no table, is of no concern.
    """
    lets_through, writes = (", ".join(f"'{each}'" for each in names) for names in (privileges, WRITES))
    writers = (f"SELECT grantee FROM information_schema.{scope} WHERE privilege_type IN ({writes})" for scope in SCOPES)
    return (
        "SELECT DISTINCT u.user AS user, u.host AS host "
        "FROM information_schema.user_privileges p JOIN mysql.user u "
        "ON p.grantee = CONCAT('''', u.user, '''@''', u.host, '''') "
        f"WHERE p.privilege_type IN ({lets_through}) AND p.grantee IN ({' UNION '.join(writers)})"
    )
