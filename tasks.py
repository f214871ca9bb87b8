"""The runbook's tasks: names, help, flags, confirmations and exit codes. What they do lives in runbook/.

Imports of runbook/ stand inside the tasks: `inv --list` needs none of them and answers at once.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.program import Program
from invoke.tasks import task
from invoke.util import helpline

if TYPE_CHECKING:
    from runbook.drill.recording import Recording
    from runbook.drill.result import Result
    from runbook.drill.series import Series
    from runbook.pair import Pair
    from runbook.report import Report
    from runbook.target import Target

HERE = Path(__file__).parent
FAILED, DRIFT, INTERRUPTED = 1, 3, 130

JSON = {"json": "print one JSON document instead of text"}
YES = {"yes": "do not ask, do it"}


class Job(NamedTuple):
    """What a task works with: the pair, where to report, and which pair was meant."""

    pair: "Pair"
    report: "Report"
    target: "Target"


@contextmanager
def operator_errors(masks: list[Callable[[str], str]], *, resumable: bool = True) -> Iterator[None]:
    """The one boundary: an operator's mistake or a host's failure becomes a sentence and an exit code."""
    from runbook.errors import RunbookError

    try:
        yield
    except RunbookError as error:
        text = str(error)
        for mask in masks:
            text = mask(text)
        raise Exit(f"\n{text}", error.exit_code) from None
    except KeyboardInterrupt:
        hint = ": run the same command again to finish it" if resumable else ""
        raise Exit(f"\ninterrupted{hint}", INTERRUPTED) from None


@contextmanager
def on_pair(c: Context, run: str, *, json: bool = False, dry: bool = False, lock: bool = True) -> Iterator[Job]:
    """Find the pair, say which, lock it unless nothing will change, and hand it to a task."""
    masks: list[Callable[[str], str]] = []
    with operator_errors(masks, resumable=not run.startswith("drill.")):
        from runbook.pair import Pair
        from runbook.report import Report
        from runbook.target import find_target

        target = find_target(os.environ, HERE)
        masks.append(target.mask)
        report = Report(target.mask, as_json=json)
        report.say(target.describe(), "bold")
        dry = dry or bool(c.config.run.dry)
        with (
            Pair(target.settings, dry=dry) as pair,
            pair.locked(run, report.say) if lock and not dry else nullcontext(),
        ):
            yield Job(pair, report, target)


def converge(
    c: Context, run: str, names: tuple[str, ...], *, dry: bool = False, yes: bool = False, json: bool = False
) -> None:
    """Run these steps of the article, or show what they would change (exit 3 when that is anything)."""
    with on_pair(c, run, json=json, dry=dry) as (pair, report, target):
        from runbook import bootstrap

        try:
            bootstrap.run(pair, names or bootstrap.NAMES, report, consent(target, yes))
        finally:
            report.totals(run)
        if pair.dry and any(outcome.is_drift for outcome in report.outcomes):
            raise Exit(code=DRIFT)


def consent(target: "Target", yes: bool) -> Callable[[str], bool]:
    """A yes-or-no question; on a lab and with --yes the answer is yes, without a terminal it is no."""

    def ask(question: str) -> bool:
        return yes or target.lab is not None or (sys.stdin.isatty() and answer(f"{question} [y/N] ") in ("y", "yes"))

    return ask


def typed_vip(target: "Target", yes: bool) -> Callable[[], bool]:
    """Whether the operator typed the VIP, as before anything that hurts; not asked on a lab or with --yes."""
    vip = str(target.settings.vip.ip)
    return lambda: (
        yes or target.lab is not None or (sys.stdin.isatty() and answer(f"Type the VIP to go on ({vip}): ") == vip)
    )


def answer(question: str) -> str:
    """What the operator typed, or nothing at the end of input."""
    try:
        return input(question).strip().lower()
    except EOFError:
        return ""


@task(
    help={key: f"the {key.upper()} of the new hosts.env" for key in ("master", "slave", "vip")}, auto_shortflags=False
)
def init(c: Context, master: str = "", slave: str = "", vip: str = "") -> None:
    """Write hosts.env for a new pair with fresh passwords; an existing one is never touched."""
    with operator_errors([]):
        from runbook.errors import BadInput
        from runbook.settings import render_hosts_env, write_new

        if not (master and slave and vip):
            raise BadInput("Name the three addresses: inv init --master=ADDRESS --slave=ADDRESS --vip=ADDRESS/PREFIX")
        write_new(HERE / "hosts.env", render_hosts_env({"MASTER_HOST": master, "SLAVE_HOST": slave, "VIP": vip}))
        print(
            f"{HERE / 'hosts.env'} written, mode 0600. Look it through, then: inv trust-hosts, inv plan, inv bootstrap"
        )


@task(help=YES, auto_shortflags=False)
def trust_hosts(c: Context, yes: bool = False) -> None:
    """Show the hosts' SSH fingerprints and, once you agree, add them to known_hosts."""
    with operator_errors([]):
        from runbook.target import find_target
        from runbook.trust import add, unknown_keys

        target = find_target(os.environ, HERE)
        print(target.describe())
        for found in unknown_keys(target.settings):
            print(f"{found.name}: {found.fingerprint}")
            if c.config.run.dry or not (
                yes or (sys.stdin.isatty() and answer("Is that the host? [y/N] ") in ("y", "yes"))
            ):
                raise Exit(
                    "not added: compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there", FAILED
                )
            add(target.settings, found)
        print(f"every host's key is in {target.settings.ssh_known_hosts}")


