"""keepalived.conf comes into force without moving the VIP: accepted before it is in place, and only ever reloaded."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, captured_pair, link_of
from local_link import stub

from runbook import keepalived
from runbook.host import ChangedInDryRun, CommandFailed, Host
from runbook.keepalived import CONFIG, CONFIG_TEST, SCRIPTS, Configuration, configuration
from runbook.pair import Pair
from runbook.settings import Settings
from runbook.ssh import Ran
from runbook.step import Change, ensure

RELOAD = "if systemctl is-active -q keepalived; then systemctl reload keepalived; fi"
NEWEST = (2, 3, 4)
CANDIDATE = f"{CONFIG}.candidate"
TEST_COMMAND = CONFIG_TEST.format(candidate=CANDIDATE)


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return captured_pair(settings)


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
    pair = captured_pair(settings, dry=True)
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
            stub(tmp_path, name, script)
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
