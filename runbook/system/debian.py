"""Debian, Ubuntu and what calls itself like them: apt, dpkg, and where their packages put things."""

from dataclasses import replace

from runbook.core.host import Host
from runbook.system.server_names import ServerNames
from runbook.system.upgraders import NeedRestart, Unattended, Upgrader

KEEPALIVED_PACKAGE = "keepalived"
MYSQL = ServerNames(
    engine="mysql",
    packages=("mysql-server",),
    unit="mysql",
    my_cnf="/etc/mysql/my.cnf",
    include_folder="/etc/mysql/mysql.conf.d",
    socket="/run/mysqld/mysqld.sock",
    error_log="/var/log/mysql/error.log",
)
MARIADB = ServerNames(
    engine="mariadb",
    packages=("mariadb-server",),
    unit="mariadb",
    my_cnf="/etc/mysql/my.cnf",
    include_folder="/etc/mysql/mariadb.conf.d",
    socket="/run/mysqld/mysqld.sock",
    error_log="/var/log/mysql/error.log",
)
SERVERS: tuple[ServerNames, ...] = (MYSQL, MARIADB)
# Under a name that no package of Debian's has, with files that none of them owns.
FROM_TARBALL = replace(MYSQL, packages=(), unit="mysqld", my_cnf="/etc/my.cnf", include_folder="/etc/my.cnf.d")
CLIENT_PACKAGES: tuple[str, ...] = ("default-mysql-client", "mysql-client", "mariadb-client")
LIBRARIES: dict[str, str] = {
    "libaio.so.1": "libaio1",
    "libnuma.so.1": "libnuma1",
    "libncurses.so.5": "libncurses5",
    "libtinfo.so.5": "libtinfo5",
}
UPGRADERS: tuple[Upgrader, ...] = (Unattended(), NeedRestart())
TOOL_PACKAGES: dict[str, tuple[str, ...]] = {
    "mariadb-backup": ("mariadb-backup",),
    "mydumper": ("mydumper",),
    "mysqldump": CLIENT_PACKAGES,
}

DATA_FOLDER = "/var/lib/mysql"
DATA_QUESTION = f"ls -A {DATA_FOLDER} 2>/dev/null || true"
RUNTIME_UNITS = "/run/systemd/system"
UNUSABLE = "designated data directory .* is unusable"

INSTALL_SECONDS = 900
# A question leaves nothing behind: as root apt-cache renews stale caches on the disk (apt.conf(5): Dir::Cache).
APT_CACHE = "apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
LOCK_SECONDS = 120
LOCKS = "/var/lib/apt/lists/lock /var/cache/apt/archives/lock /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock"
# `patient COMMAND` waits for whoever holds a lock of apt's or dpkg's, unattended-upgrades for instance, and names him
# when that takes too long. DPkg::Lock::Timeout is for dpkg's locks alone, and dpkg waits for none. /proc/locks has
# each lock's process and its file's inode (proc(5)).
PATIENT = (
    "log=$(mktemp); "
    "patient() { waited=0; "
    'until "$@" > "$log" 2>&1 < /dev/null; do code=$?; '
    "grep -Eqi 'could not get lock|unable to (lock|acquire)|lock was locked' \"$log\" || return $code; "
    f'[ $((waited += 1)) -le {LOCK_SECONDS} ] || {{ holders >> "$log"; return $code; }}; sleep 1; done; }}; '
    f"holders() {{ for file in {LOCKS}; do inode=$(stat -c %i $file 2>/dev/null) && "
    "awk -v inode=$inode '{ split($6, at, \":\"); if (at[3] == inode) print $5 }' /proc/locks | sort -u | "
    "while read -r pid; do "
    f"echo \"waited {LOCK_SECONDS} s for $file, which pid $pid holds: $(tr '\\0' ' ' < /proc/$pid/cmdline)\"; "
    "done; done; };"
)
END = 'code=$?; [ $code = 0 ] || tail -n 12 "$log" >&2; rm -f "$log"; exit $code'
REFRESH = f"{PATIENT} patient apt-get update -q; {END}"
APT_OPTIONS = (
    "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
    "-o Acquire::Retries=2 -y -q --no-install-recommends"
)


