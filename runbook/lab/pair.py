"""The lab: a blank master and a blank slave on a bridge, and the hosts.env that fits them."""

import json
import os as operating_system
import re
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from runbook.errors import BadInput
from runbook.lab.command import LabError, Say, locked, remove_tree, run
from runbook.lab.identity import (
    PREFIX_LENGTH,
    give_to_operator,
    has_identity,
    known_host,
    make_key,
    ssh_config,
    write_for_operator,
    write_identity,
)
from runbook.lab.image import CACHE, image, install_tools
from runbook.lab.kernel import check_kernel
from runbook.lab.machine import Machine
from runbook.lab.network import Network
from runbook.lab.port_cut import PortCut
from runbook.lab.recipes import recipe_for
from runbook.settings.hosts_env import render_hosts_env

STATE = Path("/var/lib/mysql-runbook-lab")
LOCKS = Path("/run")
UNNAMED = "pair"
# nspawn names a host's bridge port "vb-NAME-m"; an interface name has 15 characters (IFNAMSIZ less one).
NAME = re.compile(r"[a-z][a-z0-9]{0,9}")
READY_SECONDS = 60
SHUTDOWN_SECONDS = 20
LOCK_SECONDS = 2400


class Lab:
    """Two hosts by `name`, in a private /24 by its first three numbers: .128 master, .129 slave, .130 VIP."""

    def __init__(self, name: str = UNNAMED, subnet: str = "192.168.152") -> None:
        if not NAME.fullmatch(name):
            raise BadInput(f"lab name {name!r}: at most ten of a-z and 0-9, a letter first")
        self.name = name
        self.home = STATE / name
        self.hosts_env = self.home / "hosts.env"
        self.network = Network(f"lab-{name}", subnet)
        self.master = self._machine("master", 128)
        self.slave = self._machine("slave", 129)
        named = "" if name == UNNAMED else f" --name {name}"
        self._up, self._down = (f"sudo ./inv lab.{verb}{named}" for verb in ("up", "down"))

    def _machine(self, role: str, number: int) -> Machine:
        short = f"{self.name}-{role[0]}"
        address = self.network.address(number)
        return Machine(short, f"mysql-{role}", address, self.network.bridge, self.home / role)

    @property
    def machines(self) -> tuple[Machine, Machine]:
        """Both hosts, the master first."""
        return (self.master, self.slave)

    @staticmethod
    def named(name: str) -> "Lab":
        """The lab of this name, in the subnet it was made with if it is there."""
        lab = Lab(name)
        record = lab._record()
        return Lab(name, record["subnet"]) if record else lab

    @staticmethod
    def unnamed() -> list[Path]:
        """The hosts.env of the lab that was made without a name; where there is none, of every lab."""
        every = sorted(STATE.glob("*/hosts.env"))
        return [path for path in every if path == Lab().hosts_env] or every

    @staticmethod
    def owning(hosts_env: Path) -> "Lab | None":
        """The lab whose hosts.env this is, or None."""
        file = hosts_env.resolve()
        if file.name != "hosts.env" or file.parent.parent != STATE.resolve():
            return None
        return Lab.named(file.parent.name) if (file.parent / "lab.json").exists() else None

    def up(self, say: Say, engine: str = "mysql-9.7", os: str = "") -> None:
        """Build what is missing of the lab and start what does not run; say each thing done.

        The hosts are blank: no database, no keepalived. A lab that is up stays as it is. Raises LabError.
        """
        recipe = recipe_for(engine, os)
        os = recipe.os
        with self._work(say):
            record = self._record()
            self._refuse_another(record, engine, os)
            if self.is_up():
                say(f"lab {self.name}: already up, settings in {self.hosts_env}")
                return
            install_tools(recipe.tools, say)
            check_kernel()
            self.network.create()
            root = Path(record["image"]) if record else None
            if root is None or not root.exists():
                root = image(recipe, STATE, say)
                self._drop_disks()
            self._remember(engine, os, root)
            where = f"bridge {self.network.bridge}, {self.network.address(1)}"
            say(f"lab {self.name}: {engine} on {os}, {where}")
            self._start(root, say)

    def reset(self, say: Say) -> None:
        """Put blank disks in both hosts and boot them: same addresses and login key, new passwords."""
        with self._work(say):
            record = self._record()
            if not record:
                raise LabError(f"lab {self.name} is not there to reset", self._up)
            engine, os = record["engine"], record["os"]
            self._refuse_another(record, engine, os)
            root = image(recipe_for(engine, os), STATE, say)
            self.hosts_env.unlink(missing_ok=True)
            self._drop_disks()
            self._remember(engine, os, root)
            self.network.create()
            self._start(root, say)

    def blank(self, machine: Machine, say: Say) -> None:
        """Put a blank disk in a host that has no power, as one that comes new in its place: its SSH keys are others."""
        machine.drop_disk()
        self._prepare_disks(Path(self._record()["image"]))
        say(f"{machine.hostname} {machine.address}: has a blank disk")

    def down(self) -> None:
        """Stop both hosts and remove all of the lab; the image cache and the unreachable route stay."""
        with self._work(lambda _: None):
            self.hosts_env.unlink(missing_ok=True)
            for machine in self.machines:
                machine.press_power_button()
            for machine in self.machines:
                try:
                    machine.power_off(SHUTDOWN_SECONDS)
                except LabError:
                    machine.power_cut()
            remove_tree(self.home)
            self.network.remove()

    def restore(self, say: Say) -> None:
        """Boots hosts that have no power and joins those that are cut off, as a drill that was cut off may leave them.

        Raises LabError when that is not possible, or when a process that runs has them so.
        """
        lost = [machine for machine in self.machines if not machine.is_running() or PortCut(machine.port).is_made]
        if lost and operating_system.geteuid() != 0:
            names = " and ".join(machine.hostname for machine in lost)
            raise LabError(f"{names} has no power or no network", "Run the same command with sudo: it puts that right.")
        with ExitStack() as held:
            for machine in lost:
                hold = machine.hold()
                hold.take()
                held.callback(hold.release)
            for machine in lost:
                say(f"{machine.hostname} {machine.address}: had no power or no network, and gets it back")
                machine.boot()
                PortCut(machine.port).undo()
            for machine in lost:
                machine.wait_for_ssh(READY_SECONDS)

    def is_up(self) -> bool:
        """Whether both hosts run, the bridge is there, and hosts.env tells how to reach them."""
        return (
            self.hosts_env.exists() and self.network.exists and all(machine.is_running() for machine in self.machines)
        )

    def status(self) -> list[str]:
        """What is there, a line each, for an operator."""
        record = self._record()
        if not record:
            return [f"lab {self.name}: not there; {self._up} makes it"]
        state = "up" if self.is_up() else f"not all up; {self._up} completes it"
        bridge = self.network.bridge if self.network.exists else f"{self.network.bridge} (missing)"
        lines = [f"lab {self.name}: {state}; {record['engine']} on {record['os']}, bridge {bridge}"]
        for machine in self.machines:
            power = "running" if machine.is_running() else "powered off"
            lines.append(f"{machine.hostname:12} {machine.address:15} {power}, console: {machine.console}")
        if self.hosts_env.exists():
            lines.append(f"settings: {self.hosts_env}")
            lines.append(f"log in:   ssh -F {self.home / 'ssh_config'} {self.master.hostname}")
        return lines

    def _work(self, say: Say) -> AbstractContextManager[int]:
        if operating_system.geteuid() != 0:
            raise LabError("lab needs root: run the same with sudo")
        lock = LOCKS / f"mysql-runbook-lab-{self.name}.lock"
        return locked(lock, f"another command at work on lab {self.name}", LOCK_SECONDS, say)

    def _record(self) -> dict[str, str]:
        try:
            record: dict[str, str] = json.loads((self.home / "lab.json").read_text())
        except FileNotFoundError:
            return {}
        return record

    def _remember(self, engine: str, os: str, root: Path) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        for directory in (STATE, self.home):
            directory.chmod(0o755)
        subnet = self.network.subnet
        record = {"name": self.name, "subnet": subnet, "engine": engine, "os": os, "image": str(root)}
        write_for_operator(self.home / "lab.json", json.dumps(record, indent=2) + "\n", 0o644)

    def _refuse_another(self, record: dict[str, str], engine: str, os: str) -> None:
        wanted = {"subnet": self.network.subnet, "engine": engine, "os": os}
        for what, value in wanted.items():
            if record.get(what, value) != value:
                raise LabError(
                    f"lab {self.name} is there with {what} {record[what]}, not {value}",
                    f"{self._down}, then lab.up again",
                )

    def _drop_disks(self) -> None:
        for machine in self.machines:
            machine.power_cut()
            machine.drop_disk()

    def _start(self, root: Path, say: Say) -> None:
        self._prepare_disks(root)
        started = time.monotonic()
        for machine in self.machines:
            machine.boot()
        for machine in self.machines:
            machine.wait_for_ssh(READY_SECONDS)
            seconds = time.monotonic() - started
            say(f"{machine.hostname} {machine.address}: answers by SSH after {seconds:.1f} s")
        self._check_hosts_see_each_other()
        if not self.hosts_env.exists():
            write_for_operator(self.hosts_env, render_hosts_env(self._settings(say)), 0o600)
            say(f"hosts.env: {self.hosts_env}, with new passwords")

    def _prepare_disks(self, root: Path) -> None:
        key = self.home / "id_ed25519"
        make_key(key, f"lab {self.name}")
        give_to_operator(key)
        addresses = {machine.hostname: machine.address for machine in self.machines}
        for machine in self.machines:
            machine.mount_disk(root)
            if not has_identity(machine):
                machine.drop_disk()
                machine.mount_disk(root)
                write_identity(machine, addresses, key.with_suffix(".pub").read_text())
        write_for_operator(self.home / "ssh_config", ssh_config(self.home, addresses), 0o644)
        lines = "".join(known_host(machine) for machine in self.machines)
        write_for_operator(self.home / "known_hosts", lines, 0o644)

    def _settings(self, say: Say) -> dict[str, str]:
        record = self._record()
        return recipe_for(record["engine"], record["os"]).keys(CACHE, Path(record["image"]), say) | {
            "MASTER_HOST": self.master.address,
            "SLAVE_HOST": self.slave.address,
            "VIP": f"{self.network.address(130)}/{PREFIX_LENGTH}",
            "SSH_KEY": str(self.home / "id_ed25519"),
            "SSH_KNOWN_HOSTS": str(self.home / "known_hosts"),
            "SSH_CONFIG": str(self.home / "ssh_config"),
        }

    def _check_hosts_see_each_other(self) -> None:
        probe = f"timeout 5 bash -c '< /dev/tcp/{self.slave.address}/22'"
        try:
            run([*self.master.ssh_command(), probe])
        except LabError as error:
            raise LabError(
                f"the hosts do not reach each other over {self.network.bridge}",
                "Does this machine's firewall filter bridged packets? Let them through:",
                f"iptables -I FORWARD -i {self.network.bridge} -o {self.network.bridge} -j ACCEPT",
            ) from error
