"""Alerts on the hosts: the unit that tells people what the scripts raised, where to, and in which language."""

import shlex
from collections.abc import Sequence

from runbook.alerts.tables import shell_arrays
from runbook.core import templates
from runbook.core.host import Host
from runbook.core.host_paths import ALERT_CONFIG, ALERTS, LIBRARY
from runbook.core.step import Gap, Step
from runbook.mysql.optionfile import client_section
from runbook.mysql.tls.known_server import known_by
from runbook.pair.side import Side
from runbook.settings.settings import Node
from runbook.system.resources import OURS, File, Package, Service
from runbook.system.unit import OwnUnit

UNIT = "mysql-runbook-alert"
SENDER = f"{LIBRARY}/alert.sh"
# What HTTP and HTTPS need, by their names on both families; a minimal host has neither.
PACKAGES = ("curl", "ca-certificates")
UNSENT_QUESTION = f"cd {ALERTS}/unsent 2>/dev/null && grep '' /dev/null * 2>/dev/null | sed 's/:/: /' || true"


class Configuration(File):
    """The sender's configuration; one that is just at work starts again with it, and forgets the old addresses."""

    def fix(self, host: Host, gap: Gap) -> None:
        super().fix(host, gap)
        host.do(f"if systemctl is-active -q {UNIT}.service; then systemctl restart {UNIT}.service; fi")


def steps(side: Side) -> Sequence[Step]:
    """The sender is there on every host; without an address it sends nothing and needs no package."""
    units = "/etc/systemd/system"
    texts = shell_arrays(side.settings.alert_lang, side.names.unit)
    return [
        *(Package(package, side.family) for package in PACKAGES if side.settings.alert_channels),
        File(f"{LIBRARY}/alert_texts.sh", f"# shellcheck shell=bash\n# {OURS}.\n{texts}"),
        *(File(f"{LIBRARY}/{name}", templates.static(name)) for name in ("alert_message.sh", "alert_channels.sh")),
        File(SENDER, templates.static("alert.sh"), mode=0o755),
        configuration(side),
        OwnUnit(f"{units}/{UNIT}.service", templates.render("alert.service.j2", ours=OURS, sender=SENDER)),
        OwnUnit(f"{units}/{UNIT}.path", templates.render("alert.path.j2", ours=OURS, spool=ALERTS)),
        Service(f"{UNIT}.path"),
    ]


def _at_the_vip(side: Side, server: Node) -> str:
    """A client's login at the VIP, where this server is expected."""
    s = side.settings
    account = (s.probe_user, s.probe_password)
    return client_section(*account, str(s.vip.ip), s.mysql_port, known_by(side.dialect, server))


def configuration(side: Side) -> Configuration:
    """Where alerts go, with the tokens; root's alone."""
    s = side.settings
    url, webhook, secret = s.alert_dingtalk_url, s.alert_webhook_url, s.alert_dingtalk_secret
    values = {
        "PAIR": s.router_id,
        "ADDRESS": str(side.node.address),
        "MASTER_SERVER_ID": str(s.master.server_id),
        "VIP_OPTIONS": _at_the_vip(side, side.peer),
        "VIP_OPTIONS_HERE": _at_the_vip(side, side.node),
        "ALERT_CHANNELS": " ".join(s.alert_channels),
        "ALERT_RETRY_SECONDS": str(s.alert_retry_seconds),
        "KEYWORD": s.alert_keyword or "",
        "DINGTALK_URL": url.reveal() if url else "",
        "DINGTALK_SECRET": secret.reveal() if secret else "",
        "WEBHOOK_URL": webhook.reveal() if webhook else "",
    }
    tokens = [each.reveal() for each in (url, webhook, secret) if each]
    tokens += [part for each in (url, webhook) if each for part in each.parts]
    head = f"# {OURS}: inv deploy-scripts writes it anew. Read by {SENDER}.\n"
    masked = f"TOKENS=({' '.join(map(shlex.quote, tokens))})\n"
    return Configuration(ALERT_CONFIG, head + templates.shell_variables(values) + masked, mode=0o600, secret=True)
