"""backup: mariadb-backup of the donor, streamed into a folder of the recipient, and prepared there.

The stream goes by the two SSH connections that this run has: neither host need trust the other for it, and nothing
listens anywhere.
"""

import secrets
import shlex
from typing import ClassVar

from runbook.core.host_paths import RUN
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.optionfile import client_section
from runbook.mysql.seeding import worker
from runbook.mysql.seeding.account import USER, seeder
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.seeding.stream import Stream
from runbook.mysql.session import Server
from runbook.settings.settings import Secret

PRIVILEGES = ("RELOAD", "PROCESS", "LOCK TABLES", "BINLOG MONITOR")
OPTIONS, LOG = f"{RUN}/seed.cnf", f"{RUN}/seed.log"

# It reads its options more than once: no pipe will do; the file is root's, in a folder of root's. It holds commits up
# until it has looked at the log once more, each second by default: 1.0 s without a write, by this 0.1 s [M on 10.11].
DONOR = f"""
umask 077
trap 'rm -f {OPTIONS}' EXIT
IFS= read -r -d '' options || exit 1
printf '%s' "$options" >{OPTIONS}
mariadb-backup --defaults-extra-file={OPTIONS} --backup --stream=mbstream --log-copy-interval=50 --target-dir={RUN} \
    2>{LOG} && tail -n 1 {LOG} | grep -q 'completed OK!' && exit
grep -v '^\\[00\\].*\\(Copying\\|Streaming\\|done\\)' {LOG} | tail -n 3 >&2
exit 1
"""
RECEIVE = """
as_mysql "$new"
mbstream -x -C "$new" 2>"$folder/log" || fail "mbstream: $(tail -n 2 "$folder/log")"
"""
PREPARE = r"""
say "progress {kilobytes} {kilobytes} the log is applied"
asked
mariadb-backup --prepare --target-dir="$new" >"$folder/log" 2>&1 || fail "mariadb-backup: $(tail -n 2 "$folder/log")"
place=$(cat "$new"/xtrabackup_binlog_info "$new"/mariadb_backup_binlog_info 2>/dev/null | head -n 1 | tr '\t' ' ')
[ -n "$place" ] || fail "mariadb-backup did not say at which place it is"
rm -f "$new"/xtrabackup_* "$new"/mariadb_backup_* "$new"/backup-my.cnf
chown -R mysql:mysql "$new"
say "place $place"
"""


class Backup:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "backup"
    programs: ClassVar[tuple[str, ...]] = ("mariadb-backup", "mbstream")

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Of MariaDB alone, and of one series: its files are the server's."""
        for each in (donor, recipient):
            if each.engine != "MariaDB":
                return f"which {each.engine} does not have"
        return None if donor.series == recipient.series else f"as the series differ: {donor.series}, {recipient.series}"

    def left_empty(self, donor: Server) -> list[str]:
        """It copies the tables of every engine."""
        return []

    def fill(self, way: Way, told: Told) -> Place:
        """It holds writes up for a moment, at its end (BACKUP STAGE BLOCK_COMMIT)."""
        stream = Stream(way.donor.host, f"exec bash -c {shlex.quote(DONOR)}", way.recipient, "mariadb-backup")
        password = secrets.token_hex(16)
        first = f"{client_section(USER, Secret(password))}\0".encode()
        with seeder(way.donor, "localhost", password, PRIVILEGES):
            stream.run(first, worker.receiver(way.folder, RECEIVE), way.kilobytes, told)
        return worker.work(
            way.recipient, worker.finisher(way.folder, PREPARE.format(kilobytes=way.kilobytes)), "", told
        )
