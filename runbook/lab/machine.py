"""One host of the lab: its disk, its boot, its end."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from runbook.lab.cgroup import ControlGroup, systemd_is_pid_1
from runbook.lab.command import (
    SBIN_PATH,
    LabError,
    last_lines,
    mounted_below,
    remove_tree,
    run,
    unmount_below,
    wait_until,
)
from runbook.lab.datadisk import DataDisk
from runbook.lab.hold import Hold

NSPAWN = "systemd-nspawn"
BOOT_SECONDS = 20
POWER_OFF_SECONDS = 60
POWER_CUT_SECONDS = 10
POWER_BUTTON_SECONDS = 1.0
SSH_PROBE_SECONDS = 5
# systemd(1): what PID 1 is sent to start poweroff.target.
POWER_OFF = signal.SIGRTMIN + 4
DATA_DIRECTORY = "var/lib/mysql"
# Joins the control groups, then leaves the session: no terminal and no parent that could end the host.
# "0" in cgroup.procs is the writing process itself. The data disk is mounted where only the host has it. A host that
# reboots has nspawn end with 133 and is started again, as its own template unit has it (systemd-nspawn@.service).
LAUNCH = """
set -eu
while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs"; shift; done
shift
exec setsid --fork unshare --mount sh -euc '
[ ! -e "$1" ] || mount -t xfs -o loop "$1" "$2"
shift 2
code=133
while [ "$code" = 133 ]; do
    code=0
    "$@" || code=$?
