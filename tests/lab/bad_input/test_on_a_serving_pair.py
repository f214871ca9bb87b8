"""What does not fit a pair that serves is refused in words, and the pair goes on serving."""

from pathlib import Path

from changes import expect_same
from commandline import until
from outside import SLAVE, OutsidePair, mounted

BAD_INPUT, HOST_FAILED = 2, 1
SETTLED_SECONDS = 10


def test_the_wrong_root_password_of_servers_that_were_set_up_before(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    before = healthy_pair.state()
    operator = healthy_pair.operator_with(tmp_path, MYSQL_ROOT_PASSWORD="not the one of these servers")
    ran = operator.inv("bootstrap").expect(HOST_FAILED, "MYSQL_ROOT_PASSWORD", "set up before")
    for host in healthy_pair.hosts:
        assert host.address in ran.out.rpartition("bootstrap:")[2], ran.out
    operator.inv("drill.kill-master", "--yes").expect(HOST_FAILED)
    assert "not the one" not in ran.out
    expect_same(before, healthy_pair.state(), locked=True)
    operator.inv("verify").expect(HOST_FAILED, "refuses root's login")


def test_a_disk_that_is_full_in_the_middle_leaves_no_half_a_file(healthy_pair: OutsidePair) -> None:
    slave, folder = healthy_pair.slave, "/etc/systemd/system/keepalived.service.d"
    with mounted(slave, "-t tmpfs -o size=4k full", folder):
        slave.sh(f"head -c 4096 /dev/zero > {folder}/filler")
        healthy_pair.inv("bootstrap").expect(HOST_FAILED, SLAVE, f"{folder}/runbook.conf", "disk full")
        assert slave.sh(f"ls -A {folder}") == "filler"
    slave.sh("systemctl daemon-reload")
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)


def test_a_slave_that_is_off_is_named_and_the_master_goes_on(healthy_pair: OutsidePair) -> None:
    slave = healthy_pair.lab.slave
    slave.power_off()
    try:
        healthy_pair.inv("bootstrap").expect(HOST_FAILED, SLAVE, "Is the host up")
        healthy_pair.inv("verify").expect(HOST_FAILED, "slave")
        assert healthy_pair.vip_is_on() == ["master"]
        with healthy_pair.client() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM runbook.heartbeat")
            assert cursor.fetchone() == (1,)
    finally:
        slave.boot()
        slave.wait_for_ssh(SETTLED_SECONDS)
    until("a healthy pair", SETTLED_SECONDS, lambda: healthy_pair.inv("verify").code == 0)


def test_a_changed_key_of_one_host_does_not_hide_the_verdict_on_the_other(
    healthy_pair: OutsidePair, tmp_path: Path
) -> None:
    known = healthy_pair.lab.home.joinpath("known_hosts").read_text().splitlines()
    keys = [line.partition(" ")[2] for line in known]
    swapped = tmp_path / "known_hosts"
    swapped.write_text(f"{healthy_pair.master.address} {keys[1]}\n{healthy_pair.slave.address} {keys[1]}\n")
    operator = healthy_pair.operator_with(tmp_path, SSH_KNOWN_HOSTS=str(swapped))
    verified = operator.inv("verify").expect(HOST_FAILED, "CHANGED", "inv trust-hosts", "its mysqld answers the slave")
    assert "refuses writes" in verified.out, "nothing is told of the slave"
    before = healthy_pair.state()
    operator.inv("bootstrap").expect(BAD_INPUT, "CHANGED")
    expect_same(before, healthy_pair.state(), locked=True)
