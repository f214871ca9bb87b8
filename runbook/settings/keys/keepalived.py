"""keepalived's VRRP: who holds the VIP, and how soon the other takes it."""

from decimal import Decimal

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule

_router = read.whole(1, 255)  # RFC 5798 5.2.3
_priority = read.whole(1, 254)  # RFC 5798 5.2.4: 0 and 255 have meanings of their own


def _advert_does_not_fit(advert: Decimal, version: int) -> bool:
    """RFC 5798 5.2.7: 12 bits of centiseconds; RFC 3768 5.3.7: 8 bits of seconds."""
    if version == 3:
        return advert > Decimal("40.95") or advert * 100 % 1 != 0
    return advert > 255 or advert % 1 != 0


class Keepalived(KeyTable):
    """keepalived (step 6)"""

    router_id = Key(
        read=read.word(r"[A-Za-z0-9_.-]{1,64}", "up to 64 letters, digits and _ . -"),
        default="MySQL-HA",
        article="MySQL-HA",
        help="Name of this pair in keepalived's messages.",
    )
    virtual_router_id = Key(
        read=_router,
        default="51",
        article="51",
        help="VRRP router number, 1 to 255; no other pair in the same network may have it.",
    )
    vrrp_version = Key(
        read=read.whole(2, 3),
        default="3",
        article="2",
        help="VRRP 2 or 3.\n3 takes over in under a second; 2 is for keepalived before 1.2.17.",
    )
    auth_pass = Key(
        read=read.optional(read.auth_pass),
        default="",
        article="1111",
        secret=True,
        help=(
            "keepalived's password, with VRRP 2 only, at most 8 characters.\n"
            "It goes over the network in clear and keeps nobody out. Empty: none."
        ),
        rules=(
            Rule(
                lambda auth, version: auth is not None and version == 3,
                "VRRP 3 has no authentication; delete the line, or set VRRP_VERSION=2",
                beside=("VRRP_VERSION",),
            ),
        ),
    )
    master_priority = Key(
        read=_priority,
        default="250",
        article="150",
        help="VRRP priority of the master, above the slave's and at most 254.",
        rules=(
            Rule(
                lambda master, slave: master <= slave,
                "not above SLAVE_PRIORITY, so the slave could take the VIP from a healthy master; raise it",
                beside=("SLAVE_PRIORITY",),
            ),
        ),
    )
    slave_priority = Key(
        read=_priority,
        default="240",
        article="100",
        help=(
            "VRRP priority of the slave, below the master's.\n"
            "A takeover waits (256 - this)/256 of ADVERT_INT longer, so a low one costs time."
        ),
    )
    advert_int = Key(
        read=read.seconds,
        default="0.15",
        article="1",
        help=(
            "Seconds between two VRRP adverts; three missing ones start a takeover.\n"
            "VRRP 3: 0.01 to 40.95 in steps of 0.01. VRRP 2: whole seconds, 1 to 255."
        ),
        rules=(
            Rule(
                _advert_does_not_fit,
                "VRRP 3 takes 0.01 to 40.95 by 0.01, VRRP 2 whole seconds to 255; fit it to VRRP_VERSION",
                beside=("VRRP_VERSION",),
            ),
        ),
    )
