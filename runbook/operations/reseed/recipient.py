"""The host whose data are replaced: its services, its folders, and how the new data take the place of the old."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.errors import HostError
from runbook.keepalived.configuration import UNIT as KEEPALIVED
from runbook.mysql.seeding.route import COMPLETE, FOLDER, NEW
from runbook.operations.reseed.decisions import Room
from runbook.pair.side import Side

STAYS = ("auto.cnf", "mysqld-auto.cnf", "*.pem", "debian-*.flag")
"""What belongs to a host and not to its data: its server_uuid, what SET PERSIST keeps, the certificates it is known
by."""
OLD = ".old-"
SIZE_SECONDS = 120
MOVE_SECONDS = 600
STOP_SECONDS = 300
DROP_IN = "runbook-seeding.conf"

DATADIR_QUESTION = (
    "{ mariadbd --verbose --help || mysqld --verbose --help; } 2>/dev/null | awk '$1 == \"datadir\" { print $2; exit }'"
)
# Where InnoDB and the binary logs are when they are not in the data directory.
ELSEWHERE_QUESTION = (
    "{ mariadbd --verbose --help || mysqld --verbose --help; } 2>/dev/null | awk '"
    '($1 ~ /^(innodb-(data-home-dir|log-group-home-dir|undo-directory)|log-bin|relay-log)$/) && $2 ~ "^/" '
    "{ print $1, $2 }'"
)


@dataclass(frozen=True)
class Folders:
    """What is in the recipient's data directory."""

    datadir: str
    room_free: int
    old: int
    """Kilobytes of its data."""
    kept: tuple[str, ...]
    """Names of what earlier runs have kept."""
    seed_there: bool
    seed_whole: bool

    def room(self, needed: int) -> Room:
        """For a copy of so many kilobytes; what a run that was broken off left is removed before it."""
        return Room(needed, self.room_free, self.old)


def datadir_of(host: Host) -> str:
    """Where its server has its data, whether it runs or not; HostError where its program does not say."""
    found = host.ask(DATADIR_QUESTION, timeout=30).strip().rstrip("/")
    if not found.startswith("/"):
        raise HostError(str(host), "its mysqld does not say where its data are", "See: mysqld --verbose --help")
    return found


def refuse_elsewhere(side: Side, datadir: str) -> None:
    """HostError where the server has parts of its data in other folders: they are not exchanged with it."""
    said = side.host.ask(ELSEWHERE_QUESTION, timeout=30).splitlines()
    outside = [line for line in said if not f"{line.partition(' ')[2]}/".startswith(f"{datadir}/")]
    if outside:
        raise HostError(
            str(side.host),
            f"its server has data outside of {datadir}: {'; '.join(outside)}",
            "Nothing was changed. Take these lines out of its option files, or seed the host by hand",
        )


def look(host: Host, datadir: str) -> Folders:
    """Its file system and folders."""
    folder = shlex.quote(datadir)
    question = (
        f"cd {folder} 2>/dev/null || {{ echo none; exit 0; }}; df -kP . | awk 'NR == 2 {{ print $4 }}'; "
        f"du -skx --exclude='./{OLD}*' --exclude='./{FOLDER}' . | cut -f1; "
        f"[ -e {FOLDER} ] && du -skx {FOLDER} | cut -f1 || echo -; "
        f"[ -e {FOLDER}/{COMPLETE} ] && echo whole || echo -; ls -d {OLD}* 2>/dev/null || true"
    )
    found = host.read(question, lambda said: folders(said, datadir), timeout=SIZE_SECONDS)
    if found is None:
        raise HostError(str(host), f"there is no folder {datadir}", f"Make it: install -d -o mysql -g mysql {datadir}")
    return found


def folders(said: str, datadir: str) -> Folders | None:
    """What the answer says, None where there is no such folder; ValueError for any other answer."""
    if said.split() == ["none"]:
        return None
    free, old, seed, whole, *kept = said.splitlines()
    left = int(seed) if seed != "-" else 0
    return Folders(datadir, int(free) + left, int(old), tuple(kept), seed != "-", whole == "whole")


