"""The slave's host is stopped, patched and rebooted on purpose: nobody is woken, and clients hardly notice."""

import shlex
import time
from collections.abc import Iterator

import pytest
from commandline import stays, until
from hosts_env_file import settings
from outside import OutsideHost, OutsidePair
from writer import Writer

FAILED = 1
SETTLED_SECONDS = 15
STAYS_SECONDS = 10
BACK_SECONDS = 60
NOTICED_SECONDS = 1.0
"""Less than a commit would wait for a slave that is away; what a client loses in all is benchmarks/switchover.py's."""
ALERTS = "/run/mysql-runbook/alerts/now"
PATCHED = "/var/tmp/patched"
PATCH_SECONDS = 240
BOOT_ID = "cat /proc/1/stat | awk '{ print $22 }'"
REINSTALL = (
    "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --reinstall "
    "$(dpkg-query -W -f '${Package}\\n' | grep -xE 'mysql-server|mysql-server-core|keepalived')"
)


@pytest.fixture
def patched_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """A pair whose hosts its test has in maintenance; none is afterwards, and the roles are as before."""
    before = settings(healthy_pair.lab.hosts_env)
    yield healthy_pair
    healthy_pair.inv("maintenance.end")
    if healthy_pair.vip_is_on() != ["master"]:
        healthy_pair.inv("switchover").expect(0)
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    after = settings(healthy_pair.lab.hosts_env)
    assert {key: after[key] for key in before} | {"ROLES_EPOCH": ""} == before | {"ROLES_EPOCH": ""}


def alerts(host: OutsideHost) -> set[str]:
    return set(host.run(f"ls {ALERTS} 2>/dev/null").out.split())


def test_a_slave_in_maintenance_may_be_stopped_and_nobody_is_woken(patched_pair: OutsidePair) -> None:
    pair = patched_pair
    pair.inv("maintenance.begin").expect(2, "--host=slave")
    pair.inv("maintenance.begin", "--host=slave").expect(0, "is in maintenance", "inv maintenance.end")
    pair.inv("verify").expect(FAILED, "MAINTENANCE of the slave's host", "the slave copies it", "inv maintenance.end")
    pair.slave.sh("systemctl stop mysql")
    began = time.monotonic()
    with pair.client() as client, client.cursor() as at:
        at.execute("INSERT INTO runbook.heartbeat (id, beat) VALUES (2, 'x') ON DUPLICATE KEY UPDATE beat = UUID()")
    assert time.monotonic() - began < NOTICED_SECONDS, "a write waited for the slave"
    stays("silence", STAYS_SECONDS, lambda: alerts(pair.master) | alerts(pair.slave) == set())
    pair.inv("verify").expect(FAILED, "MAINTENANCE", "the slave is away: nothing can take over")
    pair.inv("switchover").expect(FAILED, "MAINTENANCE", "The roles were not changed")
    pair.inv("maintenance.end").expect(0, "The pair is healthy")
    assert pair.master.value("SELECT @@GLOBAL.rpl_semi_sync_source_enabled") == "1"
    pair.slave.sh("systemctl stop mysql")
    until("people are told again", SETTLED_SECONDS, lambda: "keepalived-stopped" in alerts(pair.slave))
    pair.inv("start").expect(0)


def patch(host: OutsideHost) -> None:
    """Its packages anew, and a reboot; it is back when its server and keepalived run."""
    # It takes longer than a command may.
    host.sh(
        f"rm -f {PATCHED}; nohup sh -c {shlex.quote(f'{REINSTALL} && touch {PATCHED}')} >/dev/null 2>&1 </dev/null &"
    )
    until("packages anew", PATCH_SECONDS, lambda: host.run(f"test -e {PATCHED}").code == 0)
    booted = host.sh(BOOT_ID)
    host.run("systemctl reboot")
    until("another boot", BACK_SECONDS, lambda: host.run(BOOT_ID).out.strip() not in (booted, ""))
    until("both services", BACK_SECONDS, lambda: host.run("systemctl is-active mysql keepalived").code == 0)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_both_hosts_are_patched_and_rebooted_and_clients_hardly_notice(patched_pair: OutsidePair) -> None:
    pair = patched_pair
    with Writer(pair) as writer:
        pair.inv("maintenance.begin", "--host=slave").expect(0)
        patch(pair.slave)
        pair.inv("maintenance.end").expect(0, "The pair is healthy")
        pair.inv("maintenance.begin", "--host=master").expect(0, "is in maintenance")
        assert pair.vip_is_on() == ["slave"]
        patch(pair.master)
        pair.inv("maintenance.end").expect(0, "The pair is healthy")
        pair.inv("switchover").expect(0, "The pair is healthy")
    assert pair.vip_is_on() == ["master"]
    assert max(writer.gaps()) < NOTICED_SECONDS, "a write waited for a host that was away"
