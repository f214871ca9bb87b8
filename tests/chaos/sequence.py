"""A sequence is a pure function of its seed: what the pair is in, what the operator does, what befalls it and when."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS

FAILED = Path(__file__).parent / "failed"

FAULT_SECONDS = (0.5, 6.0)
SPREAD_SECONDS = 4.0
MOST_FAULTS = 3


@dataclass(frozen=True)
class Event:
    """A fault on a host, from a moment on, and its end."""

    at: float
    fault: str
    role: str
    seconds: float

    def __str__(self) -> str:
        length = f"+{self.seconds:.1f}" if FAULTS[self.fault].lasts else ""
        where = "both" if FAULTS[self.fault].both else self.role
        return f"{self.fault}({where})@{self.at:.1f}{length}"


@dataclass(frozen=True)
class Act:
    """What the operator does meanwhile, and when that run is killed, if it is."""

    at: float
    command: tuple[str, ...]
    killed_after: float | None = None
    signal: str = ""

    def __str__(self) -> str:
        killed = f"-{self.signal}@{self.killed_after:.1f}" if self.killed_after is not None else ""
        return f"inv {' '.join(self.command)}@{self.at:.1f}{killed}"


@dataclass(frozen=True)
class Scene:
    """What the pair is in before anything is broken, and what an operator is doing to it."""

    faults: tuple[Event, ...]
    """Which bring it about, one after the other."""
    vip_on: str
    commands: tuple[tuple[str, ...], ...]


def _before(*faults: tuple[str, str]) -> tuple[Event, ...]:
    return tuple(Event(0, fault, role, 0) for fault, role in faults)


BOOTSTRAP = (("bootstrap", "--yes"),)
SCENES = {
    "serving": Scene((), "master", ()),
    "verify": Scene((), "master", (("verify",),)),
    "failback": Scene(_before(("kill-mysqld", "master")), "slave", (("failback",),)),
    "failback from a live master": Scene(_before(("stop-keepalived", "master")), "slave", (("failback",),)),
    "bootstrap": Scene((), "master", BOOTSTRAP),
    "bootstrap of a drifted pair": Scene(
        _before(("lose-script", "master"), ("lose-script", "slave"), ("cut-my-cnf", "slave")), "master", BOOTSTRAP
    ),
    "reconcile": Scene(
        _before(("errant", "slave")),
        "master",
        (("reconcile", "--yes", "--bring"), ("reconcile", "--yes", "--gtids=ERRANT")),
    ),
    "reconcile while failed over": Scene(
        _before(("errant", "slave"), ("stop-keepalived", "master")), "slave", (("reconcile", "--yes", "--bring"),)
    ),
}


@dataclass(frozen=True)
class Sequence:
    """What befalls a pair."""

    seed: int
    scene: str
    act: Act | None
    events: tuple[Event, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, filter(None, (self.scene, self.act, *self.events))))


def document(what: Sequence) -> dict[str, Any]:
    """The sequence as JSON has it: it stays the same when faults or scenes are added."""
    return asdict(what)


def of_document(found: dict[str, Any]) -> Sequence:
    """The sequence of such a document."""
    act = found["act"] and Act(**{**found["act"], "command": tuple(found["act"]["command"])})
    return Sequence(found["seed"], found["scene"], act, tuple(Event(**event) for event in found["events"]))


def failed() -> list[Sequence]:
    """Those that broke a law once: a file each, with what was seen."""
    return [of_document(json.loads(file.read_text())["sequence"]) for file in sorted(FAILED.glob("*.json"))]


def sequence(seed: int) -> Sequence:
    """The sequence of this seed. So many seeds in a row as there are faults have each of them, and each scene."""
    chance = random.Random(seed)
    name = list(SCENES)[seed % len(SCENES)]
    events = sorted(_events(chance, list(FAULTS)[seed % len(FAULTS)]), key=lambda event: event.at)
    return Sequence(seed, name, _act(chance, SCENES[name]), tuple(events))


def _events(chance: random.Random, first: str) -> Iterator[Event]:
    names, weights = list(FAULTS), [fault.weight for fault in FAULTS.values()]
    for fault in (first, *chance.choices(names, weights, k=chance.randrange(MOST_FAULTS))):
        role = chance.choice(FAULTS[fault].roles)
        yield Event(round(chance.uniform(0, SPREAD_SECONDS), 1), fault, role, round(chance.uniform(*FAULT_SECONDS), 1))


def _act(chance: random.Random, scene: Scene) -> Act | None:
    if not scene.commands:
        return None
    command, at = chance.choice(scene.commands), round(chance.uniform(0.2, 2.0), 1)
    if chance.random() < 0.5:
        return Act(at, command)
    return Act(at, command, round(chance.uniform(0.3, 4.0), 1), chance.choice(("KILL", "INT")))