def speaks_for(os_id: str, id_like: str) -> bool:
    """Whether an os-release with this ID and ID_LIKE is of this family."""
    return "debian" in (os_id, *id_like.split()) or os_id == "ubuntu"


def version_question(package: str) -> str:
    """A command that prints the version of a completely installed package, else nothing."""
    return f"dpkg-query -W -f '${{db:Status-Status}} ${{Version}}' {package} 2>/dev/null | sed -n 's/^installed //p'"


def candidate_question(package: str) -> str:
    """A command that prints the version that an install would bring, else nothing."""
    return f"{APT_CACHE} policy {package} | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true"


def refresh(host: Host) -> None:
    """Have the package manager look at its sources anew."""
    host.do(REFRESH, timeout=INSTALL_SECONDS)


def pin(version: str) -> tuple[str, str] | None:
    """The file that keeps the server's packages at a version or series, and its text (apt_preferences(5))."""
    pattern = f"/^([0-9]+:)?{version.replace('.', '[.]')}([^0-9]|$)/"
    text = f"Package: mysql-* mariadb-*\nPin: version {pattern}\nPin-Priority: 999\n"
    return "/etc/apt/preferences.d/mysql-runbook", text


def at_version(package: str, version: str) -> str:
    """What to name to the package manager for this version or series of a package: the pin sees to it."""
    return package


def package_of(file_name: str) -> str:
    """The package's name from its file's, NAME_VERSION_ARCH.deb."""
    return file_name.partition("_")[0]


def make_way_for_release(host: Host) -> None:
    """Nothing stands in the way of a vendor's repository here."""


def removals(host: Host, *packages: str) -> list[str]:
    """The packages that an install of these would remove: a tool's dependencies can conflict with the server [M]."""
    simulated = host.ask(f"apt-get -s -q {APT_OPTIONS} install {' '.join(packages)} 2>/dev/null || true", timeout=60)
    return [line.split()[1] for line in simulated.splitlines() if line.startswith("Remv ")]


def leaves_first_start(host: Host) -> bool:
    """Whether there are no data: a server that is installed now gets them with it, and is left to be started."""
    return not host.ask(DATA_QUESTION).strip()


def _first_start() -> str:
    """`hold` has no package start a server whose data directory is new: it starts once, with our option file.

    `release` ends that. The condition lasts as long as the shell that is at work, whatever ends it.
    """
    file = "runbook-first-start.conf"
    return (
        f'new=no; hold() {{ [ -z "$({DATA_QUESTION})" ] && [ -d {RUNTIME_UNITS} ] || return 0; new=yes; '
        f"for unit in mysql mariadb; do at={RUNTIME_UNITS}/$unit.service.d; "
        f"mkdir -p $at && printf '[Unit]\\nConditionPathExists=!/proc/%s\\n' $$ > $at/{file}; done; }}; "
        f"release() {{ [ $new = no ] || {{ rm -f {RUNTIME_UNITS}/*/{file}; systemctl daemon-reload; }}; }};"
    )


def install(host: Host, *packages: str) -> None:
    """Install packages by name or by the path of their files; an earlier install that was cut off is completed first.

    A server whose data directory is made by it is enabled and does not run: to start it is the caller's.
    apt writes to a file, not to the connection: when the connection breaks, it still runs to its end.
    On a busy host mysqld may fail to initialise a new data directory ("System views initialization failed", seen with
    9.7.4) and calls it unusable; the package would go on with it at its next configuration. So it is emptied first.
    """
    wanted = " ".join(f"'{package}'" for package in packages)
    host.do(
        f"{PATIENT} {_first_start()} hold; export DEBIAN_FRONTEND=noninteractive; "
        # An apt-get of a run that was cut off still works, perhaps.
        "patient dpkg --configure -a; "
        f"patient apt-get install {APT_OPTIONS} {wanted} || "
        f"{{ [ $new = no ] || ! grep -qs '{UNUSABLE}' {MYSQL.error_log} || find {DATA_FOLDER} -mindepth 1 -delete; "
        f"patient apt-get update -q; patient apt-get install {APT_OPTIONS} {wanted}; }}; code=$?; "
        f"release; (exit $code); {END}",
        timeout=INSTALL_SECONDS,
    )
