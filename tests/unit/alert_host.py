"""A host whose scripts raise alerts, with a sender that does not pause and stubs for the servers that get them."""

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

from station import SCRIPTS, SENDER, Station

from runbook.alerts.tables import shell_arrays
from runbook.mysql.optionfile import client_section
from runbook.settings.settings import Settings

TOKEN, HOOK, SECRET = "t0ken-of-the-robot", "t0ken-of-the-hook", "SEC" + "0123456789abcdef" * 4
KEYS = {
    "ALERT_DINGTALK_URL": f"https://ding.example/robot/send?access_token={TOKEN}",
    "ALERT_DINGTALK_SECRET": SECRET,
    "ALERT_WEBHOOK_URL": f"https://chat.example/{HOOK}?x=[1]",
}
SenderOn = Callable[..., "AlertHost"]


class AlertHost:
    """A host whose scripts raise alerts, and the servers that get them."""

    def __init__(self, station: Station, settings: Settings, configuration: str) -> None:
        self.station = station
        for name in SENDER:
            station.install(name, (SCRIPTS / name).read_text())
        station.install("alert_texts.sh", shell_arrays(settings.alert_lang, "mysql"))
        (station.folder / "mysql-runbook-alert.conf").write_text(configuration)
        for role, server in (("master", settings.master), ("slave", settings.slave)):
            account = (settings.probe_user, settings.probe_password, str(settings.vip.ip), settings.mysql_port)
            vip = client_section(*account, f"/usr/local/lib/mysql-runbook/{server.address}-tls.cnf")
            station.write(f"vip_options_{role}", vip.rstrip("\n"))
        station.write("served", "slave\tclosed")
        station.write("posts", "")
        station.command("curl", "curl_of_alerts")
        self.patch("HOLD_SECONDS=5", "HOLD_SECONDS=0")
        self.patch("REST_SECONDS=15", "REST_SECONDS=0")
        self.patch("FIRST_PAUSE=5", "FIRST_PAUSE=0")
        self.patch("LONGEST_PAUSE=60", "LONGEST_PAUSE=0")

    def patch(self, old: str, new: str) -> None:
        self.station.patch("alert.sh", old, new)

    def answers(self, channel: str, *lines: str) -> None:
        """What a channel's server says first, each as `STATUS BODY`; after that all is well."""
        self.station.write(f"answers_{channel}", "\n".join(lines))

    def raises(self, kind: str, detail: str = "") -> None:
        """As the scripts do that people should be told; test_alerts_raised.py has when they do."""
        script = f'. {self.station.folder}/library.sh; alert "$1" "$2"'
        subprocess.run(["bash", "-c", script, "-", kind, detail], check=True, timeout=10)

    def send(self) -> list[tuple[str, dict[str, Any]]]:
        """Run the sender to its end; what was posted since: address and document."""
        assert self.station.run("alert.sh") == 0
        posts = [each for each in (self.station.state / "posts").read_text().split("\0") if each.strip()]
        self.station.write("posts", "")
        return [posted(each) for each in posts]

    def unsent(self, channel: str) -> str:
        file = self.station.run_folder / "alerts" / "unsent" / channel
        return file.read_text().strip() if file.exists() else ""


def posted(config: str) -> tuple[str, dict[str, Any]]:
    """Address and document of a curl configuration, as curl reads it."""
    (url,) = re.findall(r'^url = "(.*)"$', config, re.MULTILINE)
    (data,) = re.findall(r'^data-binary = "(.*)"$', config, re.MULTILINE)
    return url, json.loads(re.sub(r"\\(.)", r"\1", data))


def texts(posts: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What people were told by DingTalk."""
    return [document["text"]["content"] for url, document in posts if "/robot/" in url]
