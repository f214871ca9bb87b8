"""A host of the lab cut off from everybody: its bridge port forwards nothing, and its link stays up."""

import subprocess
from contextlib import suppress
from pathlib import Path

from runbook.lab.command import SBIN_PATH, LabError, run

# rtnetlink's BR_STATE_DISABLED and BR_STATE_FORWARDING, linux/if_bridge.h.
DISABLED, FORWARDING = "0", "3"
END_SECONDS = 5
# Waits for the end of its input: ours when we end the cut, the kernel's when this process is gone.
_LEASH = 'read -r _; exec bridge link set dev "$1" state "$2"'


class PortCut:
    """`make` cuts the port off; `undo` ends it, and so does the death of this process."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def is_made(self) -> bool:
        """Whether the port is there and forwards nothing."""
        try:
            return Path("/sys/class/net", self._port, "brport", "state").read_text().strip() == DISABLED
        except OSError:
            return False

    def make(self) -> None:
        """Cut the port off; LabError when it does not work."""
        # This machine's own end of the host's cable would go on asking for IPv6 routers, and the host hear it.
        with suppress(FileNotFoundError):
            Path("/proc/sys/net/ipv6/conf", self._port, "disable_ipv6").write_text("1")
        self._leash = subprocess.Popen(
            ["sh", "-c", _LEASH, "sh", self._port, FORWARDING],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": SBIN_PATH},
            start_new_session=True,
        )
        run(["bridge", "link", "set", "dev", self._port, "state", DISABLED])
        if not self.is_made:
            raise LabError(f"the bridge port {self._port} is still open, though it was told to close")

    def undo(self) -> None:
        """Let the port forward again."""
        if self._leash:
            self._leash.communicate(timeout=END_SECONDS)
        if self.is_made:
            run(["bridge", "link", "set", "dev", self._port, "state", FORWARDING])
