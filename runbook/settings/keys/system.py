"""What becomes of the hosts' SELinux and firewall."""

from typing import Literal, get_args

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable
from runbook.settings.values import Reader

SELinux = Literal["disabled", "permissive", "keep"]
Firewall = Literal["off", "rules", "keep"]
AutoUpgrades = Literal["exclude", "keep"]

_selinux: Reader[SELinux] = read.choice(*get_args(SELinux))
_firewall: Reader[Firewall] = read.choice(*get_args(Firewall))
_auto_upgrades: Reader[AutoUpgrades] = read.choice(*get_args(AutoUpgrades))


class System(KeyTable):
    """Preparing the operating system (step 1)"""

    selinux = Key(
        read=_selinux,
        default="permissive",
        article="disabled (needs a reboot to be complete)",
        help=(
            "SELinux on hosts that have it: disabled, permissive or keep.\n"
            "disabled is complete only after a reboot; keep leaves it as it is."
        ),
    )
    firewall = Key(
        read=_firewall,
        default="rules",
        article="off",
        help=(
            "Firewall: off, rules or keep.\n"
            "rules lets MySQL in, and VRRP from the peer; off stops the firewall; keep leaves it as it is."
        ),
    )
    auto_upgrades = Key(
        read=_auto_upgrades,
        default="exclude",
        article="has none",
        help=(
            "Programs that upgrade packages by themselves: exclude or keep.\n"
            "exclude has them leave server and keepalived alone, as an upgrade restarts these; keep changes nothing."
        ),
    )
