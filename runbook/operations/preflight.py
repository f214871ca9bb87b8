"""Before anything changes: can these hosts be what hosts.env wants? Every reason at once, or none."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from runbook.core.step import NotReady
from runbook.errors import BadInput, RunbookError
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.pair.pair import ROLES, Pair
from runbook.pair.roles import contradiction
from runbook.pair.side import Side
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

MANAGER_QUESTION = "ps -o comm= -p 1 2>/dev/null || cat /proc/1/comm"
MACHINE_QUESTION = "cat /etc/machine-id 2>/dev/null || true"
SPACE_QUESTION = "df -Pk /var/lib /etc /usr/local | awk 'NR > 1 {print $6, $4}' | sort -u"
MAC_QUESTION = "cat /sys/class/net/*/address 2>/dev/null || true"
CLOCK_QUESTION = "date +%s.%N"
QUESTIONS = (
    MANAGER_QUESTION,
    MACHINE_QUESTION,
    SPACE_QUESTION,
    ADDRESSES_QUESTION,
    OS_QUESTION,
    UNITS_QUESTION,
    # Again, for a blank host is looked at more than once before what follows is asked ahead.
    PROGRAM_QUESTION,
    PROGRAM_QUESTION,
    PROGRAM_QUESTION,
    VERSION_QUESTION,
)

LEAST_FREE_MIB = 512
MOST_CLOCK_DIFFERENCE_SECONDS = 2.0


def examine(pair: Pair, then: Callable[[Side], Iterable[str]] = lambda side: ()) -> None:
    """Connect to both hosts and raise BadInput with everything that stands in the way.

    What will be asked of a host after this, `then`, shares its last round trip.
    """
    # Where the pair is locked, root's commands were understood.
    unfit = pair.side_by_side(lambda side: None if side.lock else side.host.unfit())
    reasons = [reason for reason in unfit.values() if reason]
    fit = tuple(role for role, reason in unfit.items() if not reason)
    with ThreadPoolExecutor(1) as beside:
        knocks: list[Future[str]] = []

        def look(side: Side) -> list[str]:
            side.host.foresee((*QUESTIONS, *side.record_questions()))
            if side.role == "master" and not side.has_server:
                # Nobody at the VIP takes a second to find out, and what apt would install not much less.
                knocks.append(beside.submit(_knock, pair))
            return list(_reasons(side))

        if fit:
            found = pair.side_by_side(look, fit)
            reasons += filter(None, [contradiction(pair.settings, pair.records(fit))])
            reasons += [reason for of_host in found.values() for reason in of_host]
    if len(fit) == len(ROLES):
        ahead = (lambda side: ()) if reasons else then
        pair.side_by_side(lambda side: side.host.foresee((ADDRESSES_QUESTION, *ahead(side))))
        answer = partial(_knock, pair) if not knocks else knocks[0].result
        stranger = _stranger_with_vip(pair, answer)
        reasons += filter(None, [_one_machine(pair), _two_engines(pair), _two_series(pair), stranger])
    if reasons:
        raise BadInput(*reasons)


def clock_difference(pair: Pair) -> float:
    """Seconds between the two hosts' clocks, beyond what asking takes."""

    def offset(side: Side) -> tuple[float, float]:
        asked = time.time()
        theirs = side.host.read(CLOCK_QUESTION, float)
        answered = time.time()
        return theirs - (asked + answered) / 2, (answered - asked) / 2

    found = pair.side_by_side(offset)
    (master, master_error), (slave, slave_error) = found["master"], found["slave"]
    return max(0.0, abs(master - slave) - master_error - slave_error)


