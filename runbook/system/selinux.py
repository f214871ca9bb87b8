"""SELinux as a step: what the configuration says at the next boot, and what is in force now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.system.resources import BACKUP_SUFFIX

CONFIG = "/etc/selinux/config"
FORCE_QUESTION = "getenforce 2>/dev/null || echo Disabled"


@dataclass(frozen=True)
class SELinux(Step):
    """Disabled or permissive; a host without SELinux is what we want already."""

    mode: Literal["disabled", "permissive"]

    @property
    def name(self) -> str:
        return f"SELinux {self.mode}"

    def questions(self) -> Iterable[str]:
        yield (
            f"if [ -e {CONFIG} ]; then sed -n 's/^SELINUX=[[:space:]]*//p' {CONFIG} | tail -n 1; else echo none; fi; "
            f"echo; {FORCE_QUESTION}"
        )

    def want(self) -> State:
        return {"at boot": self.mode, "enforcing now": "no"}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return host.read(question, self._read)

    def _read(self, said: str) -> State:
        at_boot, *_, now = said.splitlines()
        return {
            "at boot": self.mode if at_boot == "none" else at_boot,
            "enforcing now": "yes" if now == "Enforcing" else "no",
        }

    def fix(self, host: Host, gap: Gap) -> None:
        facts = {change.fact for change in gap}
        if "at boot" in facts:
            host.do(
                f"[ -e {CONFIG}{BACKUP_SUFFIX} ] || cp -p {CONFIG} {CONFIG}{BACKUP_SUFFIX}; "
                f"if grep -q ^SELINUX= {CONFIG}; then sed -i 's/^SELINUX=.*/SELINUX={self.mode}/' {CONFIG}; "
                f"else echo SELINUX={self.mode} >> {CONFIG}; fi"
            )
        if "enforcing now" in facts:
            host.do("setenforce 0")


def reboot_owed(host: Host, mode: str) -> bool:
    """Whether SELinux is to be disabled and still loaded: complete only after a reboot, which is not ours to do."""
    return mode == "disabled" and host.ask(FORCE_QUESTION).strip() != "Disabled"
