"""What an operator would do next who takes the tool at its word: from what a run printed to acts. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["inv", "ssh", "sql", "repair", "by hand"]

# Where one way ends, and the next begins for whom it did not help.
OTHERWISE = re.compile(
    r"If that does not help|If it stops again|\belse:|\bOr bring|Until then:|If nothing speaks against it|"
    r"If its data are lost|To give it up|If that lasts|To run them on the master|If clients can|"
    r"If it is gone for good|If the slave is gone for good"
)
ADDRESS = r"(\d+\.\d+\.\d+\.\d+)"
ACT = re.compile(
    rf"\binv (?P<inv>[a-z]+(?:[.-][a-z]+)*(?: --[a-z-]+(?:='[^']*'|=[^\s;,]+)?)*)"
    rf"|\bssh {ADDRESS} (?P<ssh>'[^']+'|[^:;,]+?)(?= moves|[:;,]|\.(?:\s|$)|$)"
    rf"|[Ii]n mysql (?:on {ADDRESS}|there): (?P<sql>SET GLOBAL [^.;]+)"
    r"|(?P<there>restart it there)"
    r"|(?P<repair>Repair (?:on the slave the row|the row it names))"
    r"|(?P<hand>By hand, over the slave)"
)
LOOKS = ("journalctl",)
OF_FAILS = ("Do what each FAIL above says", "The FAILs of inv verify say")
MOST_WAYS = 5
FAILED = re.compile(r"^\s*FAIL ")


@dataclass(frozen=True)
class Act:
    """A command, and where: at the operator's own machine (inv), or at an address."""

    kind: Kind
    command: str
    address: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.address} {self.command}".replace("  ", " ").replace("inv inv", "inv").strip()


def advice(printed: str) -> str:
    """The part of a run's output that says what to do."""
    lines = printed.splitlines()
    nexts = [number for number, line in enumerate(lines) if line.startswith("Next: ")]
    if not nexts:
        return "\n".join(lines[-14:])
    said = lines[nexts[-1]].removeprefix("Next: ")
    of_fails = _failed(lines) if said.startswith(OF_FAILS) else ""
    return of_fails if any(acts(of_fails, tried) for tried in range(MOST_WAYS)) else said


def _failed(lines: list[str]) -> str:
    """What the failed checks of a table say, each in lines that are indented below it."""
    todo: list[str] = []
    failed = False
    for line in lines:
        if re.match(r"(OK|WARN|FAIL|-|SKIP) ", line):
            failed = line.startswith("FAIL")
        if failed:
            todo.append(line.strip())
    text = " ".join(todo)
    return "; ".join(part.split("FAIL ")[0] for part in text.split("→")[1:])


def acts(text: str, seen: int = 0) -> list[Act]:
    """The commands of an advice, in its order; of one that was followed before in vain, those for that case."""
    ways = OTHERWISE.split(text)
    number = min(seen, len(ways) - 1)
    named = re.findall(ADDRESS, " ".join(ways[:number]))
    return list(dict.fromkeys(_acts(ways[number], named[-1] if named else "")))


def _acts(text: str, address: str) -> Iterator[Act]:
    for found in ACT.finditer(text):
        addresses = re.findall(ADDRESS, text[: found.end()])
        address = addresses[-1] if addresses else address
        if command := found["inv"]:
            if command not in ("verify", "plan"):
                yield Act("inv", command)
        elif command := found["ssh"]:
            if not command.startswith(LOOKS):
                yield Act("ssh", command.strip("'"), address)
        elif command := found["sql"]:
            yield Act("sql", command, address)
        elif found["there"]:
            yield Act("ssh", "systemctl restart mysql", address)
        elif found["repair"]:
            yield Act("repair", "the row")
        else:
            yield Act("by hand", "seed the slave")
            return
