"""Step 7, deploy-scripts: the four scripts, their library, and the one file with what varies."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil

from runbook.alerts import deployment as alerts
from runbook.core import templates
from runbook.core.host import Host
from runbook.core.host_paths import CONFIG, LIBRARY, PATHS, SCRIPTS, paths_for_scripts
from runbook.core.step import Gap, Item
from runbook.core.templates import shell_variables
from runbook.keepalived.configuration import ConfigurationRead, most_silent
from runbook.mysql.optionfile import client_section
from runbook.mysql.terms import ADMIN_PORT
from runbook.mysql.tls.known_server import known_by
from runbook.pair.pair import Pair
from runbook.pair.role_record import ROW
from runbook.pair.side import Side
from runbook.steps.phase import Phase, Restart
from runbook.system.resources import OURS, File, Service
from runbook.system.unit import OwnUnit

NAMES = ("mysql_check.sh", "master.sh", "backup.sh", "stop.sh")
SHARED = ("server.sh", "opening.sh", "takeover.sh", "library.sh", "session.sh", "cut_off.sh", "watch.sh", "check.sh")
UNIT_NAMES = ("defer.sh", "release.sh")
# The last line: a file without it was cut off.
LAST_LINE = "CONFIGURATION_ENDS=yes\n"
UNITS = {
    "mysql-runbook-fence": ("fence.sh", "Close this server of the MySQL pair while it must take no writes"),
    "mysql-runbook-checker": ("checker.sh", "Look at this host of the MySQL pair each second, for keepalived"),
    "mysql-runbook-witness": ("witness.sh", "Note each second whether this slave has all that its master acknowledged"),
}
# Between two questions of check.sh to a server that is not there.
RETRY_SECONDS = Decimal("0.5")


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """Both hosts side by side."""
    return [Phase(_steps)]


class ReadAtStart(File):
    """A file that our units have in their memory: those which run start again with the new one."""

    def fix(self, host: Host, gap: Gap) -> None:
        super().fix(host, gap)
        host.do(f"systemctl try-restart {' '.join(UNITS)} 2>/dev/null || true")


def _steps(side: Side) -> Sequence[Item]:
    return [
        ReadAtStart(CONFIG, script_configuration(side), mode=0o600, secret=True),
        ReadAtStart(PATHS, f"# shellcheck shell=bash\n# {OURS}.\n{paths_for_scripts()}"),
        *(ReadAtStart(f"{LIBRARY}/{name}", templates.static(name)) for name in SHARED),
        *(File(f"{LIBRARY}/{name}", templates.static(name), mode=0o755) for name in UNIT_NAMES),
        *(step for unit in UNITS for step in _of_unit(unit)),
        *(File(f"{SCRIPTS}/{name}", templates.static(name), mode=0o764) for name in NAMES),
        ConfigurationRead(),
        *alerts.steps(side),
    ]


def _of_unit(name: str) -> Sequence[Item]:
    script, purpose = UNITS[name]
    path = f"{LIBRARY}/{script}"
    unit = templates.render("script.service.j2", ours=OURS, script=path, purpose=purpose)
    return [
        ReadAtStart(path, templates.static(script), mode=0o755),
        OwnUnit(f"/etc/systemd/system/{name}.service", unit),
        Service(name),
    ]


def script_configuration(side: Side) -> str:
    """What varies between hosts, as shell variables; every value is quoted for the shell."""
    s = side.settings
    values = {
        "ROLE": side.role,
        "VIP": str(s.vip.ip),
        "VIP_PREFIX": str(s.vip.network.prefixlen),
        "INTERFACE": side.interface,
        "PEER": str(side.peer.address),
        "MYSQL_PORT": str(s.mysql_port),
        "ADMIN_PORT": str(ADMIN_PORT) if side.dialect.has_admin_door else "",
        "CHECK_INTERVAL": str(s.check_interval),
        "CHECK_SECONDS": str(s.check_timeout),
        "CHECK_SILENT_SECONDS": str(most_silent(s)),
        "CHECK_TRIES": str(ceil(s.check_timeout / RETRY_SECONDS)),
        "SEMI_SYNC_SECONDS": str(ceil(side.commit_wait_seconds)),
        "CLOSE_KILL_SECONDS": str(s.close_kill_seconds),
        "RELAY_LOCK_SECONDS": str(s.relay_lock_seconds),
        "MYSQL_UNIT": side.names.unit,
        **words_of(side),
        "CLIENT_OPTIONS": client_section(s.check_user, s.check_password),
        "PEER_OPTIONS": client_section(
            s.probe_user, s.probe_password, str(side.peer.address), s.mysql_port, known_by(side.dialect, side.peer)
        ),
    }
    head = f"# {OURS}: inv deploy-scripts writes it anew. Read by the scripts in {SCRIPTS}.\n"
    return head + shell_variables(values) + LAST_LINE


def words_of(side: Side) -> dict[str, str]:
    """What the scripts say to this server, and ask it."""
    dialect, tracking = side.dialect, side.tracking
    return {
        "MYSQL": dialect.client,
        "CLOSED": dialect.closed,
        "CLOSE": dialect.close,
        "REPLICA": dialect.replica,
        "BINARY_LOG_STATUS": dialect.binary_log_status,
        "RECEIVED_IN": tracking.received_names,
        "EXECUTED_IN": tracking.executed_names,
        "WAIT_APPLIED": tracking.wait_applied,
        "UNAPPLIED": tracking.unapplied,
        "HAS": tracking.has,
        "ERRANT": tracking.errant,
        "LOCK_HOLDERS": dialect.lock_holders,
        "KNOWN_ROLES": ROW,
        "START_DISCARDS": "yes" if tracking.start_discards else "",
    }
