"""A takeover as a client outside sees it; times are seconds from just before the fault was brought about."""

from dataclasses import dataclass

from runbook.observe.address_watch import AddressWatch
from runbook.observe.probe import Observation, Probe
from runbook.settings.settings import Settings

TAKEOVER_SECONDS = 30
OBSERVED_SECONDS = 15
OBSERVED = 20


@dataclass(frozen=True)
class Takeover:
    """What the client and the watchers on the hosts saw."""

    last_write_seconds: float | None
    """The last write that the master acknowledged; negative when that was before the fault."""
    vip_gone_seconds: float | None
    """The VIP gone from the master; None when that was not seen."""
    vip_seconds: float
    """The VIP on the slave."""
    reads_seconds: float
    """The first read that the slave answered through the VIP on a new connection."""
    lasting_reads_seconds: float
    """The same for a client that was connected before and had to notice that its connection broke."""
    read_gap_seconds: float
    """The longest stretch in which no read on a new connection succeeded."""
    first_refusal_seconds: float
    """The first write that the slave refused."""
    refusal: str
    """In the server's own words."""
    reads_served: int
    """By the slave."""
    writes_refused: int
    """By the slave."""
    writes_failed: int
    """Since the fault, neither acknowledged nor refused: no server was reached, or the connection broke."""
    writes_on_slave: int
    """Acknowledged by the slave: there must be none."""

    @property
    def both_had_vip_seconds(self) -> float:
        """From the slave's taking the VIP until it was seen gone from the master."""
        return max(0.0, self.vip_gone_seconds - self.vip_seconds) if self.vip_gone_seconds is not None else 0.0


@dataclass(frozen=True)
class Witness:
    """The client and the hosts' own word on who has the VIP, while their contexts last."""

    settings: Settings
    probe: Probe
    master: AddressWatch
    slave: AddressWatch

    def wait_for_vip(self, since: float) -> None:
        """Until the slave has the VIP."""
        s = self.settings
        self.probe.wait(
            f"{s.vip.ip} on {self.slave.host}",
            TAKEOVER_SECONDS + s.check_fall * (s.check_interval + float(s.check_timeout)),
            lambda: self.slave.came(since) is not None,
        )

    def wait_for_takeover(self, since: float) -> None:
        """Until the slave has the VIP, and was seen to serve reads and refuse writes on new and lasting connections."""
        self.wait_for_vip(since)
        self.probe.wait(
            "reads served and writes refused by the slave through the VIP",
            OBSERVED_SECONDS,
            lambda: all(
                min(len(self._reads(since, lasting)), len(self._refusals(since, lasting))) >= OBSERVED
                for lasting in (False, True)
            ),
        )

    def measure(self, since: float, to: float) -> Takeover:
        """The figures of a takeover that was waited for."""
        probe, s = self.probe, self.settings
        new_reads, lasting_reads = self._reads(since, False), self._reads(since, True)
        refusals = sorted(self._refusals(since, False) + self._refusals(since, True), key=lambda each: each.at)
        by_master = [each.at for each in probe.seen("write", ok=True, server_id=s.master.server_id)]
        vip_gone, vip_came = self.master.went(since), self.slave.came(since)
        assert vip_came is not None, "measured before wait_for_takeover"
        return Takeover(
            last_write_seconds=max(by_master) - since if by_master else None,
            vip_gone_seconds=vip_gone - since if vip_gone is not None else None,
            vip_seconds=vip_came - since,
            reads_seconds=new_reads[0].at - since,
            lasting_reads_seconds=lasting_reads[0].at - since,
            read_gap_seconds=probe.longest_gap("read", since, to, lasting=False),
            first_refusal_seconds=refusals[0].at - since,
            refusal=f"ERROR {refusals[0].code}: {refusals[0].error}",
            reads_served=len(new_reads) + len(lasting_reads),
            writes_refused=len(refusals),
            writes_failed=sum(not each.refused for each in probe.seen("write", ok=False, since=since)),
            writes_on_slave=len(list(probe.seen("write", ok=True, server_id=s.slave.server_id))),
        )

    def _reads(self, since: float, lasting: bool) -> list[Observation]:
        server_id = self.settings.slave.server_id
        return list(self.probe.seen("read", ok=True, lasting=lasting, server_id=server_id, since=since))

    def _refusals(self, since: float, lasting: bool) -> list[Observation]:
        server_id = self.settings.slave.server_id
        return list(self.probe.seen("write", refused=True, lasting=lasting, server_id=server_id, since=since))
