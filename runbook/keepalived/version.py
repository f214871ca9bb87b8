"""Which keepalived a host has, and which ones can keep this pair.

Source of the versions named here: keepalived's changelog and its keepalived.conf(5).
"""

import re
from collections.abc import Mapping

from runbook.core.host import Host

Version = tuple[int, ...]

VERSION_QUESTION = "PATH=$PATH:/usr/sbin:/sbin keepalived --version 2>&1 | sed -n 's/^Keepalived v//p'"

# script_user and enable_script_security; without them scripts run as whoever owns them, or not at all.
OLDEST: Version = (1, 3, 0)
# Takes a script's arguments for a part of its file name, and runs none that has any (its issue 653).
WITHOUT_ARGUMENTS: Version = (1, 3, 6)
# The checksum of a VRRP 3 advert to one peer was another until then.
LAST_OLD_CHECKSUM: Version = (1, 3, 6)
# Their VRRP 3 adverts to one peer have a checksum of the wrong data; 2.0.5 mended it.
WRONG_CHECKSUM: tuple[Version, Version] = ((2, 0, 0), (2, 0, 5))
# max_auto_priority: the release notes of 2.1.0 name it, and the limit on CPU time that comes with it; the source calls
# that vrrp_rlimit_rttime since February 2020. min_auto_priority_delay, without which it waits for a second: documented
# in 2.2.7's keepalived.conf(5).
AUTO_PRIORITY: Version = (2, 1, 0)
AUTO_PRIORITY_DELAY: Version = (2, 2, 7)
# min_ttl and max_ttl of a peer: the release notes of 2.1.0. Older ones have vrrp_check_unicast_src (global_parser.c).
TTL_OF_PEERS: Version = (2, 1, 0)


def parsed(text: str) -> Version | None:
    """The version in `2.3.4 (06/10,2025)` or in a package's `1:2.2.7-1+b2`; None when there is none."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)+)", text.strip())
    return tuple(map(int, found[1].split("."))) if found else None


def installed(host: Host) -> Version | None:
    """The version of the host's keepalived, or None while it has none."""
    return host.read(VERSION_QUESTION, parsed)


def unfit(version: Version) -> str | None:
    """Why this keepalived cannot keep a pair, with the way out, or None."""
    if version < OLDEST:
        return f"keepalived {dotted(version)} is too old: {dotted(OLDEST)} is the first with script_user; upgrade it"
    if version == WITHOUT_ARGUMENTS:
        return f"keepalived {dotted(version)} does not run scripts that have arguments; install another version"
    return None


def reasons_against(versions: Mapping[str, Version], vrrp_version: int) -> list[str]:
    """Why the keepalived of a host, or both together, cannot keep the pair; by the hosts' names."""
    reasons = [f"{host}: {reason}" for host, version in versions.items() if (reason := unfit(version))]
    first, mended = WRONG_CHECKSUM
    reasons += [
        f"{host}: keepalived {dotted(version)} sends VRRP 3 that nobody accepts (its checksum is wrong before "
        f"{dotted(mended)}): upgrade it, or set VRRP_VERSION=2 and ADVERT_INT=1"
        for host, version in versions.items()
        if vrrp_version == 3 and first <= version < mended
    ]
    if vrrp_version == 3 and len({version > LAST_OLD_CHECKSUM for version in versions.values()}) > 1:
        told = " and ".join(f"{dotted(version)} on {host}" for host, version in versions.items())
        reasons.append(
            f"keepalived {told} do not understand each other's VRRP 3 (its checksum changed after 1.3.6): "
            "install the same version on both, or set VRRP_VERSION=2 and ADVERT_INT=1"
        )
    return reasons


def dotted(version: Version) -> str:
    """As people write it."""
    return ".".join(map(str, version))