@task(help=JSON, auto_shortflags=False)
def plan(c: Context, json: bool = False) -> None:
    """Show what bootstrap would change, and change nothing (exit 3 when there is something)."""
    converge(c, "plan", (), dry=True, json=json)


@task(help=YES | JSON, auto_shortflags=False)
def bootstrap(c: Context, yes: bool = False, json: bool = False) -> None:
    """Take both hosts through all the steps below to a serving pair; what is right stays as it is."""
    converge(c, "bootstrap", (), yes=yes, json=json)


def step(name: str, what: str) -> Any:
    """A task for one step of the article."""

    def body(c: Context, yes: bool = False, json: bool = False) -> None:
        converge(c, name, (name,), yes=yes, json=json)

    body.__doc__ = what
    return task(body, name=name, help=YES | JSON, auto_shortflags=False)


STEPS = (
    step("prep-os", "Step 1: set SELinux and the firewall as hosts.env says; look at clocks and interfaces."),
    step("install-mysql", "Step 2: install the server, set root's password, remove what is insecure."),
    step("configure-mycnf", "Step 3: write our my.cnf fragment and bring it into force; restarts only when needed."),
    step("create-replica-user", "Step 4: make the accounts and log in from each host to the other."),
    step("start-slave", "Step 5: start replication and see a write of the master on the slave."),
    step("install-keepalived", "Step 6: install keepalived and its configuration; it is not started yet."),
    step("deploy-scripts", "Step 7: put the four scripts on both hosts; keepalived calls them."),
    step("start", "Step 8: start mysqld, then keepalived, the master first; the VIP ends on the master."),
)


@task(help=JSON, auto_shortflags=False)
def verify(c: Context, json: bool = False) -> None:
    """Prove that the pair is healthy, or say what is not; writes one heartbeat row and nothing else."""
    with on_pair(c, "verify", json=json, lock=False) as (pair, report, _):
        from runbook import verify as verification

        if not verification.run(pair, report):
            raise Exit(code=FAILED)


@task(name="test", auto_shortflags=False)
def test_alert(c: Context) -> None:
    """Send a test alert from each host, and say whether it arrived; exit 1 when one did not."""
    with on_pair(c, "alert.test", lock=False) as (pair, report, _):
        from runbook import alert_test

        if not alert_test.run(pair, report):
            raise Exit(code=FAILED)


def drill(name: str, what: str) -> Any:
    """A task for one fault of runbook/drill/faults/."""

    def body(c: Context, yes: bool = False, failback: bool = False, json: bool = False) -> None:
        with recording(name, json=json) as record:
            result = rehearse(c, name, yes, record, json=json)
            if failback and result:
                bring_home(c, record, json=json)
                prove_books(c, name, result, record, json=json)

    body.__doc__ = what
    helps = YES | JSON | {"failback": "bring the VIP home afterwards"}
    return task(body, name=name, help=helps, auto_shortflags=False)


