"""Step 1 of the article: SELinux and the firewall, as found and as wanted."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from case_files import Case, cases
from fake import FakeLink, LocalLink, host_of, pair_of

from runbook.core.host import ChangedInDryRun, Host
from runbook.core.step import Change, ensure
from runbook.errors import BadInput
from runbook.settings.settings import Settings
from runbook.steps import prep_os
from runbook.system import selinux
from runbook.system.firewall import (
    ACTIVE_QUESTION,
    ENABLED_QUESTION,
    KNOWS_QUESTION,
    PORT,
    UFW_RULES_QUESTION,
    FirewallOff,
    FirewallRules,
)
from runbook.system.firewall import VRRP as VRRP_FACT
from runbook.system.selinux import SELinux, reboot_owed

PEER = "192.168.152.129"
VRRP = f'rule family="ipv4" source address="{PEER}" protocol value="vrrp" accept'
PORT_QUERY = "--query-port=3306/tcp"
VRRP_QUERY = f"--query-rich-rule={shlex.quote(VRRP)}"


def rules(settings: Settings) -> FirewallRules:
    return FirewallRules(settings.mysql_port, settings.slave.address)


def query(what: str) -> str:
    return f"firewall-cmd -q {what} && firewall-cmd -q --permanent {what} && echo open || echo closed"


# ---- which steps are wanted ----


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({}, ["SELinux permissive", "firewall rules", "automatic upgrades"]),
        ({"SELINUX": "disabled", "FIREWALL": "off"}, ["SELinux disabled", "firewall off", "automatic upgrades"]),
        ({"SELINUX": "keep", "FIREWALL": "keep"}, ["automatic upgrades"]),
    ],
)
def test_hosts_env_decides_what_prep_os_touches(
    settings_of: Callable[..., Settings], keys: dict[str, str], names: list[str]
) -> None:
    pair = pair_of(settings_of(**keys))
    (phase,) = prep_os.phases(pair, lambda side, why: None)
    assert [step.name for step in phase.items(pair.master)] == names


# ---- SELinux ----


def selinux_question() -> str:
    (question,) = SELinux("disabled").questions()
    return question


@cases("selinux")
def test_selinux_at_boot_and_now_is_read(host: Host, dry_host: Host, link: FakeLink, case: Case) -> None:
    link.says(selinux_question(), case.text)
    outcome = ensure(dry_host if case.means else host, SELinux(case.given["wanted"]))
    assert {change.fact: change.now for change in outcome.gap} == case.means
    assert outcome.status == ("would change" if case.means else "ok")


@cases("selinux_reboot")
def test_a_reboot_is_owed_only_for_a_selinux_that_is_to_go(host: Host, link: FakeLink, case: Case) -> None:
    link.says_where("getenforce", f"{case.said}\n")
    assert reboot_owed(host, case.given["wanted"]) is case.means


def test_selinux_is_not_changed_in_a_dry_run(dry_host: Host, link: FakeLink) -> None:
    for fact in ("at boot", "enforcing now"):
        with pytest.raises(ChangedInDryRun):
            SELinux("disabled").fix(dry_host, [Change(fact, "enforcing", "disabled")])
    assert link.calls == []


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """/etc/selinux/config of a host that is this machine's test folder; `mode` is what is in force."""
    path = tmp_path / "config"
    monkeypatch.setattr(selinux, "CONFIG", str(path))
    mode = tmp_path / "mode"
    mode.write_text("Permissive\n")
    for name, script in (("getenforce", f"cat {mode}"), ("setenforce", f"[ $1 = 0 ] && echo Permissive > {mode}")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return path


def test_an_enforcing_host_becomes_permissive_now_and_at_boot(settings: Settings, config: Path) -> None:
    config.write_text("SELINUX=enforcing\n")
    (config.parent / "mode").write_text("Enforcing\n")
    outcome = ensure(host_of(settings, LocalLink(config.parent)), SELinux("permissive"))
    assert outcome.gap == [Change("at boot", "enforcing", "permissive"), Change("enforcing now", "yes", "no")]
    assert (config.parent / "mode").read_text() == "Permissive\n"


def test_the_file_is_changed_in_its_one_line_and_backed_up(settings: Settings, config: Path) -> None:
    config.write_text("# SELINUX= can take one of three\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
    here = host_of(settings, LocalLink(config.parent))
    assert ensure(here, SELinux("permissive")).gap == [Change("at boot", "enforcing", "permissive")]
    assert config.read_text() == "# SELINUX= can take one of three\nSELINUX=permissive\nSELINUXTYPE=targeted\n"
    assert "SELINUX=enforcing" in Path(f"{config}.before-runbook").read_text()
    assert ensure(here, SELinux("permissive")).status == "ok"


@pytest.mark.parametrize("text", ["SELINUXTYPE=targeted\n", "", "SELINUX=enforcing   \n", "SELINUX=enforcing # why\n"])
def test_an_unusual_file_is_brought_to_it_too(settings: Settings, config: Path, text: str) -> None:
    config.write_text(text)
    here = host_of(settings, LocalLink(config.parent))
    assert ensure(here, SELinux("permissive")).status == "changed"
    assert ensure(here, SELinux("permissive")).status == "ok"


# ---- no firewall ----


def test_a_host_without_a_firewall_is_right(host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "")
    link.says(ENABLED_QUESTION, "")
    assert ensure(host, FirewallOff()).status == "ok"


def test_firewalld_is_stopped_and_does_not_come_back(host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "firewalld\n")
    link.says(ENABLED_QUESTION, "firewalld\n")
    link.takes(
        "systemctl disable firewalld && systemctl stop firewalld",
        lambda: [link.says(ACTIVE_QUESTION, ""), link.says(ENABLED_QUESTION, "")],
    )
    outcome = ensure(host, FirewallOff())
    assert outcome.gap == [Change("active", "firewalld", "none"), Change("at boot", "firewalld", "none")]
    assert link.changed == ["systemctl disable firewalld && systemctl stop firewalld"]


def test_both_firewalls_are_stopped_ufw_by_its_own_word_too(host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "firewalld\nufw\n")
    link.says(ENABLED_QUESTION, "ufw\n")
    link.takes("systemctl disable firewalld && systemctl stop firewalld", lambda: link.says(ACTIVE_QUESTION, ""))
    link.takes("ufw disable; systemctl disable ufw && systemctl stop ufw", lambda: link.says(ENABLED_QUESTION, ""))
    assert ensure(host, FirewallOff()).status == "changed"
    assert len(link.changed) == 2


def test_the_firewall_is_not_stopped_in_a_dry_run(dry_host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "firewalld\n")
    link.says(ENABLED_QUESTION, "")
    assert ensure(dry_host, FirewallOff()).status == "would change"
    with pytest.raises(ChangedInDryRun):
        FirewallOff().fix(dry_host, [Change("active", "firewalld", "none")])
    assert link.changed == []


@cases("firewall_active")
def test_ufw_is_active_when_it_says_so_itself(settings: Settings, tmp_path: Path, case: Case) -> None:
    for name, script in (
        ("ufw", f"echo '{case.said['ufw']}'"),
        ("systemctl", f"[ {case.said['firewalld']} = active ]"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    assert host_of(settings, LocalLink(tmp_path)).ask(ACTIVE_QUESTION) == "".join(f"{each}\n" for each in case.means)


# ---- rules ----


def test_where_no_firewall_runs_no_rule_is_needed(settings: Settings, host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "")
    assert ensure(host, rules(settings)).status == "ok"


@pytest.mark.parametrize(("active", "open_to_all"), [("", True), ("firewalld\n", False)])
def test_without_a_firewall_it_is_told_what_is_open(
    settings: Settings, host: Host, link: FakeLink, active: str, open_to_all: bool
) -> None:
    link.says(ACTIVE_QUESTION, active)
    for each in (PORT_QUERY, VRRP_QUERY):
        link.says(query(each), "open\n")
    step = rules(settings)
    told = step.caveat(step.read(host)) or ""
    assert ("port 3306" in told and "protocol 112" in told and "inv prep-os" in told) is open_to_all
    assert bool(told) is open_to_all


def test_firewalld_lets_mysql_in_and_vrrp_from_the_peer_alone(settings: Settings, host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "firewalld\n")
    for each in (PORT_QUERY, VRRP_QUERY):
        link.says(query(each), "closed\n")
    for where in ("", "--permanent "):
        link.takes(f"firewall-cmd -q {where}--add-port=3306/tcp", lambda: link.says(query(PORT_QUERY), "open\n"))
        link.takes(
            f"firewall-cmd -q {where}--add-rich-rule={shlex.quote(VRRP)}",
            lambda: link.says(query(VRRP_QUERY), "open\n"),
        )
    outcome = ensure(host, rules(settings))
    assert [change.fact for change in outcome.gap] == ["MySQL's port", "VRRP from the peer"]
    assert len(link.changed) == 4
    assert all("--permanent" in command or "--add" in command for command in link.changed)


def test_rules_that_are_there_are_left_alone(settings: Settings, host: Host, link: FakeLink) -> None:
    link.says(ACTIVE_QUESTION, "firewalld\n")
    for each in (PORT_QUERY, VRRP_QUERY):
        link.says(query(each), "open\n")
    assert ensure(host, rules(settings)).status == "ok"


UFW_ALLOWS_VRRP = f"allow from {PEER} proto vrrp"
UFW_TITLE = "Added user rules (see 'ufw status' for running firewall):\n"


def ufw(link: FakeLink, *added: str, knows_vrrp: bool = True) -> None:
    link.says(ACTIVE_QUESTION, "ufw\n")
    link.says(UFW_RULES_QUESTION, UFW_TITLE + ("\n".join(added) or "(None)") + "\n")
    link.says(KNOWS_QUESTION.format(rule=UFW_ALLOWS_VRRP), "yes\n" if knows_vrrp else "")


def test_ufw_lets_mysql_in_and_vrrp_from_the_peer_alone(settings: Settings, host: Host, link: FakeLink) -> None:
    ufw(link, "ufw allow 22/tcp")
    command = f"ufw allow 3306/tcp && ufw {UFW_ALLOWS_VRRP}"
    link.takes(command, lambda: ufw(link, "ufw allow 22/tcp", "ufw allow 3306/tcp", f"ufw {UFW_ALLOWS_VRRP}"))
    outcome = ensure(host, rules(settings))
    assert outcome.gap == [Change(PORT, "closed", "open"), Change(VRRP_FACT, "closed", "open")]
    assert link.changed == [command]


@cases("ufw_rules")
def test_rules_that_ufw_has_are_left_alone_and_others_are_not_ours(
    settings: Settings, host: Host, link: FakeLink, case: Case
) -> None:
    is_open = set(case.means.values()) == {"open"}
    ufw(link, knows_vrrp=not is_open)
    link.says(UFW_RULES_QUESTION, case.text)
    assert rules(settings).read(host) == case.means
    if is_open:
        assert ensure(host, rules(settings)).status == "ok"


def test_a_ufw_that_knows_no_vrrp_is_refused_with_what_to_write_by_hand(
    settings: Settings, dry_host: Host, link: FakeLink
) -> None:
    ufw(link, "ufw allow 3306", knows_vrrp=False)
    with pytest.raises(BadInput) as caught:
        ensure(dry_host, rules(settings))
    told = str(caught.value)
    assert f"-p vrrp -s {PEER} -j ACCEPT" in told
    assert "ufw allow 3306/tcp" in told
    assert "FIREWALL=keep" in told


def test_of_two_firewalls_both_must_let_it_in(settings: Settings, host: Host, link: FakeLink) -> None:
    ufw(link, "ufw allow 3306", f"ufw {UFW_ALLOWS_VRRP}")
    link.says(ACTIVE_QUESTION, "firewalld\nufw\n")
    link.says(query(PORT_QUERY), "open\n")
    link.says(query(VRRP_QUERY), "closed\n")
    assert rules(settings).read(host) == {PORT: "open", VRRP_FACT: "closed"}


def test_each_side_lets_the_other_in(settings: Settings) -> None:
    pair = pair_of(settings)
    (phase,) = prep_os.phases(pair, lambda side, why: None)
    rules = {role: phase.items(side)[1] for role, side in pair.sides.items()}
    peers = {role: str(each.peer) for role, each in rules.items() if isinstance(each, FirewallRules)}
    assert peers == {"master": PEER, "slave": "192.168.152.128"}
