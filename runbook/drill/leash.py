"""What a drill does to a host is undone when the drill's connection ends, even if nobody is left to undo it."""

import shlex

from runbook.core.host import Host
from runbook.errors import HostError

LIFETIME_SECONDS = 600
START_SECONDS = 10

# Ends by the end of its input: ours when we close it, sshd's when this process or the network is gone.
_SCRIPT = """
echo held
IFS= read -r -t {lifetime} _
{{ {undo}; }} > /dev/null 2>&1
"""


class Leash:
    """A process on the host that runs `undo` there when `close` is called, when we die, or after LIFETIME_SECONDS."""

    def __init__(self, host: Host, undo: str) -> None:
        host.changing(undo)
        script = _SCRIPT.format(lifetime=LIFETIME_SECONDS, undo=undo)
        self._channel = host.link.process(f"exec bash -c {shlex.quote(script)}")
        self._channel.settimeout(START_SECONDS)
        try:
            held = self._channel.recv(64)
        except TimeoutError:
            held = b""
        if not held.startswith(b"held"):
            self._channel.close()
            raise HostError(str(host), "the process that would undo the drill's fault there does not start")

    def close(self) -> None:
        """Let go: `undo` starts now."""
        self._channel.close()