done' sh "$@"
"""


@dataclass(frozen=True)
class Machine:
    """A systemd-nspawn host; `name` is nspawn's word for it, `hostname` its own, `home` its state folder."""

    name: str
    hostname: str
    address: str
    bridge: str
    home: Path

    @property
    def root(self) -> Path:
        """The host's file system, as seen from here while its disk is mounted."""
        return self.home / "root"

    @property
    def console(self) -> Path:
        """What the host wrote to its console since it was booted."""
        return self.home / "console.log"

    @property
    def port(self) -> str:
        """The bridge port of the host, named by nspawn; it is there while the host runs."""
        return f"vb-{self.name}"

    @property
    def data(self) -> DataDisk:
        """The disk of its data directory."""
        return DataDisk(self.home / "data.xfs", self.root / DATA_DIRECTORY)

    @property
    def _group(self) -> ControlGroup:
        return ControlGroup(f"lab-{self.name}")

    @property
    def has_disk(self) -> bool:
        """Whether the disk is mounted at `root`."""
        return self.root in mounted_below(self.root)

    def hold(self) -> Hold:
        """What a process has while it keeps the host without power or network."""
        return Hold(self.home / "hold", self.hostname)

    def mount_disk(self, image: Path) -> None:
        """Mount the host's own layer over `image`; what the host wrote before is there again."""
        if self.has_disk:
            return
        is_blank = not (self.home / "upper").exists()
        self.home.mkdir(exist_ok=True)
        self.home.chmod(0o700)
        layers = {"lowerdir": image, "upperdir": self.home / "upper", "workdir": self.home / "work"}
        for directory in (self.root, layers["upperdir"], layers["workdir"]):
            directory.mkdir(exist_ok=True)
        layers["upperdir"].chmod(0o755)
        options = ",".join(f"{layer}={path}" for layer, path in layers.items())
        run(["mount", "-t", "overlay", "-o", options, "overlay", self.root])
        if is_blank:
            self.data.make()

    def drop_disk(self) -> None:
        """Unmount the disk and delete all that the host ever wrote."""
        remove_tree(self.home)

    def unmount_disk(self) -> None:
        """Unmount the disk, and what was mounted on it from here."""
        unmount_below(self.home)

    def is_running(self) -> bool:
        """Whether the host is powered on (it may still be booting, or be shutting down)."""
        return self.supervisor() is not None

    def supervisor(self) -> int | None:
        """The pid of the host's systemd-nspawn process."""
        wanted = f"--machine={self.name}"
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if Path(words[0]).name == NSPAWN and wanted in words:
                return int(process.name)
        return None

    def init(self) -> int | None:
        """The pid, on this machine, of the host's own PID 1."""
        supervisor = self.supervisor()
        if supervisor is None:
            return None
        for process in Path("/proc").glob("[0-9]*"):
            try:
                status = (process / "status").read_text()
            except OSError:
                continue
            fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            if fields["PPid"] == str(supervisor) and fields["NSpid"].split()[1:] == ["1"]:
                return int(process.name)
        return None

    def boot(self) -> None:
        """Power the host on, unless it runs, and return when its PID 1 is there; see `wait_for_ssh`."""
        if self.is_running():
            return
        if not self.has_disk:
            raise LabError(f"{self.hostname} has no disk to boot from", "sudo ./inv lab.up")
        self._group.remove()
        self._group.create()
        self._launch()
        try:
            wait_until(lambda: self.init() is not None, f"{self.hostname} to start", BOOT_SECONDS)
        except LabError as error:
            said = last_lines(self.console.read_text(errors="replace"))
            raise LabError(str(error), *said, f"its console: {self.console}") from error

    def _launch(self) -> None:
        command = [
            *(shutil.which(NSPAWN, path=SBIN_PATH) or NSPAWN, "--quiet", "--boot"),
            f"--machine={self.name}",
            f"--directory={self.root}",
            f"--network-bridge={self.bridge}",
            "--resolv-conf=off",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            "--console=read-only",
        ]
        if not systemd_is_pid_1():
            command += ["--register=no", "--keep-unit"]
        disk = (str(self.data.file), str(self.data.point))
        with self.console.open("w") as console:
            subprocess.run(
                ["sh", "-c", LAUNCH, "sh", *map(str, self._group.directories), "--", *disk, *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env={"PATH": SBIN_PATH, "LC_ALL": "C.UTF-8", "UNIFIED_CGROUP_HIERARCHY": "1"},
                cwd="/",
                start_new_session=True,
                timeout=BOOT_SECONDS,
                check=False,
            )

    def press_power_button(self) -> None:
        """Ask the host to shut down, and return at once; one that has only begun to boot does not hear it."""
        init = self.init()
        if init is not None:
            _signal(init, POWER_OFF)

    def power_off(self, seconds: float = POWER_OFF_SECONDS) -> None:
        """Shut the host down cleanly and wait until it is off; raise LabError when it is not in time."""
        pressed = -POWER_BUTTON_SECONDS

        def off() -> bool:
            nonlocal pressed
            if self.is_running() and time.monotonic() - pressed > POWER_BUTTON_SECONDS:
                self.press_power_button()
                pressed = time.monotonic()
            return not self.is_running()

        wait_until(off, f"{self.hostname} to shut down", seconds)
        self._clear(seconds)
        self.data.wait_for_release()

    def power_cut(self) -> None:
        """Kill the host as a pulled plug does, what it has not synced included; wait until nothing of it runs."""
        init, supervisor = self.init(), self.supervisor()
        with self.data.losing_power(supervisor) if supervisor and self.data.exists else nullcontext():
            # A host without a PID 1, or not yet or no longer with one, leaves its supervisor only.
            victim = init or supervisor
            if victim is not None:
                _signal(victim, signal.SIGKILL)
            wait_until(lambda: not self.is_running(), f"{self.hostname} to be dead", POWER_CUT_SECONDS)
        self._clear(POWER_CUT_SECONDS)

    def _clear(self, seconds: float) -> None:
        self._group.remove()
        port = Path("/sys/class/net", self.port)
        wait_until(lambda: not port.exists(), f"{self.hostname}'s network port {self.port} to go", seconds)

    def ssh_command(self, user: str = "root") -> list[str]:
        """The OpenSSH command line that logs in as `user`, to be followed by the remote command."""
        return ["ssh", "-F", str(self.home.parent / "ssh_config"), f"{user}@{self.address}"]

    def wait_for_ssh(self, seconds: float) -> None:
        """Wait until the host takes logins; raise LabError with ssh's own words when `seconds` pass first."""
        said = ""

        def takes_logins() -> bool:
            nonlocal said
            probe = [*self.ssh_command(), "test ! -e /run/nologin"]
            try:
                done = subprocess.run(probe, capture_output=True, text=True, timeout=SSH_PROBE_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                said = f"a login was not done after {SSH_PROBE_SECONDS} s"
                return False
            said = done.stderr
            return done.returncode == 0

        try:
            wait_until(takes_logins, f"{self.hostname} ({self.address}) to take SSH logins", seconds)
        except LabError as error:
            raise LabError(str(error), *last_lines(said), f"its console: {self.console}") from error


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
