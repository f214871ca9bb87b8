"""A unit's file or drop-in as a step: the file, and that the service manager has read it."""

from collections.abc import Iterable

from runbook.core.host import Host
from runbook.core.step import Gap, State
from runbook.system.questions import UnitQuestion
from runbook.system.resources import File


class DropIn(File):
    """/etc/systemd/system/UNIT.d/runbook.conf, loaded by systemd."""

    @property
    def unit(self) -> str:
        return self.path.rsplit("/", 2)[1].removesuffix(".d")

    def questions(self) -> Iterable[str]:
        yield from super().questions()
        yield UnitQuestion("reload", self.unit)

    def want(self) -> State:
        return {**super().want(), "loaded": "yes"}

    def read(self, host: Host) -> State:
        *_, needs_reload = self.questions()
        loaded = "no" if host.ask(needs_reload).strip() == "NeedDaemonReload=yes" else "yes"
        return {**super().read(host), "loaded": loaded}

    def fix(self, host: Host, gap: Gap) -> None:
        if any(change.fact != "loaded" for change in gap):
            super().fix(host, gap)
        host.do("systemctl daemon-reload")


class UnitFile(DropIn):
    """/etc/systemd/system/UNIT.service, loaded by systemd."""

    @property
    def unit(self) -> str:
        return self.path.rpartition("/")[2]


class OwnUnit(UnitFile):
    """A unit that is nobody's but ours: when it runs, it is restarted with what it says now."""

    def fix(self, host: Host, gap: Gap) -> None:
        super().fix(host, gap)
        host.do(f"systemctl try-restart {self.unit}")


def drop_in_path(unit: str) -> str:
    """Where our drop-in of a unit lies."""
    return f"/etc/systemd/system/{unit}.service.d/runbook.conf"
