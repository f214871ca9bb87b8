"""A drill as a recorder has it, made up: the fault at 100 s, the slave serves from 100.2 s on, failback at 110 s."""

from fake import LocalLink, host_of

from runbook.observe.address_watch import AddressWatch
from runbook.observe.lag_watch import LagWatch
from runbook.observe.ledger import Audit
from runbook.observe.probe import Observation, Probe
from runbook.observe.recorder import Findings, Period, Recorder
from runbook.observe.scorecard import kept, within
from runbook.observe.writes_watch import Look, WritesWatch
from runbook.settings.settings import Settings

MASTER, SLAVE = 1, 2
READ_ONLY = 1290
REFUSAL = "ERROR 1290: The MySQL server is running with the --super-read-only option"
KEPT = Audit(acknowledged=44, kept=44, missing=(), unanswered=1, unanswered_kept=0, unwanted=())


def never() -> None:
    raise AssertionError("no client is wanted here")


def attempt(at: float, kind: str, server_id: int | None, *, code: int = 0) -> Observation:
    ok = server_id is not None and not code
    return Observation(at, kind, False, ok, server_id, code, "refused" if code else "")  # type: ignore[arg-type]


def traffic(since: float, until: float, server_id: int | None, *, write_code: int = 0) -> list[Observation]:
    """A read and a write each 50 ms."""
    found = []
    for i in range(round((until - since) / 0.05)):
        at = since + i * 0.05 + 0.01
        found += [attempt(at, "read", server_id), attempt(at + 0.001, "write", server_id, code=write_code)]
    return found


def period(
    settings: Settings,
    since: float,
    until: float,
    seen: list[Observation],
    vip: dict[str, list[tuple[float, bool]]],
    looks: dict[str, list[Look]],
) -> Period:
    probe = Probe(never)
    probe._observations += seen
    watches, writes = {}, {}
    for role, changes in vip.items():
        watch = AddressWatch(host_of(settings, LocalLink()), settings.vip.ip)
        watch._changes += changes
        watch.heard_at = until
        watches[role] = watch
        writes[role] = WritesWatch(never)
        writes[role]._looks += looks[role]
    lag = LagWatch(never, probe.run)
    return Period(probe, watches, writes, lag, since, until)  # type: ignore[arg-type]


def looks(since: float, until: float, takes_writes: bool) -> list[Look]:
    return [Look(since + i * 0.05, takes_writes) for i in range(1, round((until - since) / 0.05))]


def recorded(settings: Settings) -> Recorder:
    """Drill and failback, both to their end."""
    recorder = Recorder("kill-master")
    recorder.started, recorder._since = 1_795_376_412.0, 98.0
    recorder.mark("fault", "SIGKILL for mysqld on the master", 100.0)
    drill = period(
        settings,
        99.0,
        103.0,
        traffic(99.0, 100.0, MASTER) + traffic(100.0, 100.2, None) + traffic(100.2, 103.0, SLAVE, write_code=READ_ONLY),
        {"master": [(98.9, True), (100.1, False)], "slave": [(98.9, False), (100.15, True)]},
        {"master": looks(99.0, 100.0, True), "slave": looks(99.0, 103.0, False)},
    )
    assert drill.lag
    drill.lag.counts += [(99.5, 10), (100.5, 18), (101.0, 20)]
    failback = period(
        settings,
        109.0,
        112.0,
        traffic(109.0, 110.0, SLAVE, write_code=READ_ONLY) + traffic(110.2, 112.0, MASTER),
        {"master": [(108.9, False), (110.1, True)], "slave": [(108.9, True), (110.0, False)]},
        {"master": looks(109.0, 110.2, False) + looks(110.2, 112.0, True), "slave": looks(109.0, 112.0, False)},
    )
    recorder.periods += [drill, failback]
    recorder.mark("failback", "the slave is told to let the VIP go", 110.0)
    recorder.mark("takeover", "the VIP is home on the master", 110.1)
    recorder.conclude(findings())
    recorder.score(within("Failback: writes again", 0.21, 1))
    return recorder


def findings(*, lost: int = 0, vip_seconds: float = 0.15) -> Findings:
    lost_writes = f"LOST: {lost} acknowledged writes" if lost else ""
    return Findings(
        headline="The slave had the VIP in 0.15 s.",
        scorecard=(
            within("The VIP is on the slave", vip_seconds, 0.3),
            kept("No acknowledged write is lost", "0", f"{lost} of 44", lost_writes),
        ),
        moments=((vip_seconds, "takeover", "the VIP is on the slave"), (0.21, "reads", "reads again")),
        ledger=KEPT,
        refusal=REFUSAL,
        afterwards="The pair is failed over.",
        figures={"run": "20261122-194012-abcd"},
    )
