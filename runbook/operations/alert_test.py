"""alert.test: one test alert from each host to each channel, and what became of it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from runbook.alerts.deployment import SENDER, configuration
from runbook.core.report import Report
from runbook.core.step import gap_between
from runbook.errors import BadInput, NotSo, RunbookError
from runbook.operations.run import Run
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

SEND_SECONDS = 60
SETTINGS = "ALERT_DINGTALK_URL or ALERT_WEBHOOK_URL"
# What a server says, and what to do about it.
REMEDIES = {
    "sign not match": "ALERT_DINGTALK_SECRET is another robot's, or this host's clock is more than an hour off",
    "keywords not in content": "Set ALERT_KEYWORD to one of the robot's keywords; then: inv deploy-scripts",
    "whitelist": "Add the address that this host has on the Internet to those that the robot accepts",
    "token is not exist": "ALERT_DINGTALK_URL is not the robot's any more: copy it anew from DingTalk",
    "Could not resolve host": "The host needs DNS that knows this name, or an address in place of it",
    "SSL": "The host does not trust the server's certificate: is its clock right, is the certificate a public one?",
    "time": "Does a firewall drop what goes out from the host? Nothing else waits for it meanwhile",
}


@dataclass(frozen=True)
class Sent:
    """What became of a test alert on its way to a channel, in the server's own words."""

    channel: str
    arrived: bool
    words: str

    def __str__(self) -> str:
        if self.arrived:
            return f"{self.channel}: arrived" + (f" ({self.words})" if self.words else "")
        remedy = next((remedy for words, remedy in REMEDIES.items() if words in self.words), "")
        return f"{self.channel}: NOT delivered: {self.words}" + (f"\n    → {remedy}" if remedy else "")


def prove(run: Run) -> None:
    """Send one from each host of the operator's pair; NotSo unless all arrived."""
    with run.on_pair("alert.test", lock=False) as (pair, report, _):
        if not all_arrive(pair, report):
            raise NotSo


def all_arrive(pair: Pair, report: Report) -> bool:
    """Send one from each host and say whether it arrived; whether all did. BadInput when none is configured."""
    if not pair.settings.alert_channels:
        raise BadInput(
            f"{pair.settings.source}: no alert is configured; nothing was sent.",
            f"Set {SETTINGS}; then: inv deploy-scripts, inv alert.test",
        )
    if pair.dry:
        for side in pair.sides.values():
            for channel, server in servers(pair.settings).items():
                report.say(f"would send a test alert from the {side.host} to {channel} ({server})")
        return True
    sent, errors = pair.attempt(send)
    for role, side in pair.sides.items():
        for each in sent.get(role, ()):
            report.say(f"  {side.host}: {each}", "" if each.arrived else "bold red")
        if role in errors:
            if not isinstance(errors[role], RunbookError):
                raise errors[role]
            report.say(f"  {errors[role]}", "bold red")
    return not errors and all(each.arrived for side in sent.values() for each in side)


def servers(settings: Settings) -> dict[str, str]:
    """Each channel's server, without what of its address is secret."""
    urls = {"dingtalk": settings.alert_dingtalk_url, "webhook": settings.alert_webhook_url}
    return {channel: urlsplit(url.reveal()).hostname or "" for channel, url in urls.items() if url}


def send(side: Side) -> list[Sent]:
    """Have the host send one to each channel now; RunbookError when it would not send what hosts.env says."""
    wanted = configuration(side)
    if gap_between(wanted.read(side.host), wanted.want()):
        raise RunbookError(
            f"{side.host}: {wanted.path} is not what hosts.env says; nothing was sent from there",
            "inv deploy-scripts brings it; then: inv alert.test",
        )
    lines = side.host.do(f"{SENDER} test", timeout=SEND_SECONDS).splitlines()
    return [Sent(channel, became == "ok", words) for channel, became, words in (line.split("\t", 2) for line in lines)]
