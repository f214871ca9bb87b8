"""Before anything changes: every reason against these hosts, all at once."""

from collections.abc import Callable

import pytest
from case_files import Case, cases
from fake import captured_json, link_of, pair_of

from runbook.core.host import WHO_QUESTION
from runbook.core.ssh import Ran
from runbook.errors import BadInput
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.operations import preflight
from runbook.operations.preflight import CLOCK_QUESTION, LEAST_FREE_MIB, clock_difference, examine
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings
from runbook.system import debian
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

QUESTIONS = {
    "who": WHO_QUESTION,
    "manager": preflight.MANAGER_QUESTION,
    "machine": preflight.MACHINE_QUESTION,
    "space": preflight.SPACE_QUESTION,
    "addresses": ADDRESSES_QUESTION,
    "os": OS_QUESTION,
    "units": UNITS_QUESTION,
    "program": PROGRAM_QUESTION,
    "keepalived": VERSION_QUESTION,
}
KNOCK = "/dev/udp/"


def says(side: Side, **answers: str | Ran) -> None:
    for name, answer in answers.items():
        link_of(side).says(QUESTIONS[name], answer)


def without_vip(addresses: str) -> str:
    return "".join(line for line in addresses.splitlines(True) if "192.168.152.130" not in line)


@pytest.fixture
def pair(settings: Settings) -> Pair:
    """A pair as it was captured, before keepalived gave the master the VIP."""
    pair = pair_of(settings, dry=True)
    for side in pair.sides.values():
        said = captured_json(f"preflight_{side.role}.json")
        says(side, **said, keepalived="")
        says(side, addresses=without_vip(said["addresses"]))
    link_of(pair.master).says_where(KNOCK, "FAILED\n")
    link_of(pair.master).says(preflight.MAC_QUESTION, "00:00:00:00:00:00\n02:42:ac:11:00:0A\n")
    link_of(pair.slave).says(preflight.MAC_QUESTION, "00:00:00:00:00:00\n02:42:ac:11:00:0b\n")
    return pair


def complaint(pair: Pair) -> str:
    with pytest.raises(BadInput) as caught:
        examine(pair)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_good_pair_passes_and_the_questions_share_a_round_trip(pair: Pair) -> None:
    examine(pair)
    for side in pair.sides.values():
        (together,) = (call for call in link_of(side).calls if preflight.SPACE_QUESTION.split("|")[0] in call)
        assert all(question in together for question in ("/etc/machine-id", ADDRESSES_QUESTION, "/etc/os-release"))


def test_what_was_learnt_is_known_afterwards_without_asking(pair: Pair) -> None:
    examine(pair)
    calls = len(link_of(pair.slave).calls)
    assert pair.slave.interface == "host0"
    assert str(pair.slave.network) == "192.168.152.0/24"
    assert pair.slave.names.unit == "mysql"
    assert len(link_of(pair.slave).calls) == calls


def test_who_is_not_root_is_told_how_to_become_it(pair: Pair) -> None:
    says(pair.master, who="1000\n")
    says(pair.slave, who=Ran(1, "", "sudo: a password is required\n"))
    told = complaint(pair)
    assert "master 192.168.152.128: no root here: 1000" in told
    assert "slave 192.168.152.129: no root here: sudo: a password is required" in told
    says(
        pair.slave, who=Ran(1, "", "Sorry, user ops is not allowed to execute '/usr/bin/sh -c LC_ALL=C ...' as root\n")
    )
    assert "no root here: Sorry, user ops is not allowed" in complaint(pair)
    assert "NOPASSWD" in told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("LC_ALL=C: Command not found.", "the login shell is none that reads sh's commands"),
        ("Bad : modifier in $ '/'.\nUnmatched '''.", "the login shell is none that reads sh's commands"),
        ("fish: Unsupported use of '='. In fish, please use 'set LC_ALL C'.", "the login shell is none that reads"),
        ("Password change required but no TTY available.", "the account's password has expired"),
        ("WARNING: Your password has expired.\nPassword change required.", "the account's password has expired"),
        ("sudo: Account or password is expired, reset your password", "the account's password has expired"),
    ],
    ids=["tcsh", "tcsh, by sudo", "fish", "sshd", "PAM", "sudo"],
)
def test_what_keeps_every_command_from_running_is_called_that(pair: Pair, said: str, told: str) -> None:
    says(pair.master, who=Ran(1, "", f"{said}\n"))
    assert f"master 192.168.152.128: {told}" in complaint(pair)


