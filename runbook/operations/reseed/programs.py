"""The programs of a route on both hosts: looked for, and installed where that removes nothing."""

from collections.abc import Sequence

from runbook.core.report import Report
from runbook.errors import HostError
from runbook.mysql.seeding.route import Route
from runbook.operations.failback import Refused
from runbook.pair.pair import Pair
from runbook.pair.side import Side


def missing(side: Side, route: Route) -> list[str]:
    """Those that are not there."""
    looked = " ".join(route.programs)
    if not looked:
        return []
    return side.host.ask(f"for each in {looked}; do command -v $each >/dev/null || echo $each; done").split()


def package_of(side: Side, route: Route) -> str:
    """The package that brings what is missing; empty where nothing is. Refused where it would remove another."""
    absent = missing(side, route)
    if not absent:
        return ""
    packages = side.family.TOOL_PACKAGES.get(route.programs[0], ())
    for package in packages:
        if not side.host.ask(side.family.candidate_question(package), timeout=60).strip():
            continue
        removed = side.family.removals(side.host, package)
        if removed:
            raise Refused(why_not_installed(str(side.host), package, removed))
        return package
    raise Refused(
        f"{side.host}: {', '.join(absent)} is not there, nor in its package sources ({', '.join(packages)})",
        "Nothing was changed. Install it there, of the server's version",
    )


def why_not_installed(host: str, package: str, removed: Sequence[str]) -> str:
    """A tool is not worth a server. Pure."""
    return (
        f"{host}: to install {package} would remove {', '.join(removed)}\n"
        "Nothing was changed. Install it there by hand, of the vendor of the server, or choose another way: SEED"
    )


def bring(pair: Pair, route: Route, report: Report) -> None:
    """Install what is missing; HostError where it is not there afterwards."""

    def on(side: Side) -> None:
        package = package_of(side, route)
        if package:
            side.family.install(side.host, package)
            report.say(f"{side.host}: installed {package}")
        if left := missing(side, route):
            raise HostError(str(side.host), f"{package} is installed, and yet there is no {', '.join(left)}")

    pair.side_by_side(on)
