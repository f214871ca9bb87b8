"""What the unit tests share: settings from a hosts.env of their own, and a PyMySQL that reaches fake servers only."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alert_host import KEYS, AlertHost, SenderOn
from drill_results import FAILED_OVER, HEALTHY
from fake import FakeConnection, FakeLink, host_of, pair_of, tell_preflight
from hosts_env_text import lines, write
from rich.console import Console
from station import Make, Station

from runbook.alerts import deployment as alerts
from runbook.core.host import Host
from runbook.core.report import Report
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.drill.frame import safeguards
from runbook.mysql.optionfile import client_section
from runbook.mysql.tls.known_server import known_by
from runbook.observe import client
from runbook.pair.pair import Pair
from runbook.pair.roles import FIRST_EPOCH, made_now
from runbook.pair.side import Side
from runbook.settings.load import load
from runbook.settings.settings import Role, Settings
from runbook.steps.deploy_scripts import script_configuration
from runbook.system import debian

# The scripts' password in the tests: everything that a shell, an option file or a log could stumble over.
HARD_PASSWORD = 'it\'s "a" $hard\\one `x` #密'


@pytest.fixture(autouse=True)
def no_units_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script of an install that runs here for a test finds no folder for systemd's units but the test's own."""
    units = tmp_path / "run-systemd-system"
    monkeypatch.setattr(debian, "RUNTIME_UNITS", str(units))
    return units


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's home, empty."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def settings_of(own_home: Path) -> Callable[..., Settings]:
    """Settings of a hosts.env with these keys, beside the addresses and passwords of every test."""

    def make(**keys: str | None) -> Settings:
        return load(write(own_home, lines(**keys)))

    return make


@pytest.fixture(scope="session")
def usual_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a hosts.env with what it must have; they are frozen, and nobody may leave anything beside it."""
    path = write(tmp_path_factory.mktemp("home"), lines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(path.parent))
        settings = load(path)
    yield settings
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture
def settings(usual_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same for every test: read for each of them, they took a tenth of all tests' time."""
    monkeypatch.setenv("HOME", str(usual_settings.source.parent))
    return usual_settings


@pytest.fixture
def link() -> FakeLink:
    """A host's connection that knows nothing yet."""
    return FakeLink()


@pytest.fixture
def host(settings: Settings, link: FakeLink) -> Host:
    """The master at the end of `link`."""
    return host_of(settings, link)


@pytest.fixture
def dry_host(settings: Settings, link: FakeLink) -> Host:
    """The same, which cannot be changed."""
    return host_of(settings, link, dry=True)


@pytest.fixture
def pair(settings: Settings) -> Pair:
    """Two hosts that know nothing yet."""
    return pair_of(settings)


@pytest.fixture
def master(pair: Pair) -> Side:
    """The master of `pair`."""
    return pair.master


@pytest.fixture
def fake_mysql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins go to the servers that a FakeLink has."""
    monkeypatch.setattr("runbook.mysql.login.Wire", FakeConnection)


@pytest.fixture
def scripts_on(settings_of: Callable[..., Settings], tmp_path: Path) -> Iterator[Make]:
    """Makes a host of a role with or without the VIP; in the end none was asked anything it does not know."""
    settings = settings_of(CHECK_PASSWORD="'" + HARD_PASSWORD.replace("\\", "\\\\").replace("'", "\\'") + "'")
    pair = pair_of(settings)
    made: list[Station] = []

    def make(role: Role, *, vip: bool, closed: bool = True) -> Station:
        side = pair.sides[role]
        tell_preflight(side)
        options = client_section(settings.check_user, settings.check_password)
        account, known = (settings.probe_user, settings.probe_password), known_by(side.dialect, side.peer)
        peer = client_section(*account, str(side.peer.address), settings.mysql_port, known)
        station = Station(tmp_path / f"{role}{len(made)}", script_configuration(side), options, peer)
        station.vip = vip
        station.closed = closed
        station.keep("role", replace(made_now(FIRST_EPOCH, "bootstrap"), role=role).text())
        made.append(station)
        return station

    yield make
    for station in made:
        assert station.read("unknown") == ""
        for password in ("hard", settings.probe_password.reveal()):
            assert password not in station.read("argv"), "a password was an argument"
            assert password not in station.read("log"), "a password was logged"


@pytest.fixture
def sender_on(scripts_on: Make, settings_of: Callable[..., Settings]) -> SenderOn:
    """Makes a host of a role whose alerts go to every channel but for these keys; the slave has the VIP."""

    def make(role: Role, **keys: str | None) -> AlertHost:
        settings = settings_of(**{name: f"'{value}'" for name, value in (KEYS | keys).items() if value is not None})
        side = pair_of(settings).sides[role]
        tell_preflight(side)
        return AlertHost(scripts_on(role, vip=role == "slave"), settings, alerts.configuration(side).content)

    return make


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """A report on a wide screen that `capsys` reads."""
    return Report(str, console=Console(width=200, soft_wrap=True, highlight=False))


@pytest.fixture
def facts(settings: Settings, fake_mysql: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, SideFacts]:
    """A healthy pair; a test changes it before the drill looks."""
    found = {
        role: SideFacts(
            role,
            str(settings.node(role).address),
            mysqld="active",
            keepalived="active",
            holds_vip=role == "master",
            super_read_only=role == "slave",
            semi_sync=True,
        )
        for role in ("master", "slave")
    }

    def gather(_: Pair) -> Facts:
        return found

    monkeypatch.setattr(safeguards, "gather", gather)
    monkeypatch.setattr(safeguards, "diagnose", lambda facts: FAILED_OVER if facts["slave"].holds_vip else HEALTHY)
    monkeypatch.setattr(client, "through_vip", lambda settings: lambda: pytest.fail("a client was started"))
    return found
