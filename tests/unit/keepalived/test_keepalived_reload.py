"""keepalived.conf comes into force without moving the VIP: accepted before it is in place, and only ever reloaded."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, captured_pair, file_is, link_of
from local_link import stub

from runbook.core.host import ChangedInDryRun, CommandFailed, Host
from runbook.core.host_paths import SCRIPTS
from runbook.core.ssh import Ran
from runbook.core.step import Change, ensure
from runbook.errors import RunbookError
from runbook.keepalived import configuration as keepalived
from runbook.keepalived.configuration import (
    ACCEPTED,
    ACCEPTED_QUESTION,
    CONFIG,
    CONFIG_TEST,
    END_A_START_THAT_WAITS,
    UNIT,
    Configuration,
    ConfigurationRead,
    Keepalived,
    configuration,
)
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.system.resources import OURS, service_question

RELOAD = "systemctl reload keepalived"
START = "systemctl reset-failed keepalived 2>/dev/null; systemctl start keepalived"
NEWEST = (2, 3, 4)
CANDIDATE = f"{CONFIG}.candidate"
TEST_COMMAND = CONFIG_TEST.format(candidate=CANDIDATE)
ACTIVE_QUESTION, READ_QUESTION = ConfigurationRead.questions()
ACTIVE, INACTIVE = "ActiveState=active\n", "ActiveState=inactive\n"


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
            there(link, content)

    monkeypatch.setattr(Host, "put", put)
    link.says_where("cp -pL", "")
    link.says(ACTIVE_QUESTION, ACTIVE)
    link.takes(f"rm -f {CANDIDATE}")
    return link


def there(link: FakeLink, content: str | None) -> None:
    file_is(link, CONFIG, content, "600 root:root")


def step(pair: Pair) -> Configuration:
    return Configuration(
        CONFIG, configuration(pair.settings, pair.master.node, pair.master.interface, NEWEST), mode=0o600
    )


def test_a_configuration_that_is_there_is_left_alone(pair: Pair, link: FakeLink) -> None:
    there(link, configuration(pair.settings, pair.master.node, pair.master.interface, NEWEST))
    assert ensure(pair.master.host, step(pair)).status == "ok"


def test_a_new_file_is_accepted_by_keepalived_before_it_takes_its_place(pair: Pair, link: FakeLink) -> None:
    there(link, None)
    link.takes(TEST_COMMAND)
    link.takes(END_A_START_THAT_WAITS)
    assert ensure(pair.master.host, step(pair)).status == "changed"
    placed = [f"{CANDIDATE} 600", TEST_COMMAND, f"rm -f {CANDIDATE}", f"{CONFIG} 600"]
    assert link.changed == [*placed, END_A_START_THAT_WAITS]


def test_a_configuration_that_keepalived_refuses_never_takes_its_place(pair: Pair, link: FakeLink) -> None:
    there(link, "old\n")
    link.takes(TEST_COMMAND, answer=Ran(4, "", "(VI_1) Unknown keyword 'nopremt'"))
    with pytest.raises(CommandFailed, match="Unknown keyword 'nopremt'"):
        ensure(pair.master.host, step(pair))
    assert link.changed == [f"{CANDIDATE} 600", TEST_COMMAND, f"rm -f {CANDIDATE}"]


def test_it_is_not_started_by_a_configuration_that_it_refuses(pair: Pair, link: FakeLink) -> None:
    link.says(service_question(UNIT), "inactive enabled\n")
    link.says(ACCEPTED_QUESTION, "(Line 6) Unknown keyword 'vrrp_check_unicast_s'\n")
    with pytest.raises(RunbookError, match=r"keyword 'vrrp_check_unicast_s'\n.* inv install-keepalived"):
        ensure(pair.master.host, Keepalived(UNIT))
    assert link.changed == []


def test_it_is_started_by_one_that_it_accepts(pair: Pair, link: FakeLink) -> None:
    link.says(service_question(UNIT), "inactive enabled\n")
    link.says(ACCEPTED_QUESTION, f"{ACCEPTED}\n")
    link.takes(START, lambda: link.says(service_question(UNIT), "active enabled\n"))
    assert ensure(pair.master.host, Keepalived(UNIT)).status == "changed"


def test_a_daemon_that_has_read_it_is_left_alone(pair: Pair, link: FakeLink) -> None:
    link.says(READ_QUESTION, "yes\n")
    assert ensure(pair.master.host, ConfigurationRead()).status == "ok"


def test_one_that_does_not_run_has_nothing_to_read(pair: Pair, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, INACTIVE)
    link.says(READ_QUESTION, "no\n")
    assert ensure(pair.master.host, ConfigurationRead()).status == "ok"


def test_a_daemon_that_has_not_read_it_is_reloaded_and_never_restarted(pair: Pair, link: FakeLink) -> None:
    link.says(READ_QUESTION, "no\n")
    link.takes(RELOAD, lambda: link.says(READ_QUESTION, "yes\n"))
    outcome = ensure(pair.master.host, ConfigurationRead())
    assert outcome.gap == [Change("in force", "no", "yes")]
    assert link.changed == [RELOAD]


def test_nothing_is_written_or_reloaded_in_a_dry_run(settings: Settings) -> None:
    pair = captured_pair(settings, dry=True)
    link = link_of(pair.master)
    there(link, "old\n")
    link.says(ACTIVE_QUESTION, ACTIVE)
    link.says(READ_QUESTION, "no\n")
    for each in (step(pair), ConfigurationRead()):
        assert ensure(pair.master.host, each).status == "would change"
        with pytest.raises(ChangedInDryRun):
            each.fix(pair.master.host, [Change("content", "old", "new")])
    assert link.changed == []


# ---- keepalived's own test, and what it has read, by a real shell ----


def test_what_it_says_of_a_configuration_that_it_refuses(commands: Callable[..., LocalLink]) -> None:
    refuses = "[ $1 = --help ] && { echo ' --config-test'; exit 0; }; echo one >&2; echo two >&2; exit 4"
    assert commands(keepalived=refuses).run(ACCEPTED_QUESTION, timeout=5).out == "one\n"
    assert (
        commands(keepalived=refuses.replace("exit 4", "exit 0")).run(ACCEPTED_QUESTION, timeout=5).out
        == f"{ACCEPTED}\n"
    )


@pytest.mark.parametrize(("state", "ended"), [("activating", True), ("active", False), ("inactive", False)])
def test_a_start_that_waits_by_what_it_could_not_read_is_ended(
    commands: Callable[..., LocalLink], tmp_path: Path, state: str, ended: bool
) -> None:
    link = commands(systemctl=f"[ $1 = is-active ] && {{ echo {state}; exit; }}; echo $* >> {tmp_path}/told")
    assert link.run(END_A_START_THAT_WAITS, timeout=5).code == 0
    assert (tmp_path / "told").exists() == ended


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
    commands: Callable[..., LocalLink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, loaded = tmp_path / "keepalived.conf", tmp_path / "loaded"
    for name, path in {"CONFIG": config, "KEEPALIVED_LOADED": loaded, "SCRIPTS": tmp_path}.items():
        monkeypatch.setattr(keepalived, name, str(path))
    link = commands()

    def read() -> str:
        _, question = ConfigurationRead.questions()
        return link.run(question, timeout=5).out.strip()

    config.write_text("one\n")
    assert read() == "yes", "without the scripts it must not read it yet"
    (tmp_path / "master.sh").write_text("# the article's\n")
    assert read() == "yes", "nor with another's scripts"
    (tmp_path / "master.sh").write_text(f"# {OURS}.\n")
    assert read() == "no"
    link.run(f"sha256sum < {config} > {loaded}", timeout=5)
    assert read() == "yes"
    config.write_text("two\n")
    assert read() == "no"
