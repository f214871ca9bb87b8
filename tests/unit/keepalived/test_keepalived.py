"""keepalived.conf: what stands in it for each side."""

import re
from collections.abc import Callable

import pytest
from fake import captured_pair

from runbook.core.host_paths import SCRIPTS
from runbook.keepalived.configuration import configuration
from runbook.keepalived.version import Version
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings
from runbook.system.resources import OURS

ARTICLE = {
    "VRRP_VERSION": "2", "AUTH_PASS": "1111", "MASTER_PRIORITY": "150", "SLAVE_PRIORITY": "100", "ADVERT_INT": "1",
    "CHECK_INTERVAL": "10", "MASTER_INTERFACE": "host0", "SLAVE_INTERFACE": "host0",
}  # fmt: skip
NEWEST = (2, 3, 4)
EL7 = (1, 3, 5)


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return captured_pair(settings)


def lines(side: Side) -> list[str]:
    return [line.strip() for line in configuration(side.settings, side.node, side.interface, NEWEST).splitlines()]


def block(side: Side, head: str) -> list[str]:
    """The lines between a head and its closing brace."""
    text = re.search(
        rf"^ *{re.escape(head)} {{\n(.*?)^ *}}$",
        configuration(side.settings, side.node, side.interface, NEWEST),
        re.MULTILINE | re.DOTALL,
    )
    assert text, f"no {head} block"
    return [line.strip() for line in text[1].splitlines()]


def test_the_master_by_default(pair: Pair) -> None:
    found = lines(pair.master)
    for line in (
        "router_id MySQL-HA",
        "script_user root",
        "enable_script_security",
        f'script "{SCRIPTS}/mysql_check.sh"',
        f"interval {pair.settings.check_interval}",
        "timeout 10",
        f"fall {pair.settings.check_fall}",
        f"rise {pair.settings.check_rise}",
        "vrrp_instance VI_1 {",
        "state BACKUP",
        "nopreempt",
        "version 3",
        "interface host0",
        "virtual_router_id 51",
        f"priority {pair.settings.master.priority}",
        f"advert_int {pair.settings.advert_int}",
        "unicast_src_ip 192.168.152.128",
        "192.168.152.130/24 dev host0",
        f'notify_master "{SCRIPTS}/master.sh"',
        f'notify_backup "{SCRIPTS}/backup.sh"',
        f'notify_stop "{SCRIPTS}/stop.sh"',
    ):
        assert line in found, line
    assert block(pair.master, "unicast_peer")[-1] == "192.168.152.129 min_ttl 255 max_ttl 255"
    assert block(pair.master, "track_script") == ["check_run"]


# Since when keepalived knows each word that may stand there: its ChangeLog, which ends with 2.1.0, and then its release
# notes; of min_auto_priority_delay the first keepalived.conf(5) that has it. What is older than 1.3.0 is (1,).
WORDS: dict[str, Version] = {
    **dict.fromkeys(
        (
            "advert_int", "auth_pass", "auth_type", "authentication", "fall", "garp_master_refresh", "global_defs",
            "interface", "interval", "nopreempt", "notify_backup", "notify_fault", "notify_master", "notify_stop",
            "priority", "rise", "router_id", "script", "state", "timeout", "track_script", "unicast_peer",
            "unicast_src_ip", "version", "virtual_ipaddress", "virtual_router_id", "vrrp_instance", "vrrp_priority",
            "vrrp_check_unicast_src", "vrrp_script",
        ),
        (1,),
    ),
    "script_user": (1, 3, 0),
    "enable_script_security": (1, 3, 0),
    "max_auto_priority": (2, 1, 0),
    "vrrp_rlimit_rttime": (2, 1, 0),
    "min_auto_priority_delay": (2, 2, 7),
}  # fmt: skip
# Addresses and the name of the script that is tracked; the rest are words.
NO_WORDS = re.compile(r"#|}|$|check_run$|192\.")


