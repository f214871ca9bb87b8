"""dump: the donor's own dump program, loaded by the recipient into a server of its own.

The slowest way, the only one of MySQL 5.7, and for tables of other engines than InnoDB. The load is in no binary log;
the accounts come as tables, so both servers must be of one series.
"""

import re
import secrets
import shlex
from typing import ClassVar

from runbook.core.host_paths import RUN
from runbook.errors import HostError
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.optionfile import client_section
from runbook.mysql.seeding import worker
from runbook.mysql.seeding.account import USER, seeder
from runbook.mysql.seeding.clone import MADE_WITH
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.seeding.stream import Stream
from runbook.mysql.session import Server
from runbook.settings.settings import Secret

PRIVILEGES = ("SELECT", "RELOAD", "LOCK TABLES", "REPLICATION CLIENT", "SHOW VIEW", "EVENT", "TRIGGER", "PROCESS")
OPTIONS, LOG = f"{RUN}/seed.cnf", f"{RUN}/seed.log"
SINCE = (5, 7, 6)
"""Before, there is no --initialize, and by GTID what a server has stands in its binary logs alone."""
COMPLETED = re.compile(r"^-- Dump completed", re.MULTILINE)
LOG_FILE = re.compile(r"(?:MASTER|SOURCE)_LOG_FILE='([^']+)', (?:MASTER|SOURCE)_LOG_POS=(\d+)")

DONOR = f"""
umask 077
trap 'rm -f {OPTIONS}' EXIT
IFS= read -r -d '' options || exit 1
printf '%s' "$options" >{OPTIONS}
mysqldump --defaults-extra-file={OPTIONS} {{words}} 2>{LOG} && exit
tail -n 3 {LOG} >&2
exit 1
"""
LOAD = r"""
IFS= read -r password || exit 1
options="[client]
user=root
password=$password
socket=$folder/s.sock
protocol=socket"
client() {{ mysql --defaults-file=<(printf '%s\n' "$options") --default-character-set=utf8mb4 -NB "$@" 2>&1; }}
{initialize} --datadir="$new" {made_with} --log-error="$folder/made.log" >/dev/null 2>&1 ||
    fail "an empty server could not be made: $(grep -h ERROR "$folder/made.log" | head -n 2)"
(umask 077 && printf '%s\n' "ALTER USER root@localhost IDENTIFIED BY '$password';" >"$folder/init.sql" &&
    chown mysql "$folder/init.sql")
mysqld --no-defaults --user=mysql --datadir="$new" {made_with} {gtids} --server-id=1 --socket="$folder/s.sock" \
    --skip-networking --skip-log-bin --innodb-flush-log-at-trx-commit=0 --max-allowed-packet=1G \
    --pid-file="$folder/pid" --init-file="$folder/init.sql" --log-error="$folder/log" </dev/null >/dev/null 2>&1 &
server=$!
for _ in {{1..300}}; do
    [ "$(client -e 'SELECT 1' </dev/null)" != 1 ] || break
    kill -0 "$server" 2>/dev/null || fail "the empty server did not start: $(grep -h ERROR "$folder/log" | head -n 2)"
    sleep 0.2
done
rm -f "$folder/init.sql"
said=$(client --binary-mode --max-allowed-packet=1G) || fail "the load: $said"
kill "$server"
wait "$server"
rm -f "$folder/pid"
"""


class Dump:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "dump"
    programs: ClassVar[tuple[str, ...]] = ("mysqldump",)

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Within one series: it brings the accounts as tables."""
        if (donor.engine, donor.series) != (recipient.engine, recipient.series):
            return f"as the servers differ: {donor.engine} {donor.series} and {recipient.engine} {recipient.series}"
        if donor.engine != "MySQL" or donor.version < SINCE:
            return f"by mysqldump, which is not made for {donor.engine} {donor.series} here"
        return None

    def left_empty(self, donor: Server) -> list[str]:
        """It dumps the tables of every engine; what is written to those that know no transactions meanwhile is torn."""
        return []

    def fill(self, way: Way, told: Told) -> Place:
        """The donor's writers are held up for moments, at its beginning (FLUSH TABLES WITH READ LOCK)."""
        donor, by_gtid = way.donor, way.donor.value("SELECT @@GLOBAL.gtid_mode") == "ON"
        position = "source" if donor.dialect.named("source") == "source" else "master"
        words = donor.dialect.dump_all(by_gtid=by_gtid).partition(" ")[2]
        words += f" --{position}-data=2 --hex-blob --max-allowed-packet=1G"
        source = f"exec bash -c {shlex.quote(DONOR.format(words=words))}"
        stream = Stream(donor.host, source, way.recipient, "mysqldump")
        made_with = shlex.join(
            f"--{name.replace('_', '-')}={donor.value(f'SELECT @@GLOBAL.{name}')}" for name in MADE_WITH
        )
        body = LOAD.format(
            initialize=donor.dialect.initialize,
            made_with=made_with,
            gtids="--gtid-mode=ON --enforce-gtid-consistency=ON" if by_gtid else "",
        )
        password = secrets.token_hex(16)
        reader = worker.receiver(way.folder, body)
        first = f"{client_section(USER, Secret(password))}\0".encode()
        with seeder(donor, "localhost", password, PRIVILEGES):
            head, tail = stream.run(first, reader, way.kilobytes, told, f"{password}\n".encode())
        found = LOG_FILE.search(head)
        if not COMPLETED.search(tail) or not found:
            raise HostError(str(donor.host), "the dump was cut off: it does not end as a whole one does")
        place = f'say "place {found[1]} {found[2]}"\n'
        return worker.work(way.recipient, worker.finisher(way.folder, place), "", told)
