"""The runbook's tasks: names, help, flags, confirmations and exit codes. What they do lives in runbook/.

Imports of runbook/ stand inside the tasks, so that `inv --list` answers at once: it needs the names of drills alone.
"""

import sys

if __name__ == "__main__":
    # While modules are read there is nothing to say of a Ctrl-C. By the C half of `signal`, as that one reads others
    # first, which on a busy machine takes long enough for one (seen).
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import gc
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # What Python compiles is kept, whatever the shell says, as for `inv test`: anew it costs each run 0.2 s.
    sys.dont_write_bytecode = False
    # Python looks for garbage after each 700 objects, and importing makes a hundred thousand that stay: a tenth of it.
    gc.set_threshold(50_000)
    # Invoke imports one for a class that nobody needs here, and asyncio with it, the other for files of configuration
    # that are not read (OwnConfig): half of what `inv --list` takes.
    stand_ins: dict[str, Any] = {"unittest.mock": SimpleNamespace(Mock=object), "invoke.vendor.yaml": SimpleNamespace()}
    sys.modules |= stand_ins

from runbook.commandline.environment import MADE_ANEW, forget, is_ours, make_anew

try:
    from invoke.collection import Collection
    from invoke.context import Context
    from invoke.exceptions import Exit
    from invoke.tasks import task

    from runbook.commandline.program import main
    from runbook.drill import faults
except ImportError as error:
    make_anew(error)

if __name__ == "__main__":
    for stand_in in stand_ins:
        del sys.modules[stand_in]

if TYPE_CHECKING:
    from runbook.operations.run import Run

HERE = Path(__file__).parent

JSON = {"json": "print one JSON document instead of text"}
YES = {"yes": "do not ask, do it"}


@contextmanager
def operator_errors(*, resumable: bool = True) -> Iterator[None]:
    """The one boundary: an operator's mistake or a host's failure becomes a sentence and an exit code."""
    from runbook.core.interrupt import interruptible
    from runbook.core.printable import printable
    from runbook.errors import RunbookError

    try:
        with interruptible(resumable=resumable):
            yield
    except RunbookError as error:
        raise Exit(f"\n{printable(str(error))}" if str(error) else None, error.exit_code) from None
    except ImportError as error:
        if not is_ours():
            raise
        forget()
        raise Exit(f"\n{error}\nThe Python environment is broken. Run it again: ./inv makes it anew.", 1) from error


def operation(
    *, resumable: bool = True, name: str | None = None, help: dict[str, str] | None = None
) -> Callable[[Callable[..., None]], Any]:
    """A task behind that boundary."""

    def made(body: Callable[..., None]) -> Any:
        @wraps(body)
        def bounded(*args: Any, **flags: Any) -> None:
            with operator_errors(resumable=resumable):
                body(*args, **flags)

        return task(bounded, name=name, help=help or {}, auto_shortflags=False)

    return made


def run_of(c: Context, *, dry: bool = False, yes: bool = False, json: bool = False) -> "Run":
    """What the operator asked for, `inv --dry` included."""
    from runbook.operations.run import Run

    return Run(os.environ, HERE, dry=dry or bool(c.config.run.dry), yes=yes, json=json)


def reaching(c: Context, *, dry: bool = False, yes: bool = False, json: bool = False) -> "Run":
    """The same, for a task that is about to ask the hosts: it connects to them while what it needs is imported."""
    run = run_of(c, dry=dry, yes=yes, json=json)
    run.reach()
    return run


@operation(help={key: f"the {key.upper()} of the new hosts.env" for key in ("master", "slave", "vip")})
def init(c: Context, master: str = "", slave: str = "", vip: str = "") -> None:
    """Write hosts.env for a new pair with fresh passwords; an existing one is never touched."""
    from runbook.settings.hosts_env import write_fresh

    print(write_fresh(HERE / "hosts.env", MASTER_HOST=master, SLAVE_HOST=slave, VIP=vip))


@operation(help=YES)
def trust_hosts(c: Context, yes: bool = False) -> None:
    """Show the hosts' SSH fingerprints and, once you agree, add them to known_hosts."""
    from runbook.operations.trust import trust

    trust(run_of(c, yes=yes))


@operation()
def sync_hosts_env(c: Context) -> None:
    """Exchange the two hosts in hosts.env when they have changed their roles; a copy is kept."""
    from runbook.operations.roles.stale_hosts_env import sync

    sync(run_of(c))


@operation(help=JSON)
def plan(c: Context, json: bool = False) -> None:
    """Show what bootstrap would change, and change nothing (exit 3 when there is something)."""
    run = reaching(c, dry=True, json=json)
    from runbook.operations.bootstrap import converge

    converge(run, "plan")


@operation(help=YES | JSON)
def bootstrap(c: Context, yes: bool = False, json: bool = False) -> None:
    """Take both hosts through all the steps below to a serving pair; what is right stays as it is."""
    run = reaching(c, yes=yes, json=json)
    from runbook.operations.bootstrap import converge

    converge(run, "bootstrap")


