"""Where alerts go, and in which language."""

from typing import get_args

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule
from runbook.settings.values import Language, Reader

_language: Reader[Language] = read.choice(*get_args(Language))


class Alerts(KeyTable):
    """Alerts, which the hosts send (step 7); without an address none are sent"""

    alert_dingtalk_url = Key(
        read=read.optional(read.dingtalk_url),
        default="",
        secret=True,
        help="A DingTalk robot's whole webhook address, with its access_token.\nEmpty: no DingTalk.",
    )
    alert_dingtalk_secret = Key(
        read=read.optional(read.dingtalk_secret),
        default="",
        secret=True,
        help=("The same robot's secret (SEC...), where its security is set to signatures.\nEmpty: it is not signed."),
        rules=(
            Rule(
                lambda secret, dingtalk: secret is not None and dingtalk is None,
                "signs what goes to ALERT_DINGTALK_URL, and there is none; add the robot's address, "
                "or delete this line",
                beside=("ALERT_DINGTALK_URL",),
            ),
        ),
    )
    alert_keyword = Key(
        read=read.optional(read.words),
        default="",
        help="A word that each text begins with, where the robot's security is set to keywords.\nEmpty: none.",
        rules=(
            Rule(
                lambda keyword, dingtalk, webhook: keyword is not None and dingtalk is None and webhook is None,
                "there is no address to send alerts to; add ALERT_DINGTALK_URL, or delete this line",
                beside=("ALERT_DINGTALK_URL", "ALERT_WEBHOOK_URL"),
            ),
        ),
    )
    alert_webhook_url = Key(
        read=read.optional(read.url),
        default="",
        secret=True,
        help="Address that gets each alert as a JSON document by POST.\nEmpty: no webhook.",
    )
    alert_lang = Key(
        read=_language,
        default="en",
        article="zh",
        help="Language of the alerts: en or zh.",
    )
    alert_retry_seconds = Key(
        read=read.whole(10, 86400, " of seconds"),
        default="900",
        article="has none",
        help=(
            "How long the hosts try to deliver alerts that do not get through, in seconds.\n"
            "Then they give up, and inv verify says so."
        ),
    )

    maintenance_hours = Key(
        read=read.whole(1, 720, " of hours"),
        default="4",
        article="has none",
        help="After how many hours of inv maintenance.begin the hosts remind people of its end.",
    )

    @property
    def alert_channels(self) -> tuple[str, ...]:
        """Where alerts go."""
        addresses = {"dingtalk": self.alert_dingtalk_url, "webhook": self.alert_webhook_url}
        return tuple(channel for channel, address in addresses.items() if address)
