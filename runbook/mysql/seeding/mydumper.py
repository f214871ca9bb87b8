"""dump of MySQL 5.6: mydumper on the recipient asks the donor, myloader loads a server of its own there.

Both in parallel. Clients of a later series ask 5.6 for what it does not know [M: Debian 12's mysqldump, error 1054].
"""

import secrets
from collections.abc import Iterator
from typing import ClassVar

from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.optionfile import client_section
from runbook.mysql.seeding import worker
from runbook.mysql.seeding.account import USER, seeder
from runbook.mysql.seeding.dump import SINCE
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.session import Server
from runbook.settings.settings import Secret

PRIVILEGES = (
    "SELECT",
    "RELOAD",
    "LOCK TABLES",
    "REPLICATION CLIENT",
    "SHOW VIEW",
    "EVENT",
    "TRIGGER",
    "PROCESS",
    "SUPER",
)
OTHERS = "SELECT user AS user, host AS host FROM mysql.user WHERE user <> %s"


class Mydumper:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "dump"
    programs: ClassVar[tuple[str, ...]] = ("mydumper", "myloader")

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Of 5.6 on both hosts."""
        for each in (donor, recipient):
            if each.engine != "MySQL" or each.version >= SINCE:
                return f"by mydumper, which is for MySQL 5.6 here and not for {each.engine} {each.series}"
        return None

    def left_empty(self, donor: Server) -> list[str]:
        """It dumps the tables of every engine; what is written to MyISAM meanwhile is torn."""
        return []

    def fill(self, way: Way, told: Told) -> Place:
        """The donor's writers are held up for moments, at its beginning (FLUSH TABLES WITH READ LOCK)."""
        donor, password, own = way.donor, secrets.token_hex(16), secrets.token_hex(16)
        asks = client_section(USER, Secret(password), way.donor_address, donor.port)
        accounts = "".join(f"{statement};\n" for statement in _accounts(donor))
        first = f"{own}\n{asks}\0{accounts}\0"
        with seeder(donor, way.recipient_address, password, PRIVILEGES):
            body = BODY.format(kilobytes=way.kilobytes)
            return worker.work(way.recipient, worker.script(way.folder, body), first, told)


def _accounts(donor: Server) -> Iterator[str]:
    """Statements that make them; passwords as their hashes (manual of 5.6: SHOW GRANTS)."""
    yield "DELETE FROM mysql.user WHERE user <> 'root' OR host <> 'localhost'"
    yield "DELETE FROM mysql.db"
    yield "FLUSH PRIVILEGES"
    for row in donor.ask(OTHERS, USER):
        for grant in donor.ask("SHOW GRANTS FOR %s@%s", row["user"], row["host"]):
            yield str(next(iter(grant.values())))


BODY = r"""
IFS= read -r own && IFS= read -r -d '' asks && IFS= read -r -d '' accounts || exit 1
socket=$folder/s.sock
options="[client]
user=root
password=$own
socket=$socket
protocol=socket"
client() {{ mysql --defaults-file=<(printf '%s\n' "$options") --default-character-set=utf8mb4 -NB 2>&1; }}
# NAME JOB FOLDER: tells how much is in the folder while the job lasts.
while_it_lasts() {{
    while kill -0 "$2" 2>/dev/null; do
        say "progress $(du -sk "$3" 2>/dev/null | cut -f1) {kilobytes} $1"
        asked
        sleep 0.5
    done
}}
say "progress 0 {kilobytes} an empty server on this host"
asked
as_mysql "$new"
as_mysql "$new/mysql"
share=$(mysqld --no-defaults --verbose --help 2>/dev/null | awk '$1 == "lc-messages-dir" {{ print $2; exit }}')
{{ echo 'use mysql;'; cat "$share"/mysql_system_tables.sql "$share"/mysql_system_tables_data.sql; }} |
    mysqld --no-defaults --user=mysql --datadir="$new" --bootstrap >"$folder/made.log" 2>&1 ||
    fail "an empty server could not be made: $(grep -h ERROR "$folder/made.log" | head -n 2)"
(umask 077 && printf '%s\n' "SET PASSWORD FOR root@localhost = PASSWORD('$own');" >"$folder/init.sql" &&
    printf '%s' "$asks" >"$folder/asks.cnf" && printf '[mydumper]\n%s\n' "${{asks#*\[client\]}}" >>"$folder/asks.cnf" &&
    printf '%s\n[myloader]\n%s\n' "$options" "${{options#*\[client\]}}" >"$folder/own.cnf" &&
    chown mysql "$folder/init.sql")
mysqld --no-defaults --user=mysql --datadir="$new" --socket="$socket" --skip-networking --skip-log-bin \
    --innodb-flush-log-at-trx-commit=0 --max-allowed-packet=1G --pid-file="$folder/pid" \
    --init-file="$folder/init.sql" --log-error="$folder/log" >/dev/null 2>&1 </dev/null &
server=$!
for _ in {{1..300}}; do
    [ "$(echo 'SELECT 1;' | client)" != 1 ] || break
    kill -0 "$server" 2>/dev/null || fail "the empty server did not start: $(grep -h ERROR "$folder/log" | head -n 2)"
    sleep 0.2
done
rm -f "$folder/init.sql"
mydumper --defaults-file="$folder/asks.cnf" --outputdir="$folder/dump" --threads=2 --compress --triggers --events \
    --routines --regex '^(?!(mysql|sys|information_schema|performance_schema)\.)' >"$folder/said" 2>&1 </dev/null &
job=$!
while_it_lasts 'the dump, compressed' "$job" "$folder/dump"
wait "$job" || fail "mydumper: $(tail -n 2 "$folder/said")"
! grep -q CRITICAL "$folder/said" || fail "mydumper: $(grep CRITICAL "$folder/said" | head -n 2)"
place=$(sed -n '/SHOW MASTER STATUS/,/^$/p' "$folder/dump/metadata" |
    awk '$1 == "Log:" {{ log_file = $2 }} $1 == "Pos:" {{ position = $2 }}
         /GTID:/ {{ sub(/.*GTID: */, ""); gtids = $0; more = 1; next }} more {{ gtids = gtids $1 }}
         END {{ if (log_file) print log_file, position, gtids }}')
[ -n "$place" ] || fail "mydumper did not say at which place it is"
myloader --defaults-file="$folder/own.cnf" --socket="$socket" --directory="$folder/dump" --threads=2 \
    >"$folder/said" 2>&1 </dev/null &
job=$!
while_it_lasts 'the load' "$job" "$new"
wait "$job" || fail "myloader: $(tail -n 2 "$folder/said")"
! grep -q CRITICAL "$folder/said" || fail "myloader: $(grep CRITICAL "$folder/said" | head -n 2)"
said=$(printf '%s' "$accounts" | client) || fail "the accounts: $said"
rm -rf "$folder/dump" "$folder"/*.cnf
kill "$server"
wait "$server"
rm -f "$folder/pid"
say "place $place"
"""