def _reasons(side: Side) -> Iterator[str]:
    host, vip = side.host, side.settings.vip
    if host.ask(MANAGER_QUESTION).strip() != "systemd":
        yield f"{host}: its service manager is not systemd, which keeps mysqld and keepalived here"
    for folder, free_kib in host.read(SPACE_QUESTION, _free):
        if free_kib < LEAST_FREE_MIB * 1024:
            yield (
                f"{host}: only {free_kib // 1024} MiB free on {folder}, and {LEAST_FREE_MIB} MiB are needed\n"
                "Free some space there, then run the same command again."
            )
    try:
        _ = side.names
    except RunbookError as error:
        yield str(error)
    else:
        yield from _wrong_server(side)
    try:
        network = side.network
    except RunbookError as error:
        yield str(error)
        return
    if vip.ip not in network:
        yield (
            f"{host}: VIP = {vip}: it is outside the network {network} of the interface {side.interface}\n"
            "Take a free address of that network as VIP."
        )
    elif vip.network.prefixlen != network.prefixlen:
        # The VIP would bring a route of its own, by which the host that has it speaks to its peer as the VIP.
        yield (
            f"{host}: VIP = {vip}: the interface {side.interface} is in {network}, a network of another size\n"
            f"Write VIP={vip.ip}/{network.prefixlen} in hosts.env; without a prefix it is /24."
        )


def _free(said: str) -> list[tuple[str, int]]:
    """File systems and their free KiB."""
    return [(folder, int(free)) for folder, _, free in (line.rpartition(" ") for line in said.splitlines())]


def _wrong_server(side: Side) -> Iterator[str]:
    try:
        _ = side.dialect
    except NotReady:
        pass
    except RunbookError as error:
        yield f"{side.host}: {error}"


def _one_machine(pair: Pair) -> str | None:
    machines = pair.side_by_side(lambda side: side.host.ask(MACHINE_QUESTION).strip())
    if not machines["master"] or machines["master"] != machines["slave"]:
        return None
    return (
        "MASTER_HOST and SLAVE_HOST have the same /etc/machine-id: are they one machine, or one a clone?\n"
        "A clone needs its own: rm /etc/machine-id && systemd-machine-id-setup, then restart it."
    )


def _two_engines(pair: Pair) -> str | None:
    """MySQL and MariaDB do not replicate from each other: their GTIDs and events differ."""
    try:
        engines = {role: side.names.engine for role, side in pair.sides.items()}
    except RunbookError:
        return None  # told already, of the host that it is about
    if len(set(engines.values())) == 1:
        return None
    return (
        f"the master has or would get {engines['master']}, the slave {engines['slave']}: a pair is of one engine\n"
        "Name it in ENGINE; a host that has the other is not for this pair."
    )


def _two_series(pair: Pair) -> str | None:
    """Told before a server is installed beside one of another series, as far as that is known by then."""
    try:
        dialects = {role: side.dialect for role, side in pair.sides.items()}
    except RunbookError:
        return None  # told already, or known only once the server is there: install-mysql looks again
    master, slave = dialects["master"], dialects["slave"]
    if master.engine != slave.engine or master.series == slave.series:
        return None
    return (
        f"the master has or would get {master.engine} {master.series}, the slave {slave.series}: "
        "replication needs one series\n"
        "Install the same version on both; MYSQL_VERSION and MYSQL_SOURCE choose it for a blank host."
    )


def _stranger_with_vip(pair: Pair, knock: Callable[[], str]) -> str | None:
    """A third machine that answers for the VIP now."""
    if any(side.holds_vip() for side in pair.sides.values()):
        return None
    found = knock()
    if not found.startswith("lladdr") or found.split()[-1].lower() in _hardware_addresses(pair):
        return None
    return (
        f"VIP = {pair.settings.vip.ip}: another machine answers for that address already ({found})\n"
        "Choose a free address, or take it from that machine first."
    )


def _knock(pair: Pair) -> str:
    """Who answers for the VIP, found by the master as an ARP entry after a packet towards it.

    An entry of before is forgotten first: it may be that of a host of the pair, which has let the VIP go since.
    """
    vip = pair.settings.vip.ip
    knock = (
        f"ip neigh flush to {vip} 2>/dev/null; (echo > /dev/udp/{vip}/9) 2>/dev/null; for _ in {{1..10}}; do "
        f"found=$(ip neigh show {vip} | grep -oE 'lladdr [^ ]+|FAILED'); [ -n \"$found\" ] && break; sleep 0.1; done; "
        'echo "$found"'
    )
    return pair.master.host.ask(f"exec bash -c {shlex.quote(knock)}").strip()


def _hardware_addresses(pair: Pair) -> set[str]:
    """Of all interfaces of both hosts: one of them that took the VIP meanwhile is no stranger."""
    told = pair.side_by_side(lambda side: side.host.ask(MAC_QUESTION).lower().split())
    return {address for addresses in told.values() for address in addresses}