def test_a_login_shell_that_prints_something_is_told_to_be_silent(pair: Pair) -> None:
    says(pair.master, who="Welcome\nto our hosts\n0\n")
    told = complaint(pair)
    assert "master 192.168.152.128: the login shell prints 'Welcome to our hosts'" in told
    assert "~/.bashrc" in told


@pytest.mark.parametrize("role", ["master", "slave"])
@cases("preflight")
def test_each_reason_names_its_host(pair: Pair, role: str, case: Case) -> None:
    side = pair.sides[role]  # type: ignore[index]
    says(side, **{name: answer.replace("{ADDRESS}", str(side.node.address)) for name, answer in case.said.items()})
    told = complaint(pair)
    assert case.means.replace("{LEAST_FREE_MIB}", str(LEAST_FREE_MIB)) in told
    assert str(side.host) in told


def test_two_engines_are_no_pair(pair: Pair) -> None:
    says(pair.slave, units=captured_json("units.json")["mariadb"])
    told = complaint(pair)
    assert "the master has or would get mysql, the slave mariadb" in told
    assert "ENGINE" in told


def test_two_series_are_no_pair(pair: Pair) -> None:
    says(pair.slave, program="mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)\n")
    told = complaint(pair)
    assert "the master has or would get MySQL 9.7, the slave 8.0" in told
    assert "MYSQL_VERSION" in told


def test_two_releases_of_one_series_are_a_pair(pair: Pair) -> None:
    says(pair.slave, program="mysqld  Ver 9.7.1 for Linux on x86_64 (MySQL Community Server - GPL)\n")
    examine(pair)


def test_a_blank_host_beside_another_series_than_its_sources_have_is_told_of(pair: Pair) -> None:
    says(pair.slave, program="", units=captured_json("units.json")["blank"])
    for names in debian.SERVERS:
        for package in names.packages:
            offer = "8.0.44-0ubuntu0.22.04.1\n" if package == "mysql-server" else ""
            link_of(pair.slave).says(debian.candidate_question(package), offer)
    assert "the slave 8.0" in complaint(pair)


def test_a_blank_host_whose_server_is_not_known_yet_is_no_reason(pair: Pair) -> None:
    says(pair.slave, program="", units=captured_json("units.json")["blank"])
    for names in debian.SERVERS:
        for package in names.packages:
            link_of(pair.slave).says(debian.candidate_question(package), "")
    examine(pair)


def test_a_server_that_is_too_old_is_a_reason_by_its_host(pair: Pair) -> None:
    says(pair.slave, program="mysqld  Ver 5.5.68-MariaDB for Linux on x86_64 (MariaDB Server)\n")
    assert "slave 192.168.152.129: the server is MariaDB 5.5.68-MariaDB" in complaint(pair)


def test_a_wrong_interface_is_a_reason(settings_of: Callable[..., Settings]) -> None:
    pair = pair_of(settings_of(SLAVE_INTERFACE="ens33"), dry=True)
    for side in pair.sides.values():
        says(side, **captured_json(f"preflight_{side.role}.json"), keepalived="")
    assert "SLAVE_INTERFACE = ens33: the address 192.168.152.129 is on host0" in complaint(pair)


def test_every_reason_of_both_hosts_is_told_at_once(pair: Pair) -> None:
    says(pair.master, os="alpine||Alpine Linux v3.20", manager="init\n", space="/ 1024\n/usr/local 2048\n")
    says(pair.slave, space="/ 1024\n", addresses="", machine=captured_json("preflight_master.json")["machine"])
    link_of(pair.master).says_where(KNOCK, "lladdr 02:42:ac:11:00:02\n")
    told = complaint(pair)
    for reason in (
        "master 192.168.152.128: Alpine Linux v3.20 is not supported",
        "master 192.168.152.128: its service manager is not systemd",
        "master 192.168.152.128: only 1 MiB free on /,",
        "master 192.168.152.128: only 2 MiB free on /usr/local,",
        "slave 192.168.152.129: only 1 MiB free on /,",
        "slave 192.168.152.129: SLAVE_HOST = 192.168.152.129: no interface of this host has that address",
        "the same /etc/machine-id",
        "VIP = 192.168.152.130: another machine answers for that address",
    ):
        assert reason in told


