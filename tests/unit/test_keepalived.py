"""keepalived.conf: what stands in it for each side, and how it comes into force without moving the VIP."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, captured_json, link_of, pair_of

from runbook import keepalived
from runbook.host import ChangedInDryRun, CommandFailed, Host
from runbook.keepalived import CONFIG, CONFIG_TEST, SCRIPTS, Configuration, configuration
from runbook.keepalived_version import Version
from runbook.pair import Pair, Side
from runbook.settings import Settings
from runbook.ssh import Ran
from runbook.step import Change, ensure
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.resources import OURS
from runbook.system.server_names import UNITS_QUESTION

ARTICLE = {
    "VRRP_VERSION": "2", "AUTH_PASS": "1111", "MASTER_PRIORITY": "150", "SLAVE_PRIORITY": "100", "ADVERT_INT": "1",
    "CHECK_INTERVAL": "10", "MASTER_INTERFACE": "host0", "SLAVE_INTERFACE": "host0",
}  # fmt: skip
RELOAD = "if systemctl is-active -q keepalived; then systemctl reload keepalived; fi"
NEWEST = (2, 3, 4)
EL7 = (1, 3, 5)
CANDIDATE = f"{CONFIG}.candidate"


def sides(settings: Settings, *, dry: bool = False) -> Pair:
    pair = pair_of(settings, dry=dry)
    for side in pair.sides.values():
        said = captured_json(f"preflight_{side.role}.json")
        link_of(side).says(ADDRESSES_QUESTION, said["addresses"])
        link_of(side).says_where("/etc/os-release", said["os"])
        link_of(side).says(UNITS_QUESTION, said["units"])
    return pair


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return sides(settings)


def lines(side: Side) -> list[str]:
    return [line.strip() for line in configuration(side, NEWEST).splitlines()]


def block(side: Side, head: str) -> list[str]:
    """The lines between a head and its closing brace."""
    text = re.search(rf"^ *{re.escape(head)} {{\n(.*?)^ *}}$", configuration(side, NEWEST), re.MULTILINE | re.DOTALL)
    assert text, f"no {head} block"
    return [line.strip() for line in text[1].splitlines()]


# ---- what stands in it ----


def test_the_master_by_default(pair: Pair) -> None:
    found = lines(pair.master)
    for line in (
        "router_id MySQL-HA",
        "script_user root",
        "enable_script_security",
        f'script "{SCRIPTS}/mysql_check.sh"',
        f"interval {pair.settings.check_interval}",
        f"timeout {pair.settings.check_timeout}",
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
    assert block(pair.master, "unicast_peer") == ["192.168.152.129"]
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
            "vrrp_script",
        ),
        (1,),
    ),
    "script_user": (1, 3, 0),
    "enable_script_security": (1, 3, 0),
    "max_auto_priority": (2, 1, 0),
    "min_auto_priority_delay": (2, 2, 7),
}  # fmt: skip
# Addresses and the name of the script that is tracked; the rest are words.
NO_WORDS = re.compile(r"#|}|$|check_run$|192\.")


@pytest.mark.parametrize("version", [EL7, (2, 0, 20), (2, 1, 5), (2, 2, 2), (2, 2, 7), (2, 2, 8), NEWEST])
@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_a_keepalived_is_told_all_the_words_that_it_knows_and_no_other(
    settings_of: Callable[..., Settings], keys: dict[str, str], version: Version
) -> None:
    pair = sides(settings_of(**keys))
    said = {
        line.split()[0]
        for side in pair.sides.values()
        for line in configuration(side, version).splitlines()
        if not NO_WORDS.match(line.strip())
    }
    not_asked_for = {"authentication", "auth_type", "auth_pass"} if not keys else set()
    assert said == {word for word, since in WORDS.items() if since <= version} - not_asked_for


def test_the_slave_differs_in_what_makes_it_the_slave(pair: Pair) -> None:
    master, slave = lines(pair.master), lines(pair.slave)
    assert [line for line in master if line not in slave and not line.startswith("# ")] == [
        "nopreempt",
        "priority 250",
        "unicast_src_ip 192.168.152.128",
        "192.168.152.129",
        "garp_master_refresh 5",
    ]
    assert [line for line in slave if line not in master][1:] == [
        "priority 240",
        "unicast_src_ip 192.168.152.129",
        "192.168.152.128",
    ]


@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_both_start_as_backup_and_the_master_alone_never_preempts(
    settings_of: Callable[..., Settings], keys: dict[str, str]
) -> None:
    pair = sides(settings_of(**keys))
    for side in pair.sides.values():
        assert lines(side).count("state BACKUP") == 1
        assert "state MASTER" not in lines(side)
        assert lines(side).count("nopreempt") == (1 if side.role == "master" else 0)


def test_the_articles_values_are_available(settings_of: Callable[..., Settings]) -> None:
    pair = sides(settings_of(**ARTICLE))
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
        ({"CHECK_TIMEOUT": "5"}, "timeout 5"),
        ({"CHECK_FALL": "3"}, "fall 3"),
        ({"CHECK_RISE": "4"}, "rise 4"),
        ({"ADVERT_INT": "0.05"}, "advert_int 0.05"),
    ],
)
def test_each_key_reaches_it(settings_of: Callable[..., Settings], keys: dict[str, str], line: str) -> None:
    assert line in lines(sides(settings_of(**keys)).slave)


def test_every_brace_is_closed(settings_of: Callable[..., Settings]) -> None:
    text = configuration(sides(settings_of(**ARTICLE)).master, NEWEST)
    assert text.count("{") == text.count("}")
    assert OURS in text.splitlines()[0]


# ---- how it comes into force ----


@pytest.fixture
def link(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    """The master; what is put there is kept in `changed` by its path."""
    link = link_of(pair.master)

    def put(host: Host, path: str, content: str, *, mode: int, **_: object) -> None:
        host.changing(path)
        link.changed.append(f"{path} {mode:o}")
        if path == CONFIG:
            there(link, content, "not read")

    monkeypatch.setattr(Host, "put", put)
    link.says_where("cp -pL", "")
    link.takes(f"rm -f {CANDIDATE}")
    link.takes(RELOAD, lambda: link.says(running_question(), "read\n"))
    return link


def running_question() -> str:
    *_, question = Configuration(CONFIG, "").questions()
    return question


def there(link: FakeLink, content: str | None, running: str) -> None:
    question, _ = Configuration(CONFIG, "").questions()
    text = "" if content is None else "600 root:root\n" + base64.b64encode(content.encode()).decode()
    link.says(question, text)
    link.says(running_question(), f"{running}\n")


def step(pair: Pair) -> Configuration:
    return Configuration(CONFIG, configuration(pair.master, NEWEST), mode=0o600)


TEST_COMMAND = CONFIG_TEST.format(candidate=CANDIDATE)


def test_a_configuration_that_is_there_and_in_force_is_left_alone(pair: Pair, link: FakeLink) -> None:
    there(link, configuration(pair.master, NEWEST), "read")
    assert ensure(pair.master.host, step(pair)).status == "ok"


def test_a_keepalived_that_does_not_run_needs_no_reload(pair: Pair, link: FakeLink) -> None:
    there(link, configuration(pair.master, NEWEST), "not running")
    assert ensure(pair.master.host, step(pair)).status == "ok"


def test_the_right_file_that_the_daemon_has_not_read_takes_a_reload_only(pair: Pair, link: FakeLink) -> None:
    there(link, configuration(pair.master, NEWEST), "not read")
    outcome = ensure(pair.master.host, step(pair))
    assert outcome.gap == [Change("in force", "no", "yes")]
    assert link.changed == [RELOAD]


def test_a_new_file_is_accepted_by_keepalived_before_it_takes_its_place(pair: Pair, link: FakeLink) -> None:
    there(link, None, "not running")
    link.takes(TEST_COMMAND)
    assert ensure(pair.master.host, step(pair)).status == "changed"
    assert link.changed == [f"{CANDIDATE} 600", TEST_COMMAND, f"rm -f {CANDIDATE}", f"{CONFIG} 600", RELOAD]


def test_the_daemon_is_reloaded_and_never_restarted(pair: Pair, link: FakeLink) -> None:
    there(link, "old\n", "read")
    link.takes(TEST_COMMAND)
    assert ensure(pair.master.host, step(pair)).status == "changed"
    assert link.changed[-1] == RELOAD
    assert not any("restart" in command for command in link.changed)


def test_a_configuration_that_keepalived_refuses_never_takes_its_place(pair: Pair, link: FakeLink) -> None:
    there(link, "old\n", "read")
    link.takes(TEST_COMMAND, answer=Ran(4, "", "(VI_1) Unknown keyword 'nopremt'"))
    with pytest.raises(CommandFailed, match="Unknown keyword 'nopremt'"):
        ensure(pair.master.host, step(pair))
    assert link.changed == [f"{CANDIDATE} 600", TEST_COMMAND, f"rm -f {CANDIDATE}"]


def test_nothing_is_written_or_reloaded_in_a_dry_run(settings: Settings) -> None:
    pair = sides(settings, dry=True)
    link = link_of(pair.master)
    there(link, "old\n", "not read")
    assert ensure(pair.master.host, step(pair)).status == "would change"
    for fact in ("content", "in force"):
        with pytest.raises(ChangedInDryRun):
            step(pair).fix(pair.master.host, [Change(fact, "old", "new")])
    assert link.changed == []


# ---- keepalived's own test, and what it has read, by a real shell ----


@pytest.fixture
def commands(tmp_path: Path) -> Callable[..., LocalLink]:
    """A host whose keepalived and systemctl are these scripts."""

    def make(**scripts: str) -> LocalLink:
        for name, script in scripts.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        return LocalLink(tmp_path)

    return make


KNOWS_THE_TEST = "[ $1 = --help ] && { echo '  -t, --config-test[=LOG_FILE]' >&2; exit 0; }; exit "


@pytest.mark.parametrize(
    ("script", "scripts_there", "accepted"),
    [
        (KNOWS_THE_TEST + "0", True, True),
        (KNOWS_THE_TEST + "4", True, False),
        (KNOWS_THE_TEST + "5", False, True),
        (KNOWS_THE_TEST + "5", True, False),
        ("[ $1 = --help ] || exit 9", True, True),
    ],
    ids=["accepted", "refused", "scripts still to come", "scripts not safe", "a keepalived before 2.0.5"],
)
def test_what_keepalived_says_of_a_candidate(
    settings: Settings,
    commands: Callable[..., LocalLink],
    tmp_path: Path,
    script: str,
    scripts_there: bool,
    accepted: bool,
) -> None:
    if scripts_there:
        (tmp_path / "mysql_check.sh").touch()
    command = CONFIG_TEST.format(candidate="/nosuch").replace(SCRIPTS, str(tmp_path))
    ran = commands(keepalived=script).run(command, timeout=5)
    assert (ran.code == 0) is accepted


def test_whether_the_daemon_has_read_what_is_there(
    settings: Settings, commands: Callable[..., LocalLink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, loaded = tmp_path / "keepalived.conf", tmp_path / "loaded"
    monkeypatch.setattr(keepalived, "CONFIG", str(config))
    monkeypatch.setattr(keepalived, "LOADED", str(loaded))
    config.write_text("one\n")
    link = commands(systemctl="[ -e $(dirname $0)/active ]")
    assert link.run(running_question(), timeout=5).out == "not running\n"
    (tmp_path / "active").touch()
    assert link.run(running_question(), timeout=5).out == "not read\n"
    link.run(f"sha256sum < {config} > {loaded}", timeout=5)
    assert link.run(running_question(), timeout=5).out == "read\n"
    config.write_text("two\n")
    assert link.run(running_question(), timeout=5).out == "not read\n"
