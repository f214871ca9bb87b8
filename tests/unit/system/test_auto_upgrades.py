"""Step 1, automatic upgrades: what each such program is told, and what is made of what it was told already."""

from collections.abc import Mapping

import pytest
from fake import FakeLink

from runbook.core.host import Host
from runbook.core.step import ensure
from runbook.system import debian, redhat
from runbook.system.auto_upgrades import AutoUpgrades
from runbook.system.family import Family
from runbook.system.upgraders import WATCHED, Automatic, NeedRestart, Unattended, Upgrader

DNF = redhat.UPGRADERS[0]
DNF_FILE = "\n[commands]\nupgrade_type = default\napply_updates = yes\n\n[base]\ndebuglevel = 1\n"
BLACKLIST = 'Unattended-Upgrade::Package-Blacklist "";\n'


def entries(*expressions: str) -> str:
    """As `apt-config dump` has them."""
    return BLACKLIST + "".join(f'Unattended-Upgrade::Package-Blacklist:: "{each}";\n' for each in expressions)


@pytest.mark.parametrize(
    ("upgrader", "said", "alone"),
    [
        (Unattended(), BLACKLIST, False),
        (Unattended(), entries("mysql-server"), False),
        (Unattended(), entries("mysql-", "mariadb-", "keepalived$"), True),
        (Unattended(), entries("libc6$", ".*"), True),
        (Unattended(), entries("(mysql", "mariadb-", "keepalived"), False),
        (Unattended(), entries("ysql-", "mariadb-", "keepalived"), False),
        (NeedRestart(), "there\n", False),
        (NeedRestart(), f"there\n# ours\n{NeedRestart().line}\n", True),
        (DNF, DNF_FILE, False),
        (DNF, DNF_FILE + "exclude = kernel*\n", False),
        (DNF, DNF_FILE + "excludepkgs = mysql*,mariadb*, MariaDB* keepalived\n", True),
        (DNF, DNF_FILE + "exclude = mysql* mariadb*\n  MariaDB*\n  keepalived*\n", True),
        (DNF, "\n[main]\nexclude = mysql* mariadb* MariaDB* keepalived*\n", False),
        (DNF, "\nnot an ini\n", False),
    ],
)
def test_what_is_left_alone_is_read_from_what_is_in_force(upgrader: Upgrader, said: str, alone: bool) -> None:
    assert upgrader.leaves_alone(said) is alone


@pytest.mark.parametrize(
    "before",
    [
        "\n",
        DNF_FILE,
        DNF_FILE + "exclude = kernel*\n   nginx\n# the last line\n",
        DNF_FILE + "excludepkgs: kernel*, nginx\nexclude =\n[email]\nexclude = not mine\n",
        "\n[base]\n[commands]\nrandom_sleep = 0\n",
    ],
)
def test_dnf_goes_on_leaving_out_what_it_left_out_and_nothing_else_changes(before: str) -> None:
    _, after = DNF.told(before)
    assert DNF.leaves_alone(f"\n{after}")
    assert DNF.told(f"\n{after}")[1] == after, "a second time changes something"
    assert ("nginx" in after, "kernel*" in after) == ("nginx" in before, "kernel*" in before)
    for line in filter(None, before.splitlines()):
        assert line in after.splitlines() or line.lstrip().startswith(("exclude", "nginx"))
    assert ("exclude = not mine" in after) == ("exclude = not mine" in before)


def test_what_debians_are_told_is_what_they_are_asked_about() -> None:
    path, text = Unattended().told(BLACKLIST)
    assert path > "/etc/apt/apt.conf.d/50unattended-upgrades", "that one may clear the list"
    words = text.partition("{")[2].partition("}")[0].replace('"', "").replace(" ", "").strip(";").split(";")
    assert Unattended().leaves_alone(entries(*words))
    _, text = NeedRestart().told("there\n")
    assert NeedRestart().leaves_alone(f"there\n{text}")


@pytest.mark.parametrize(
    ("upgrader", "said", "named"),
    [
        (Unattended(), 'Unattended-Upgrade::Automatic-Reboot "true";\n', "Automatic-Reboot"),
        (Unattended(), 'Unattended-Upgrade::Automatic-Reboot "false";\n', ""),
        (DNF, "\n[commands]\nreboot = when-needed\n", "/etc/dnf/automatic.conf"),
        (DNF, "\n[commands]\nreboot = never\n", ""),
        (NeedRestart(), "there\n", ""),
    ],
)
def test_who_reboots_the_host_is_named(upgrader: Upgrader, said: str, named: str) -> None:
    assert named in upgrader.reboots(said)
    assert bool(upgrader.reboots(said)) is bool(named)


# ---- the step ----


def answering(link: FakeLink, family: Family, said: Mapping[str, str]) -> None:
    """Those that are not named are not there."""
    for upgrader in family.UPGRADERS:
        link.says(upgrader.question, said.get(upgrader.name, ""))


@pytest.mark.parametrize("family", [debian, redhat])
def test_a_host_without_any_is_as_wanted(host: Host, link: FakeLink, family: Family) -> None:
    answering(link, family, {})
    assert ensure(host, AutoUpgrades("exclude", family)).status == "ok"


def test_what_would_restart_the_server_is_told_not_to(dry_host: Host, link: FakeLink) -> None:
    answering(link, debian, {"unattended-upgrades": BLACKLIST, "needrestart": f"there\n{NeedRestart().line}\n"})
    outcome = ensure(dry_host, AutoUpgrades("exclude", debian))
    assert [change.fact for change in outcome.gap] == ["unattended-upgrades"]


def test_who_keeps_them_is_told_what_they_may_do_and_nothing_changes(host: Host, link: FakeLink) -> None:
    step = AutoUpgrades("keep", debian)
    answering(link, debian, {"unattended-upgrades": BLACKLIST})
    assert ensure(host, step).status == "ok"
    caveat = step.caveat(step.read(host))
    assert caveat is not None and "unattended-upgrades may upgrade" in caveat and "inv prep-os" in caveat


def test_a_reboot_by_night_is_said_whatever_is_left_alone(host: Host, link: FakeLink) -> None:
    step = AutoUpgrades("exclude", redhat)
    _, told = DNF.told("\n[commands]\nreboot = when-needed\n")
    answering(link, redhat, {DNF.name: f"\n{told}"})
    assert ensure(host, step).status == "ok"
    caveat = step.caveat(step.read(host))
    assert caveat is not None and "reboot = when-needed in /etc/dnf/automatic.conf" in caveat


def test_every_package_that_a_family_installs_is_watched() -> None:
    for family in (debian, redhat):
        assert family.KEEPALIVED_PACKAGE in WATCHED
        installed = {package for names in family.SERVERS for package in names.packages}
        assert {package.lower() for package in installed} <= set(WATCHED)


def test_yum_cron_is_told_in_both_of_its_files() -> None:
    files = {each.file for each in redhat.UPGRADERS if isinstance(each, Automatic)}
    assert {"/etc/yum/yum-cron.conf", "/etc/yum/yum-cron-hourly.conf"} < files