DRILLS = (
    drill(
        "kill-master", "Step 9: kill the master's mysqld and watch the slave take over; leaves the pair failed over."
    ),
    drill("freeze-master", "Freeze the master's mysqld and wake it after the takeover; leaves the pair failed over."),
    drill("stop-keepalived", "Stop the master's keepalived while its mysqld goes on; leaves the pair failed over."),
    drill("kill-keepalived", "Kill the master's keepalived while its mysqld goes on; leaves the pair failed over."),
    drill(
        "power-off-master", "Cut the lab master's power and boot it after the takeover; leaves the pair failed over."
    ),
    drill("power-off-both", "Cut the power of both lab hosts and boot them together; the pair comes home by itself."),
)


@contextmanager
def recording(name: str, *, json: bool = False) -> Iterator["Recording"]:
    """The report of a drill and of the failback after it; with `json` it is printed at the end."""
    from runbook.drill.recording import Recording
    from runbook.drill.reports import Reports
    from runbook.report import Report

    record = Recording(name, Reports.found(os.environ, HERE))
    try:
        yield record
    finally:
        if json and record.document:
            Report(str).document(record.document)
        elif record.page:
            Report(str).say(f"Report: {record.page}")


def rehearse(
    c: Context, name: str, yes: bool, record: "Recording", series: "Series | None" = None, *, json: bool = False
) -> "Result | None":
    """Drill one fault; what it measured, or None in a dry run."""
    with (
        on_pair(c, f"drill.{name}", json=json) as (pair, report, target),
        record.of(target, report) as recorder,
    ):
        from runbook.drill import failover
        from runbook.drill.faults import FAULTS
        from runbook.drill.series import Series

        work = partial(failover.run, pair, FAULTS[name](), report, typed_vip(target, yes), recorder)
        return (series or Series()).note(name, work)


@task(name="all", help=YES, auto_shortflags=False)
def all_drills(c: Context, yes: bool = False) -> None:
    """Run every drill that can be had here, failback and verify after each; ends with a table of their figures."""
    with operator_errors([]):
        from runbook.drill import summary
        from runbook.drill.faults import FAULTS
        from runbook.drill.series import Series
        from runbook.report import Report
        from runbook.target import find_target

        settings = find_target(os.environ, HERE).settings
    series = Series()
    try:
        for name, fault in FAULTS.items():
            if fault().reason_against(settings):
                print(f"drill.{name} cannot be had here and is left out; run it alone to see why.")
            else:
                drill_and_come_home(c, name, yes or bool(series.results), series)
    finally:
        Report(str).show(summary.table(series.results))
    if series.broken:
        raise Exit(code=FAILED)


def drill_and_come_home(c: Context, name: str, yes: bool, series: "Series") -> None:
    """One drill of several: a broken promise does not end them while the pair can be brought home."""
    with recording(name) as record:
        with going_on():
            if rehearse(c, name, yes, record, series) is None:
                return
        bring_home(c, record)
        if result := series.measured(name):
            with going_on():
                prove_books(c, name, result, record, series)


@contextmanager
def going_on() -> Iterator[None]:
    """What failed is told, and is no reason to stop; bad input and Ctrl-C are."""
    try:
        yield
    except Exit as failed:
        if failed.code != FAILED:
            raise
        print(failed.message)


@task(auto_shortflags=False)
def reports(c: Context) -> None:
    """List the last drills, and say where the reports of all of them are."""
    with operator_errors([]):
        from runbook.drill.index import table
        from runbook.drill.reports import Reports
        from runbook.report import Report

        found = Reports.found(os.environ, HERE)
        report, entries = Report(str), found.renew_index()
        if entries:
            report.show(table(entries))
        report.say(f"All of them: {found.index}" if entries else f"No drill was reported in {found.folder} so far.")


@task(auto_shortflags=False)
def failback(c: Context) -> None:
    """Step 10: bring the VIP home to the master once it is proven that nothing is lost by it."""
    bring_home(c)


def bring_home(c: Context, record: "Recording | None" = None, *, json: bool = False) -> None:
    """What `failback` does, alone or after a drill; then verify, so that the last line is proof."""
    with (
        on_pair(c, "failback", json=json) as (pair, report, target),
        record.of(target, report) if record else nullcontext() as recorder,
    ):
        from runbook import failback as operation
        from runbook import verify as verification

        if pair.dry:
            acts = operation.intended(pair)
            report.say("\n".join(f"would {act}" for act in acts) or "nothing to do")
            raise Exit(code=DRIFT if acts else 0)
        good = not operation.run(pair, report, recorder) or verification.run(pair, report, quiet=json)
        if recorder:
            recorder.score(operation.verified(good))
    if not good:
        raise Exit(code=FAILED)