def step(name: str, what: str) -> Any:
    """A task for one step of the article."""

    def body(c: Context, yes: bool = False, json: bool = False) -> None:
        run = reaching(c, yes=yes, json=json)
        from runbook.operations.bootstrap import converge

        converge(run, name, (name,))

    body.__doc__ = what
    return operation(name=name, help=YES | JSON)(body)


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


@operation(help=JSON)
def verify(c: Context, json: bool = False) -> None:
    """Prove that the pair is healthy, or say what is not; writes one heartbeat row and nothing else."""
    run = reaching(c, json=json)
    from runbook.operations.verify import prove

    prove(run)


@operation(name="test")
def test_alert(c: Context) -> None:
    """Send a test alert from each host, and say whether it arrived; exit 1 when one did not."""
    from runbook.operations.alert_test import prove

    prove(run_of(c))


def drill(name: str) -> Any:
    """A task for one fault of runbook/drill/faults/."""

    def body(c: Context, yes: bool = False, failback: bool = False, json: bool = False) -> None:
        from runbook.drill import session

        session.one(run_of(c, yes=yes, json=json), name, home=failback)

    body.__doc__ = faults.help_of(name)
    helps = YES | JSON | {"failback": "bring the VIP home afterwards"}
    return operation(name=name, help=helps, resumable=False)(body)


DRILLS = tuple(map(drill, faults.NAMES))


def scene(name: str, what: str) -> Any:
    """A task for one scene of a pair's life."""

    def body(c: Context, yes: bool = False, json: bool = False) -> None:
        from runbook.drill import session

        session.scene(run_of(c, yes=yes, json=json), name)

    body.__doc__ = what
    return operation(name=name, help=YES | JSON, resumable=False)(body)


SCENES = (
    scene("switchover", "Drill: exchange the roles and exchange them back; writes stand still twice, for a moment."),
    scene(
        "lose-slave", "Drill: the slave loses its data and gets the master's by inv reseed; writes wait once for it."
    ),
    scene("patch-both", "Drill: reboot both hosts one after the other, each in maintenance, while clients write."),
    scene("lose-master", "Drill: the master is lost with its disk: promote, rejoin with a blank host, home again."),
    scene("returning-master", "Drill: the old master comes back while the promoted one is off: it must stay closed."),
)


@operation(name="all", help=YES | {"only": "names of drills, with commas between them"}, resumable=False)
def all_drills(c: Context, yes: bool = False, only: str = "") -> None:
    """Run every drill that can be had here, failback and verify after each; ends with a table of their figures."""
    from runbook.drill import session

    session.every(run_of(c, yes=yes), only.split(",") if only else ())


@operation()
def reports(c: Context) -> None:
    """List the last drills, and say where the reports of all of them are."""
    from runbook.drill import session

    session.past(run_of(c))


@operation(help=YES | JSON)
def switchover(c: Context, yes: bool = False, json: bool = False) -> None:
    """Exchange the roles of a healthy pair's hosts: writes stand still for a moment, nothing is lost."""
    run = reaching(c, yes=yes, json=json)
    from runbook.operations.roles.switchover import switchover as change

    change(run)


@operation(
    help=YES
    | {
        "host": "slave, or master: a master that stays closed as it does not see its slave takes writes alone",
        "unproven": "do it although nobody can prove that no write is missing, instead of typing it",
    }
)
def promote(c: Context, host: str = "slave", yes: bool = False, unproven: bool = False) -> None:
    """Make the slave the master when the master is lost; says first what may be missing."""
    run = reaching(c, yes=yes)
    from runbook.operations.roles.promote import promote as make_master

    make_master(run, host=host, unproven=unproven)


@operation(
    help=YES
    | {
        "gtids": "what only this host has and is given up, as this command names it, instead of typing it",
        "switchover": "exchange the roles afterwards",
    }
)
def rejoin(c: Context, yes: bool = False, gtids: str = "", switchover: bool = False) -> None:
    """Make the old master, or a new host in its place, the slave of the master that stands alone."""
    run = reaching(c, yes=yes)
    from runbook.operations.roles.rejoin import rejoin as join

    join(run, gtids=gtids, switchover=switchover)


@operation(name="begin", help=YES | {"host": "slave, or master: then it is a switchover first"})
def begin_maintenance(c: Context, host: str = "", yes: bool = False) -> None:
    """Let a host be patched, restarted, rebooted: alerts about it are silent, the VIP stays on the other."""
    from runbook.operations.maintenance import begin

    begin(run_of(c, yes=yes), host)


@operation(name="end")
def end_maintenance(c: Context) -> None:
    """End it: start what is not running, wait until the slave has caught up, and prove the pair."""
    from runbook.operations.maintenance import end

    end(run_of(c))


@operation(help=JSON | {"without_slave": "leave a slave behind that cannot follow"})
def failback(c: Context, json: bool = False, without_slave: bool = False) -> None:
    """Step 10: bring the VIP home to the master once it is proven that nothing is lost by it."""
    from runbook.operations.failback import bring_home

    bring_home(run_of(c, json=json), without_slave=without_slave)


