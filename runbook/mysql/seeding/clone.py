"""clone: MySQL's clone plugin, by a server of its own on the recipient that has nothing and fetches all.

So the recipient's own server, if it still runs, serves and replicates until its data are exchanged, and a copy that is
broken off has cost nothing.
"""

import re
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

from runbook.core.step import NotReady
from runbook.errors import HostError
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.seeding import worker
from runbook.mysql.seeding.account import USER, seeder
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.session import Server

SINCE = (8, 0, 17)
WITHIN_A_SERIES_SINCE = (8, 0, 37)
"""Before, both must be of the same release (manual of 8.4: Cloning Remote Data)."""
PLUGIN = "SELECT plugin_status AS status FROM information_schema.plugins WHERE plugin_name = 'clone'"
# What InnoDB copies has its rows; of another engine comes an empty table (manual: Clone Plugin Limitations).
OTHER_ENGINES = (
    "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables "
    "WHERE table_type = 'BASE TABLE' AND engine IN ('MyISAM', 'CSV', 'ARCHIVE', 'MRG_MYISAM', 'FEDERATED', 'NDB') "
    "AND table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1"
)
LIBRARIES = (
    "SELECT DISTINCT plugin_library AS name FROM information_schema.plugins "
    "WHERE plugin_status = 'ACTIVE' AND plugin_library IS NOT NULL AND plugin_name <> 'clone'"
)
# What a data directory is made with, and never changed.
MADE_WITH = ("innodb_page_size", "innodb_data_file_path", "lower_case_table_names")
LIBRARY_NAME = re.compile(r"[\w.-]+")


class Clone:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "clone"
    programs: ClassVar[tuple[str, ...]] = ()

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """By the versions, as the manual has it."""
        for each in (donor, recipient):
            if each.engine != "MySQL" or each.version < SINCE:
                return f"which {each.engine} {each.series} does not have"
        if donor.version != recipient.version and not _clones_within_a_series(donor, recipient):
            here, there = (".".join(map(str, each.version)) for each in (donor, recipient))
            return f"which needs one release on both hosts: {here} and {there}"
        return None

    def left_empty(self, donor: Server) -> list[str]:
        """Tables of other engines than InnoDB."""
        return [row["name"] for row in donor.ask(OTHER_ENGINES)]

    def fill(self, way: Way, told: Told) -> Place:
        """The donor's port is asked by the recipient's host, as replication does; by an account for this once."""
        donor, password = way.donor, secrets.token_hex(16)
        made_with = [f"--{name.replace('_', '-')}={_value(donor, name)}" for name in MADE_WITH]
        libraries = [row["name"] for row in donor.ask(LIBRARIES) if LIBRARY_NAME.fullmatch(row["name"])]
        loads = [f"--plugin-load-add={library}" for library in libraries]
        tls = "REQUIRE SSL" if donor.authorities else "REQUIRE NO SSL"
        source = f"{way.donor_address}:{donor.port}"
        statement = (
            f"SET GLOBAL clone_valid_donor_list = '{source}'; "
            f"CLONE INSTANCE FROM '{USER}'@'{way.donor_address}':{donor.port} IDENTIFIED BY '{password}' "
            f"DATA DIRECTORY = '{way.folder}/data' {tls}"
        )
        body = BODY.format(
            initialize=donor.dialect.initialize,
            made_with=shlex.join(made_with),
            loads=shlex.join(loads),
            kilobytes=way.kilobytes,
        )
        with plugin(donor), seeder(donor, way.recipient_address, password, ("BACKUP_ADMIN",)):
            first = f"{secrets.token_hex(16)}\n{statement}\n"
            return worker.work(way.recipient, worker.script(way.folder, body), first, told)


def _clones_within_a_series(donor: Dialect, recipient: Dialect) -> bool:
    return donor.series == recipient.series and min(donor.version, recipient.version) >= WITHIN_A_SERIES_SINCE


def _value(server: Server, name: str) -> str:
    return str(server.value(f"SELECT @@GLOBAL.{name}"))


@contextmanager
def plugin(donor: Server) -> Iterator[None]:
    """The plugin on the donor for as long as this lasts, where it was not there before."""
    had = bool(donor.one(PLUGIN))
    if not had:
        with donor.opened_for_root(logged=False):
            donor.execute("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    try:
        yield
    finally:
        if not had:
            with suppress(HostError, NotReady):
                donor.close()
                forget(donor)


def forget(server: Server) -> None:
    """Take the plugin away where it is: it comes along with the data, too."""
    if server.dialect.engine == "MySQL" and server.dialect.version >= SINCE and server.one(PLUGIN):
        with server.opened_for_root(logged=False):
            server.execute("UNINSTALL PLUGIN clone")


BODY = r"""
IFS= read -r password && IFS= read -r statement || exit 1
scratch=$folder/scratch
socket=$folder/s.sock
options="[client]
user=root
password=$password
socket=$socket
protocol=socket"
# Neither the password nor a statement is ever an argument or a file.
client() {{
    printf '%s;\n' "$1" |
        mysql --defaults-file=<(printf '%s\n' "$options") --default-character-set=utf8mb4 -NB 2>&1
}}
say "progress 0 {kilobytes} an empty server on this host"
asked
{initialize} --datadir="$scratch" {made_with} --innodb-doublewrite=OFF --log-error="$folder/made.log" 2>&1 ||
    fail "an empty server could not be made: $(grep -h ERROR "$folder/made.log" | head -n 2)"
(umask 077 && printf '%s\n' "ALTER USER root@localhost IDENTIFIED BY '$password';" \
    "INSTALL PLUGIN clone SONAME 'mysql_clone.so';" >"$folder/init.sql" && chown mysql "$folder/init.sql")
mysqld --no-defaults --user=mysql --datadir="$scratch" {made_with} {loads} --socket="$socket" --skip-networking \
    --mysqlx=OFF --skip-log-bin --innodb-doublewrite=OFF --pid-file="$folder/pid" --init-file="$folder/init.sql" \
    --log-error="$folder/log" &
server=$!
for _ in {{1..300}}; do
    [ "$(client 'SELECT 1')" != 1 ] || break
    kill -0 "$server" 2>/dev/null || fail "the empty server did not start: $(grep -h ERROR "$folder/log" | head -n 2)"
    sleep 0.2
done
rm -f "$folder/init.sql"
client "$statement" >"$folder/said" &
job=$!
while kill -0 "$job" 2>/dev/null; do
    done=$(client 'SELECT FLOOR(COALESCE(SUM(data), 0) / 1024), FLOOR(COALESCE(SUM(estimate), 0) / 1024)
        FROM performance_schema.clone_progress')
    done=${{done/$'\t'/ }}
    [[ $done =~ ^[0-9]+\ [0-9]+$ ]] || done="0 {kilobytes}"
    say "progress $done the clone"
    asked
    sleep 0.5
done
wait "$job" || fail "$(cat "$folder/said")"
place=$(client 'SELECT binlog_file, binlog_position, REPLACE(REPLACE(gtid_executed, "\n", ""), " ", "")
    FROM performance_schema.clone_status WHERE state = "Completed"' | tr '\t' ' ')
[ -n "$place" ] || fail "the clone did not say at which place it is"
kill "$server"
wait "$server"
server=
rm -rf "$scratch"
say "place $place"
"""
