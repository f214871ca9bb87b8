"""RHEL, CentOS, Rocky, Alma, Oracle Linux and what calls itself like them: yum or dnf, rpm."""

from runbook.core.host import Host
from runbook.system.server_names import ServerNames
from runbook.system.upgraders import Automatic, Upgrader

KEEPALIVED_PACKAGE = "keepalived"
# The vendor's package first: its names are the same in all its repositories. EL7's own sources have MariaDB alone.
MYSQL = ServerNames(
    engine="mysql",
    packages=("mysql-community-server", "mysql-server"),
    unit="mysqld",
    my_cnf="/etc/my.cnf",
    include_folder="/etc/my.cnf.d",
    socket="/var/lib/mysql/mysql.sock",
    error_log="/var/log/mysqld.log",
)
MARIADB = ServerNames(
    engine="mariadb",
    packages=("MariaDB-server", "mariadb-server"),
    unit="mariadb",
    my_cnf="/etc/my.cnf",
    include_folder="/etc/my.cnf.d",
    socket="/var/lib/mysql/mysql.sock",
    error_log="/var/log/mariadb/mariadb.log",
)
SERVERS: tuple[ServerNames, ...] = (MYSQL, MARIADB)
FROM_TARBALL = MYSQL
CLIENT_PACKAGES: tuple[str, ...] = ("mysql-community-client", "mysql", "mariadb")
LIBRARIES: dict[str, str] = {
    "libaio.so.1": "libaio",
    "libnuma.so.1": "numactl-libs",
    "libncurses.so.5": "ncurses-compat-libs",
    "libtinfo.so.5": "ncurses-compat-libs",
    "libssl.so.10": "compat-openssl10",
    "libcrypt.so.1": "libxcrypt-compat",
}
# dnf5 has its defaults elsewhere, and reads this file where there is one.
TOOL_PACKAGES: dict[str, tuple[str, ...]] = {
    "mariadb-backup": ("MariaDB-backup", "mariadb-backup"),
    "mydumper": ("mydumper",),
    "mysqldump": CLIENT_PACKAGES,
}
UPGRADERS: tuple[Upgrader, ...] = (
    Automatic("dnf-automatic", "/etc/dnf/automatic.conf", "/usr/share/dnf5/dnf5-plugins/automatic.conf"),
    Automatic("yum-cron", "/etc/yum/yum-cron.conf"),
    Automatic("yum-cron-hourly", "/etc/yum/yum-cron-hourly.conf"),
)

INSTALL_SECONDS = 900
TOLD_LINES = 12
MANAGER = "$(command -v dnf || command -v yum)"


def speaks_for(os_id: str, id_like: str) -> bool:
    """Whether an os-release with this ID and ID_LIKE is of this family."""
    return bool({"rhel", "fedora", "centos"} & {os_id, *id_like.split()})


def version_question(package: str) -> str:
    """A command that prints the version of an installed package, else nothing."""
    return f"rpm -q --qf '%{{VERSION}}-%{{RELEASE}}\\n' {package} 2>/dev/null | grep -v ' ' || true"


def candidate_question(package: str) -> str:
    """A command that prints the version that an install would bring, as far as yum knows without the network."""
    return f"{MANAGER} -q -C list available {package} 2>/dev/null | awk '$1 ~ /^{package}[.]/ {{print $2}}' | tail -n 1"


def refresh(host: Host) -> None:
    """Have the package manager look at its sources anew."""
    host.do(f"{MANAGER} -q -y makecache", timeout=INSTALL_SECONDS)


def pin(version: str) -> tuple[str, str] | None:
    """No file keeps a version here: it is named at the install, and install-mysql looks at it each time."""
    return None


def at_version(package: str, version: str) -> str:
    """What to name to the package manager for this version or series of a package."""
    return f"{package}-{version}[.-]*"


def package_of(file_name: str) -> str:
    """The package's name from its file's, NAME-VERSION-RELEASE.ARCH.rpm."""
    return file_name.rsplit("-", 2)[0]


def install(host: Host, *packages: str) -> None:
    """Install packages by name or by the path of their files; yum itself waits for another that is at work.

    yum writes to a file, not to the connection: when the connection breaks, it still runs to its end. Files are tried
    without the package sources first: a host without the internet cannot read those, and yum would end there.
    """
    wanted = " ".join(f"'{package}'" for package in packages)
    attempts = [f"{MANAGER} -y install {wanted}"]
    if all(package.startswith("/") for package in packages):
        attempts.insert(0, f"{MANAGER} -y --disablerepo='*' install {wanted}")
    told = TOLD_LINES // len(attempts)
    tries = [
        f'{{ {attempt} > "$log" 2>&1 < /dev/null || {{ code=$?; tail -n {told} "$log" >&2; (exit $code); }}; }}'
        for attempt in attempts
    ]
    host.do(f'log=$(mktemp); {" || ".join(tries)}; code=$?; rm -f "$log"; exit $code', timeout=INSTALL_SECONDS)


def removals(host: Host, *packages: str) -> list[str]:
    """None: without --allowerasing an install that would remove a package fails (dnf(8), yum(8))."""
    return []


def leaves_first_start(host: Host) -> bool:
    """The unit makes the data directory at its first start, which a plugin's variables in our option file would end."""
    return False


def make_way_for_release(host: Host) -> None:
    """EL8's own modules hide the vendors' packages of the same name (MySQL manual, Installing on Linux Using Yum).

    One by one: dnf disables none when it does not know one of them, as on EL9.
    """
    host.do(
        "! command -v dnf >/dev/null || for module in mysql mariadb; do "
        "dnf -q -y module disable $module >/dev/null 2>&1; done; true"
    )