def kilobytes_of(donor: Side) -> int:
    """Of the donor's data, without its logs and what is of its own."""
    datadir = str(donor.server.value("SELECT @@datadir")).rstrip("/")
    skipped = [f"./{OLD}*", f"./{FOLDER}", "./#innodb_temp", "./#innodb_redo", "./ib_logfile*", "./ibtmp*"]
    for name in ("log_bin_basename", "relay_log_basename"):
        base = str(donor.server.value(f"SELECT @@GLOBAL.{name}") or "")
        if base.startswith(f"{datadir}/"):
            skipped.append(f".{base[len(datadir) :]}.*")
    excluded = " ".join(f"--exclude={shlex.quote(name)}" for name in skipped)
    # Files come and go meanwhile.
    question = f"cd {shlex.quote(datadir)} && {{ du -sk {excluded} . 2>/dev/null || true; }} | cut -f1"
    return donor.host.read(question, int, timeout=SIZE_SECONDS)


def free_keepalived(host: Host) -> None:
    """It may start again; of a masked unit systemd before 260 reads no drop-ins, and bootstrap's steps look at them."""
    host.do(f"systemctl unmask {KEEPALIVED}")


def shut_keepalived(host: Host) -> None:
    """It neither runs nor comes back with mysqld, which wants it."""
    host.do(
        f"systemctl stop {KEEPALIVED} 2>/dev/null; systemctl mask {KEEPALIVED} 2>/dev/null; "
        f"! systemctl is-active -q {KEEPALIVED}",
        timeout=STOP_SECONDS,
    )


def stop_server(side: Side, datadir: str) -> None:
    """It does not run, and does not start while a seed waits to take its place, after a reboot either."""
    side.server.close()
    unit, folder = side.names.unit, f"/etc/systemd/system/{side.names.unit}.service.d"
    condition = f"[Unit]\\nConditionPathExists=!{datadir}/{FOLDER}\\n"
    side.host.do(
        f"mkdir -p {folder} && printf '{condition}' >{folder}/{DROP_IN} && systemctl daemon-reload && "
        f"systemctl stop {unit} && ! systemctl is-active -q {unit}",
        timeout=STOP_SECONDS,
    )


def free_server(side: Side) -> None:
    """It may start again."""
    folder = f"/etc/systemd/system/{side.names.unit}.service.d"
    side.host.do(f"rm -f {folder}/{DROP_IN}; rmdir {folder} 2>/dev/null; systemctl daemon-reload")


def empty(host: Host, datadir: str) -> None:
    """Remove its data, but for what belongs to the host; its server is stopped."""
    names = " ".join(f"! -name {shlex.quote(name)}" for name in (*STAYS, f"{OLD}*", FOLDER, "lost+found"))
    host.do(f"find {shlex.quote(datadir)} -mindepth 1 -maxdepth 1 {names} -exec rm -rf -- {{}} +", timeout=MOVE_SECONDS)


def exchange(host: Host, datadir: str, old: str) -> None:
    """The new data take the old ones' place; a run that was cut off in it is brought to its end by the next.

    By renames within the data directory, which may be a mount point. What it had goes to `old`, or nowhere.
    """
    host.do(
        EXCHANGE.format(datadir=shlex.quote(datadir), folder=FOLDER, new=NEW, complete=COMPLETE, old=old, prefix=OLD)
        + "".join(_stays(pattern, old) for pattern in STAYS)
        + f"rm -rf {FOLDER}\nsync\n",
        timeout=MOVE_SECONDS,
    )


def _stays(pattern: str, old: str) -> str:
    source = old or f"{FOLDER}/old"
    return f'for file in {source}/{pattern}; do [ ! -e "$file" ] || cp -p "$file" .; done\n'


EXCHANGE = r"""
cd {datadir} || exit 1
[ -e {folder} ] || exit 0
[ -e {folder}/{complete} ] || {{ echo 'the new data are not whole' >&2; exit 1; }}
old={old}
[ -n "$old" ] || old={folder}/old
set -e
if [ ! -e {folder}/out ]; then
    install -d -o mysql -g mysql -m 750 "$old"
    for file in * .[!.]*; do
        case $file in {folder} | {prefix}* | lost+found | '*' | '.[!.]*') continue ;; esac
        mv -f -- "$file" "$old/"
    done
    sync
    : >{folder}/out
    sync
fi
for file in {folder}/{new}/* {folder}/{new}/.[!.]*; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    mv -f -- "$file" .
done
sync
"""


def remove(host: Host, datadir: str, names: Iterable[str]) -> None:
    """Remove these folders of its data directory."""
    host.do(f"rm -rf -- {' '.join(shlex.quote(f'{datadir}/{name}') for name in names)}", timeout=MOVE_SECONDS)