@pytest.mark.parametrize("version", [EL7, (2, 0, 20), (2, 1, 5), (2, 2, 2), (2, 2, 7), (2, 2, 8), NEWEST])
@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_a_keepalived_is_told_all_the_words_that_it_knows_and_no_other(
    settings_of: Callable[..., Settings], keys: dict[str, str], version: Version
) -> None:
    pair = captured_pair(settings_of(**keys))
    said = {
        line.split()[0]
        for side in pair.sides.values()
        for line in configuration(side.settings, side.node, side.interface, version).splitlines()
        if not NO_WORDS.match(line.strip())
    }
    not_asked_for = {"authentication", "auth_type", "auth_pass"} if not keys else set()
    assert said == {word for word, since in WORDS.items() if since <= version} - not_asked_for


@pytest.mark.parametrize(("version", "ttl"), [(EL7, ""), ((2, 0, 20), ""), ((2, 1, 0), " min_ttl 255 max_ttl 255")])
def test_adverts_of_the_peer_alone_are_heard_and_where_it_can_be_said_none_that_was_routed(
    pair: Pair, version: Version, ttl: str
) -> None:
    for side in pair.sides.values():
        text = configuration(side.settings, side.node, side.interface, version)
        peer = side.settings.peer_of(side.role).address
        assert re.search(r"^global_defs {[^}]*^ *vrrp_check_unicast_src$", text, re.MULTILINE)
        assert re.search(rf"^ *unicast_peer {{[^}}]*^ *{re.escape(f'{peer}{ttl}')}\n *}}$", text, re.MULTILINE)


def test_the_slave_differs_in_what_makes_it_the_slave(pair: Pair) -> None:
    master, slave = lines(pair.master), lines(pair.slave)
    assert [line for line in master if line not in slave and not line.startswith("# ")] == [
        "nopreempt",
        "priority 250",
        "unicast_src_ip 192.168.152.128",
        "192.168.152.129 min_ttl 255 max_ttl 255",
        "garp_master_refresh 1",
    ]
    assert [line for line in slave if line not in master][1:] == [
        "priority 240",
        "unicast_src_ip 192.168.152.129",
        "192.168.152.128 min_ttl 255 max_ttl 255",
        "garp_master_refresh 15",
    ]


@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_both_start_as_backup_and_the_master_alone_never_preempts(
    settings_of: Callable[..., Settings], keys: dict[str, str]
) -> None:
    pair = captured_pair(settings_of(**keys))
    for side in pair.sides.values():
        assert lines(side).count("state BACKUP") == 1
        assert "state MASTER" not in lines(side)
        assert lines(side).count("nopreempt") == (1 if side.role == "master" else 0)


def test_the_articles_values_are_available(settings_of: Callable[..., Settings]) -> None:
    pair = captured_pair(settings_of(**ARTICLE))
    for side, priority in ((pair.master, 150), (pair.slave, 100)):
        found = lines(side)
        assert {"version 2", "advert_int 1", f"priority {priority}", "interval 10", "virtual_router_id 51"} <= set(
            found
        )
        assert block(side, "authentication") == ["auth_type PASS", "auth_pass 1111"]


def test_there_is_no_authentication_that_nobody_asked_for(pair: Pair) -> None:
    assert not any("auth" in line for line in lines(pair.master) + lines(pair.slave))


def test_the_check_has_no_weight_which_with_nopreempt_never_fails_over(pair: Pair) -> None:
    assert not any(line.startswith("weight") for line in lines(pair.master))


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"ROUTER_ID": "hive-db"}, "router_id hive-db"),
        ({"VIRTUAL_ROUTER_ID": "77"}, "virtual_router_id 77"),
        ({"VIP": "192.168.152.200/22"}, "192.168.152.200/22 dev host0"),
        ({"CHECK_TIMEOUT": "5"}, "timeout 17"),
        ({"CHECK_FALL": "3"}, "fall 3"),
        ({"CHECK_RISE": "4"}, "rise 4"),
        ({"ADVERT_INT": "0.05"}, "advert_int 0.05"),
    ],
)
def test_each_key_reaches_it(settings_of: Callable[..., Settings], keys: dict[str, str], line: str) -> None:
    assert line in lines(captured_pair(settings_of(**keys)).slave)


def test_every_brace_is_closed(settings_of: Callable[..., Settings]) -> None:
    side = captured_pair(settings_of(**ARTICLE)).master
    text = configuration(side.settings, side.node, side.interface, NEWEST)
    assert text.count("{") == text.count("}")
    assert OURS in text.splitlines()[0]
