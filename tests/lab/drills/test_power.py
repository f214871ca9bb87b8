"""The power of hosts: whose is cut, and that the cut can lose what was not synced."""

from pathlib import Path

from changes import expect_same
from outside import OutsidePair

BAD_INPUT = 2
REFUSED = 1


def test_the_power_of_a_host_that_is_no_labs_is_not_touched(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    before = healthy_pair.state()
    operator = healthy_pair.operator_with(tmp_path)
    operator.inv("drill.power-off-master", "--yes").expect(BAD_INPUT, "By hand", "inv failback", "Nothing was done")
    expect_same(before, healthy_pair.state(), locked=True)


def test_a_power_cut_loses_what_the_masters_settings_do_not_sync(doomed_pair: OutsidePair) -> None:
    """The proof that the drill of a power cut can fail: law 2 hangs on these two settings."""
    doomed_pair.master.sql("SET GLOBAL sync_binlog = 0; SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    doomed_pair.inv("drill.power-off-master").expect(REFUSED, "The slave has what the master lacks")
    doomed_pair.inv("failback").expect(REFUSED, "lacks transactions that the slave has", "The VIP was not moved")
    # They were acknowledged, so that nobody gives them up; the slave has them, and so has the master after that.
    doomed_pair.inv("reconcile").expect(REFUSED, "the master made and lost them", "inv reconcile --bring")
    doomed_pair.inv("reconcile", "--bring").expect(0, "has run")
    doomed_pair.inv("failback").expect(0, "proved")