def test_no_root_on_one_host_does_not_hide_what_is_wrong_with_the_other(pair: Pair) -> None:
    says(pair.master, who="1000\n")
    says(pair.slave, space="/ 1024\n")
    told = complaint(pair)
    assert "master 192.168.152.128: no root here" in told
    assert "slave 192.168.152.129: only 1 MiB free on /" in told


def test_one_machine_under_two_names_is_refused(pair: Pair) -> None:
    says(pair.slave, machine=captured_json("preflight_master.json")["machine"])
    assert "are they one machine" in complaint(pair)


def test_hosts_without_a_machine_id_are_not_called_the_same(pair: Pair) -> None:
    says(pair.master, machine="")
    says(pair.slave, machine="\n")
    examine(pair)


@pytest.mark.parametrize("blank", [False, True], ids=["a server is there", "blank"])
def test_a_stranger_with_the_vip_is_refused_by_its_hardware_address(pair: Pair, blank: bool) -> None:
    if blank:
        says(pair.master, program="", units=captured_json("units.json")["blank"])
        for names in debian.SERVERS:
            for package in names.packages:
                link_of(pair.master).says(debian.candidate_question(package), "")
    link_of(pair.master).says_where(KNOCK, "lladdr 02:42:ac:11:00:02\n")
    told = complaint(pair)
    assert "VIP = 192.168.152.130: another machine answers" in told
    assert "lladdr 02:42:ac:11:00:02" in told


@pytest.mark.parametrize("own", ["02:42:ac:11:00:0a", "02:42:AC:11:00:0b"])
def test_a_host_of_the_pair_that_answers_for_the_vip_is_no_stranger(pair: Pair, own: str) -> None:
    link_of(pair.master).says_where(KNOCK, f"lladdr {own}\n")
    examine(pair)


def test_who_answered_before_is_forgotten_before_the_question(pair: Pair) -> None:
    examine(pair)
    (knock,) = (call for call in link_of(pair.master).calls if KNOCK in call)
    assert knock.index("ip neigh flush to 192.168.152.130") < knock.index(KNOCK)


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_host_of_the_pair_with_the_vip_is_no_stranger(pair: Pair, role: str) -> None:
    side = pair.sides[role]  # type: ignore[index]
    own = captured_json(f"preflight_{role}.json")["addresses"]
    says(side, addresses=without_vip(own) + "2: host0    inet 192.168.152.130/24 scope global secondary host0\n")
    link_of(pair.master).says_where(KNOCK, AssertionError("nobody is asked for the VIP"))
    examine(pair)


def test_an_address_nobody_answers_for_is_free(pair: Pair) -> None:
    for silence in ("FAILED\n", "\n", ""):
        link_of(pair.master).says_where(KNOCK, silence)
        examine(pair)


# ---- clocks ----


class Clock:
    """This machine's clock; each look at it takes `step` seconds."""

    def __init__(self, step: float) -> None:
        self._now = 1000.0
        self._step = step

    def time(self) -> float:
        self._now += self._step
        return self._now


@pytest.mark.parametrize(
    ("master", "slave", "apart"), [("1000.0", "1000.0", 0), ("1005.5", "1000.0", 5.5), ("999", "1002.0", 3)]
)
def test_how_far_the_clocks_are_apart(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, master: str, slave: str, apart: float
) -> None:
    monkeypatch.setattr(preflight, "time", Clock(0))
    link_of(pair.master).says(CLOCK_QUESTION, f"{master}\n")
    link_of(pair.slave).says(CLOCK_QUESTION, f"{slave}\n")
    assert clock_difference(pair) == pytest.approx(apart)


def test_a_slow_answer_is_not_taken_for_a_wrong_clock(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "time", Clock(4))
    link_of(pair.master).says(CLOCK_QUESTION, "1000.0\n")
    link_of(pair.slave).says(CLOCK_QUESTION, "1003.0\n")
    assert clock_difference(pair) < preflight.MOST_CLOCK_DIFFERENCE_SECONDS * 5
