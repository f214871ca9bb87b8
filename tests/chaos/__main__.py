"""`python tests/chaos --seeds=1-20`: plays sequences on a lab, a line each and a table in the end."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]


def seeds(text: str) -> Iterator[int]:
    """The numbers of 1-20,33."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def main() -> int:
    """Exit code 1 when a law was broken, or no way led out."""
    from chaos.outcome import table
    from chaos.run import play
    from chaos.sequence import failed, sequence
    from runbook.lab.pair import Lab

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-20", help="as 1-20,33")
    parser.add_argument("--failed", action="store_true", help="those that broke a law once, before the seeds")
    parser.add_argument(
        "--lab", default="chaos", help="a lab that is up (inv lab.up --name=chaos ...); all on it is lost"
    )
    parser.add_argument("--folder", type=Path, help="what is kept of each sequence; else a new one in /tmp")
    parser.add_argument("--minutes", type=float, default=0, help="begin no sequence after so many")
    parser.add_argument("--built", action="store_true", help="the pair was bootstrapped already")
    parser.add_argument("--without", default="", help="names of faults: sequences with one of them are left out")
    parser.add_argument("--show", action="store_true", help="print the sequences and do nothing")
    given = parser.parse_args()
    until = time.monotonic() + given.minutes * 60 if given.minutes else float("inf")
    every = [*(failed() if given.failed else ()), *map(sequence, seeds(given.seeds))]
    every = [each for each in every if not {event.fault for event in each.events} & set(given.without.split(","))]
    if given.show:
        print("\n".join(f"{each.seed:5} {each}" for each in every))
        return 0
    chosen = (each for each in every if time.monotonic() < until)
    say = lambda text: print(text, flush=True)  # noqa: E731
    outcomes = play(Lab.named(given.lab), chosen, given.folder, say, built=given.built)
    print(table(outcomes))
    return int(any(outcome.broken for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
