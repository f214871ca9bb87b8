"""A user with sudo may do what root may."""

from pathlib import Path

from outside import OutsidePair


def test_a_user_with_sudo_is_as_good_as_root(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    operator = healthy_pair.operator_with(tmp_path, SSH_USER="operator")
    operator.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    healthy_pair.slave.sh("chmod 777 /usr/local/bin/stop.sh")
    operator.inv("bootstrap").expect(0, "mode: 777 → 764", "bootstrap: 1 changed")
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    operator.inv("verify").expect(0, "healthy")
