"""One sequence after the other: break, heal, follow the advice, judge."""

import io
import json
import re
import secrets
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pymysql
from dotenv import dotenv_values

from chaos import laws
from chaos.faults import FAULTS, LETS_GO_OF_THE_VIP, Do, Machine
from chaos.hosts import Host, view
from chaos.ledger import Ledger, rows_of
from chaos.outcome import Outcome
from chaos.rounds import Operator
from chaos.sequence import SCENES, Act, Event, Sequence, document
from chaos.watch import Watch
from runbook.lab.command import LabError
from runbook.lab.pair import Lab

CLOSE_KILL_SECONDS, SEMI_SYNC_SECONDS = 10, 3
# A commit that waits for the slave is waited for before each try, and a busy host is slow.
CLOSED_WITHIN_SECONDS = CLOSE_KILL_SECONDS + 2 * (SEMI_SYNC_SECONDS + 3) + 8
SCENE_SECONDS = 25
HEAL_SECONDS = 60
BUILD_SECONDS = 400
SAME_SECONDS = 20
AGREE_SECONDS = 4
JOURNAL = "journalctl --no-pager -o short-precise -b 0 -n 4000; tail -n 60 /var/log/mysql/error.log"


class Chaos:
    """A lab, and what is done to it."""

    def __init__(self, lab: Lab, folder: Path, say: Callable[[str], None]) -> None:
        self._lab = lab
        self._folder = folder
        self._say = say
        self._hosts_env = folder / "hosts.env"
        self._passwords = {user: secrets.token_hex(12) for user in ("chaos", "chaos_watch", "chaos_client")}
        self.vip = lab.network.address(130)
        peers = {"master": lab.slave.address, "slave": lab.master.address}
        machines = {"master": lab.master, "slave": lab.slave}
        self.hosts = {r: Host(r, machine, peers[r], self._passwords["chaos"]) for r, machine in machines.items()}

    def build(self, *, anew: bool) -> None:
        """A healthy pair with the tests' own accounts and table, from blank hosts where it is to be anew."""
        for host in self.hosts.values():
            host.do(Machine.JOIN)
        anew = anew or not self._lab.is_up()
        if anew:
            self._lab.reset(lambda text: None)
        else:
            for host in self.hosts.values():
                host.do(Machine.BOOT)
        text = re.sub(
            r"^#?(CLOSE_KILL_SECONDS|SEMI_SYNC_TIMEOUT_MS)=.*\n", "", self._lab.hosts_env.read_text(), flags=re.M
        )
        text += f"CLOSE_KILL_SECONDS={CLOSE_KILL_SECONDS}\nSEMI_SYNC_TIMEOUT_MS={SEMI_SYNC_SECONDS * 1000}\n"
        self._hosts_env.touch(mode=0o600)
        self._hosts_env.write_text(text)
        operator = self._operator(())
        if not anew:
            operator.inv("failback")
        ran = operator.inv("bootstrap", "--yes", seconds=BUILD_SECONDS)
        if ran.code and not anew:
            return self.build(anew=True)
        assert not ran.code, f"bootstrap of blank hosts: exit {ran.code}\n{ran.out}"
        return self._accounts(text)

    def _accounts(self, hosts_env: str) -> None:
        known = dotenv_values(stream=io.StringIO(hosts_env), interpolate=False)
        password = shlex.quote(known["MYSQL_ROOT_PASSWORD"] or "")
        own = f'[client]\nuser=chaos\npassword="{self._passwords["chaos"]}"\n'
        rights = {
            "chaos": "ALL PRIVILEGES ON *.*",
            "chaos_watch": "USAGE ON *.*",
            "chaos_client": "ALL PRIVILEGES ON chaos.*",
        }
        statements = []
        for user, secret in self._passwords.items():
            account = f"{user}@'{'%' if user == 'chaos_client' else 'localhost'}'"
            statements += [
                f"CREATE USER IF NOT EXISTS {account}",
                f"ALTER USER {account} IDENTIFIED BY '{secret}'",
                f"GRANT {rights[user]} TO {account}",
            ]
        statements += [
            "CREATE SCHEMA IF NOT EXISTS chaos",
            "CREATE TABLE IF NOT EXISTS chaos.ledger (n BIGINT AUTO_INCREMENT PRIMARY KEY, run VARCHAR(40), "
            "id VARCHAR(80), KEY (run), KEY (id))",
            "CREATE TABLE IF NOT EXISTS chaos.errant (id VARCHAR(80) PRIMARY KEY)",
        ]
        for host in self.hosts.values():
            said = host.run(f"umask 077; cat > /root/.chaos.cnf <<'E'\n{own}E")
            assert not said, said
        master = self.hosts["master"]
        said = master.run(f"MYSQL_PWD={password} mysql -u root <<'E'\n{';'.join(statements)};\nE")
        assert not said, said
        self._until(SAME_SECONDS, lambda: not self._why_not_healthy())

    def _operator(self, ends: Iterable[tuple[Host, Do]]) -> Operator:
        ends = tuple(ends)
        return Operator(self._hosts_env, self.hosts, lambda: self._end(ends))

    def one(self, what: Sequence) -> Outcome:
        """Play a sequence on a healthy pair."""
        began = time.monotonic()
        run = f"{what.seed}-{secrets.token_hex(3)}"
        ends = [(host, FAULTS[e.fault].ends) for e in what.events for host in self._hosts_of(e)]
        operator = self._operator(ends)
        operator.live = self._folder / "live.txt"
        watch = Watch(self.hosts, self.vip, self._passwords["chaos_watch"])
        ledger = Ledger(self.vip, self._passwords["chaos_client"], run)
        broken: list[str] = []
        opened: list[laws.Span] = []
        ill: list[laws.Span] = []
        with watch, ledger:
            if reason := self._set(what, opened):
                broken.append(f"the scene was not brought about: {reason}")
            self._play(what, operator, opened, ill)
            self._end(ends, until_done=True)
            healed = time.monotonic()
            rounds, reason = operator.until_healthy()
            broken += [reason] if reason else []
            if not reason and (said := self._until(AGREE_SECONDS, lambda: not self._why_not_healthy())):
                broken.append(f"verify says healthy, and {said}: {self._why_not_healthy(gaps=True)}")
            time.sleep(0.5)
            ledger.end()
        excuses = laws.Excuses(
            tuple((since, (until if until else healed) + 8) for since, until in opened),
            tuple((since, until + 10) for since, until in ill),
            operator.book.spans("failback", "bootstrap", "start"),
        )
        # A fault that lets root open a server at its next start does so whenever that is.
        if any(FAULTS[e.fault].opens and "persist" in e.fault for e in what.events):
            excuses = laws.Excuses(((began, time.monotonic()),), excuses.slave_ill, excuses.failback)
        broken += laws.broken(watch.samples, excuses, CLOSED_WITHIN_SECONDS)
        broken += self._audit(run, ledger)
        broken += [f"a traceback: inv {ran.command}" for ran in operator.book.runs if "Traceback (most" in ran.out]
        outcome = Outcome(what, rounds, time.monotonic() - began, len(ledger.acknowledged), tuple(broken))
        self._keep(outcome, operator, watch, began)
        return outcome

    def _hosts_of(self, event: Event) -> list[Host]:
        return list(self.hosts.values()) if FAULTS[event.fault].both else [self.hosts[event.role]]

    def _set(self, what: Sequence, opened: list[laws.Span]) -> str:
        scene = SCENES[what.scene]
        for event in scene.faults:
            now = time.monotonic()
            if said := self.hosts[event.role].do(FAULTS[event.fault].begins):
                return said
            if FAULTS[event.fault].opens:
                opened.append((now - 1, now))
        return self._until(SCENE_SECONDS, lambda: view(self.hosts, self.vip).vip_on == (scene.vip_on,))

    def _play(self, what: Sequence, operator: Operator, opened: list[laws.Span], ill: list[laws.Span]) -> None:
        """All of it by the clock, side by side."""
        zero = time.monotonic()

        def at(moment: float) -> None:
            time.sleep(max(0.0, zero + moment - time.monotonic()))

        def fault(event: Event, host: Host) -> None:
            at(event.at)
            since = time.monotonic()
            said = host.do(FAULTS[event.fault].begins)
            operator.book.lines.append(f"\n# {since - zero:.1f} {event.fault} on the {host.role} {said}")
            if FAULTS[event.fault].lasts:
                at(max(event.at + event.seconds, time.monotonic() - zero))
                said = host.do(FAULTS[event.fault].ends)
                operator.book.lines.append(f"\n# {time.monotonic() - zero:.1f} end of {event.fault} {said}")
            if FAULTS[event.fault].opens:
                opened.append((since - 1, time.monotonic()))
            if host.role == "slave" and event.fault in LETS_GO_OF_THE_VIP:
                ill.append((since, time.monotonic()))

        def act(act: Act) -> None:
            at(act.at)
            operator.inv(*self._words(act), kill_after=act.killed_after, number=_signal(act.signal))

        with ThreadPoolExecutor(12) as pool:
            futures: list[Future[None]] = [
                pool.submit(fault, event, host) for event in what.events for host in self._hosts_of(event)
            ]
            futures += [pool.submit(act, what.act)] if what.act else []
        for future in futures:
            future.result()

    def _words(self, act: Act) -> tuple[str, ...]:
        errant = ""
        with suppress(pymysql.MySQLError, OSError):
            # The slave first: what it gets meanwhile, the master has.
            ((has,),) = self.hosts["slave"].rows("SELECT @@GLOBAL.gtid_executed")
            ((errant,),) = self.hosts["master"].rows(f"SELECT GTID_SUBTRACT('{has}', @@GLOBAL.gtid_executed)")
        return tuple(word.replace("ERRANT", errant.replace("\n", "")) for word in act.command)

    def _end(self, ends: Iterable[tuple[Host, Do]], *, until_done: bool = False) -> None:
        """Every fault's end once more, power first; what a mysqld that is down does not take is tried again later."""
        ends = tuple(ends)
        deadline = time.monotonic() + (HEAL_SECONDS if until_done else 0)
        for host in self.hosts.values():
            host.do(Machine.JOIN)
            host.do(Machine.BOOT)
        for host, what in ends:
            if isinstance(what, str):
                while host.do(what) and "mysql --" not in what and time.monotonic() < deadline:
                    time.sleep(0.5)

    def _why_not_healthy(self, *, gaps: bool = False) -> str:
        seen = view(self.hosts, self.vip)
        # Clients write meanwhile: what one server has a moment before the other is no gap.
        return (seen if gaps else replace(seen, lacking="")).why_not_healthy()

    def _until(self, seconds: float, is_so: Callable[[], bool]) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_so():
                return ""
            time.sleep(0.2)
        return f"not so in {seconds} s"

    def _audit(self, run: str, ledger: Ledger) -> list[str]:
        """Every acknowledged row on both servers, and the same transactions, once they have had time."""

        def same() -> bool:
            return not view(self.hosts, self.vip).lacking

        said = self._until(SAME_SECONDS, same)
        gap = [f"the servers' rows differ: {view(self.hosts, self.vip).lacking}"] if said else []
        try:
            return gap + laws.lost(ledger.acknowledged, rows_of(run, self.hosts))
        except (pymysql.MySQLError, OSError) as error:
            return [*gap, f"a server could not be asked for its rows: {error}"]

    def _keep(self, outcome: Outcome, operator: Operator, watch: Watch, began: float) -> None:
        folder = self._folder / f"seed-{outcome.sequence.seed}"
        folder.mkdir(exist_ok=True)
        (folder / "sequence.json").write_text(
            json.dumps({"seen": outcome.broken, "sequence": document(outcome.sequence)}, indent=1)
        )
        (folder / "operator.txt").write_text("\n".join([outcome.line(), *operator.book.lines]))
        if outcome.broken:
            last: dict[str, object] = {}
            lines = []
            for sample in watch.samples:
                state = (sample.vip, sample.flags)
                if last.get(sample.role) != state:
                    last[sample.role] = state
                    lines.append(f"{sample.at - began:7.2f} {sample.role:6} vip={sample.vip} {sample.flags}")
            (folder / "watch.txt").write_text("\n".join(lines))
            for role, host in self.hosts.items():
                (folder / f"{role}.journal").write_text(host.said(JOURNAL, 20))
        with (self._folder / "outcomes.jsonl").open("a") as file:
            row = {"seed": outcome.sequence.seed, "what": str(outcome.sequence), "verdict": outcome.verdict}
            row |= {"rounds": outcome.rounds, "seconds": round(outcome.seconds), "acknowledged": outcome.acknowledged}
            file.write(json.dumps(row | {"broken": outcome.broken}) + "\n")


def _signal(name: str) -> int:
    return signal.SIGINT if name == "INT" else signal.SIGKILL


def play(
    lab: Lab, sequences: Iterable[Sequence], folder: Path | None, say: Callable[[str], None], *, built: bool
) -> list[Outcome]:
    """Play these, one after the other; a pair that one has broken is made anew for the next."""
    folder = folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(exist_ok=True)
    chaos = Chaos(lab, folder, say)
    chaos.build(anew=not built)
    outcomes = []
    for each in sequences:
        try:
            outcome = chaos.one(each)
        except (LabError, subprocess.SubprocessError) as error:
            outcome = Outcome(each, 0, 0, 0, (f"the test itself: {error}",))
        outcomes.append(outcome)
        say(outcome.line())
        if outcome.broken:
            say(f"      kept in {folder}/seed-{each.seed}")
        if outcome.spoils:
            chaos.build(anew=True)
    return outcomes