def prove_books(
    c: Context, name: str, drilled: "Result", record: "Recording", series: "Series | None" = None, *, json: bool = False
) -> None:
    """Once the pair is home after a drill: both servers have the same, each acknowledged write among it."""
    with (
        on_pair(c, f"drill.{name}", json=json, lock=False) as (pair, report, target),
        record.of(target, report) as recorder,
    ):
        from runbook.drill import failover
        from runbook.drill.series import Series

        (series or Series()).note(name, partial(failover.prove_books, pair, drilled, report, recorder))


@task(
    help={
        "name": "the lab's name",
        "subnet": "its /24, by three numbers",
        "engine": "such as mysql-9.7; an unknown one is answered with the list",
        "os": "such as debian-sid",
    },
    auto_shortflags=False,
)
def up(
    c: Context, name: str = "pair", subnet: str = "192.168.152", engine: str = "mysql-9.7", os: str = "debian-sid"
) -> None:
    """Build and boot two blank hosts on this machine to rehearse on; needs root."""
    with operator_errors([]):
        from runbook.lab.pair import Lab

        Lab(name, subnet).up(print, engine, os)


@task(help={"name": "the lab's name"}, auto_shortflags=False)
def down(c: Context, name: str = "pair") -> None:
    """Stop the lab's hosts and remove all of them but the cached image."""
    with operator_errors([]):
        from runbook.lab.pair import Lab

        Lab.named(name).down()


@task(help={"name": "the lab's name"}, auto_shortflags=False)
def reset(c: Context, name: str = "pair") -> None:
    """Make the lab's hosts blank again, in seconds."""
    with operator_errors([]):
        from runbook.lab.pair import Lab

        Lab.named(name).reset(print)


@task(help={"name": "the lab's name"}, auto_shortflags=False)
def status(c: Context, name: str = "pair") -> None:
    """Say whether the lab is up and how to get into its hosts."""
    with operator_errors([]):
        from runbook.lab.pair import Lab

        print("\n".join(Lab.named(name).status()))


@task(help={"unit": "only the tests that need no hosts", "args": "more arguments for pytest"}, auto_shortflags=False)
def test(c: Context, unit: bool = False, args: str = "") -> None:
    """Run the tests, those on lab hosts of their own included."""
    run_python(c, f"pytest {'tests/unit' if unit else 'tests'} {args}")


@task(auto_shortflags=False)
def lint(c: Context) -> None:
    """Run ruff, mypy and shellcheck."""
    run_python(c, "ruff check .", "ruff format --check .", "mypy")
    with c.cd(str(HERE)):
        c.run(f"{Path(sys.executable).parent / 'shellcheck'} -x files/*.sh", pty=sys.stdout.isatty())


def run_python(c: Context, *modules: str) -> None:
    """Run modules of this environment from the project's folder; the first that fails ends the task with its code."""
    for module in modules:
        with c.cd(str(HERE)):
            done = c.run(f"{sys.executable} -m {module}", warn=True, pty=sys.stdout.isatty())
        if done is not None and not done.ok:
            raise Exit(code=done.exited)


class Runbook(Program):
    """Invoke, with a list of tasks that reads in the article's order and not in the alphabet's."""

    def list_flat(self) -> None:
        self.display_with_columns(pairs=list(in_order(self.scoped_collection)))


def in_order(tasks: Collection, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Names and help lines as the namespace below has them."""
    for name, each in tasks.tasks.items():
        yield prefix + name, helpline(each)
    for name, inner in tasks.collections.items():
        yield from in_order(inner, f"{prefix}{name}.")


namespace = Collection(init, trust_hosts, plan, bootstrap, *STEPS, verify, failback)
namespace.add_collection(Collection("alert", test_alert))
namespace.add_collection(Collection("drill", *DRILLS, all_drills, reports))
namespace.add_collection(Collection("lab", up, status, reset, down))
for each in (test, lint):
    namespace.add_task(each)

if __name__ == "__main__":
    Runbook(name="inv", binary="inv", version="0.1.0").run()