@operation(
    help=YES
    | {
        "gtids": "what is given up, as this command names it, instead of typing it",
        "bring": "run them on the master instead of giving them up",
    }
)
def reconcile(c: Context, yes: bool = False, gtids: str = "", bring: bool = False) -> None:
    """Show what the slave has and the master lacks, keep it as a file, and give it up once you say so."""
    from runbook.operations.reconcile import reconcile

    reconcile(run_of(c, yes=yes), gtids=gtids, bring=bring)


@operation(
    help=YES
    | {
        "host": "whose data are replaced: slave, or master while the slave holds the VIP",
        "discard_old": "instead remove what earlier runs have kept of that host's data, or left of a copy",
    }
)
def reseed(c: Context, host: str = "", discard_old: bool = False, yes: bool = False) -> None:
    """Replace one host's data by the other's, which serves meanwhile; the old ones are kept where there is room."""
    run = reaching(c, yes=yes)
    from runbook.operations.reseed.reseed import reseed as replace

    replace(run, host, discard_old=discard_old)


LAB = {"name": "the lab's name"}
NEW_LAB = LAB | {"subnet": "its /24, by three numbers", "engine": "? for a list", "os": "default: the engine's first"}


@operation(help=NEW_LAB)
def up(c: Context, name: str = "pair", subnet: str = "192.168.152", engine: str = "mysql-9.7", os: str = "") -> None:
    """Build and boot two blank hosts on this machine to rehearse on; needs root."""
    from runbook.lab.pair import Lab

    Lab(name, subnet).up(print, engine, os)


@operation(help=LAB)
def down(c: Context, name: str = "pair") -> None:
    """Stop the lab's hosts and remove all of them but the cached image."""
    from runbook.lab.pair import Lab

    Lab.named(name).down()


@operation(help=LAB)
def reset(c: Context, name: str = "pair") -> None:
    """Make the lab's hosts blank again, in seconds."""
    from runbook.lab.pair import Lab

    Lab.named(name).reset(print)


@operation(help=LAB)
def status(c: Context, name: str = "pair") -> None:
    """Say whether the lab is up and how to get into its hosts."""
    from runbook.lab.pair import Lab

    print("\n".join(Lab.named(name).status()))


@operation(
    help={
        "unit": "only the tests that need no hosts",
        "all": "the tests that take minutes too, and the story on every other engine and system, not only on two",
        "args": "more arguments for pytest; the story is then told with --all only",
    },
    resumable=False,
)
def test(c: Context, unit: bool = False, all: bool = False, args: str = "") -> None:
    """Run the tests, those on lab hosts of their own included."""
    if args:
        run_tools(c, f"pytest {'tests/unit' if unit else 'tests'} {args}")
    else:
        # On every core; what Python compiles is kept, whatever the shell says: anew it costs each process a second.
        run_tools(c, "pytest tests/unit --numprocesses=auto", env={"PYTHONDONTWRITEBYTECODE": ""})
        if not unit:
            run_tools(c, "pytest tests/lab" if all else "pytest tests/lab -m 'not long'")
    if all or not (unit or args):
        from runbook.lab.recipes import stories

        for row in stories(every=all):
            print(f"\nThe story on {row}")
            told = args or ("" if all else "-m 'not long_elsewhere'")
            run_tools(c, f"pytest tests/lab {told}".rstrip(), env={"LAB_ENGINE": row})


@operation(resumable=False)
def lint(c: Context) -> None:
    """Run ruff, mypy, import-linter and shellcheck."""
    shell = "shellcheck -x inv files/*.sh runbook/lab/*.sh"
    run_tools(c, "ruff check .", "ruff format --check .", "mypy", "lint-imports --no-logo", shell)


def run_tools(c: Context, *commands: str, env: dict[str, str] | None = None) -> None:
    """Run tools of this environment from the project's folder; the first that fails ends the task with its code."""
    for command in commands:
        with c.cd(str(HERE)):
            tool, _, arguments = command.partition(" ")
            line = f"{shlex.quote(str(Path(sys.executable).parent / tool))} {arguments}"
            done = c.run(line, warn=True, env=env or {}, pty=sys.stdout.isatty())
        if done is not None and not done.ok:
            raise Exit(code=done.exited)


namespace = Collection(
    init,
    trust_hosts,
    sync_hosts_env,
    plan,
    bootstrap,
    *STEPS,
    verify,
    switchover,
    promote,
    rejoin,
    failback,
    reconcile,
    reseed,
    test,
    lint,
)
namespace.add_collection(Collection("alert", test_alert))
namespace.add_collection(Collection("drill", *DRILLS, *SCENES, all_drills, reports))
namespace.add_collection(Collection("maintenance", begin_maintenance, end_maintenance))
namespace.add_collection(Collection("lab", up, status, reset, down))

if __name__ == "__main__":
    os.environ.pop(MADE_ANEW, None)
    main()
