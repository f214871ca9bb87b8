"""Who listens on the server's port in its place."""

from dataclasses import dataclass

from runbook.core.host import Host
from runbook.system.server_names import UNITS


@dataclass(frozen=True)
class Stranger:
    """A process that holds the port, and that no unit of a server has started."""

    pid: int
    user: str
    program: str

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid}, user {self.user})"


def question(port: int) -> str:
    """Who listens there: pid, user and program of each; mysqld_safe is the unit's, and mysqld its child."""
    return f"""
mains=" $(systemctl show -p MainPID {" ".join(UNITS)} | sed -n 's/^MainPID=\\([1-9]\\)/\\1/p' | tr '\\n' ' ')"
ss -ltnp 'sport = :{port}' | grep -o 'pid=[0-9]*' | sort -u | while IFS== read -r _ pid; do
  parent=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
  case $mains in *" $pid "* | *" $parent "*) continue ;; esac
  printf '%s %s %s\\n' "$pid" "$(stat -c %U /proc/$pid)" "$(cat /proc/$pid/comm)"
done
true
"""


def on_port(host: Host, port: int) -> Stranger | None:
    """Whoever it is, the first of several; its name is its own choice, and is made printable."""
    return host.read(question(port), _first)


def _first(said: str) -> Stranger | None:
    for line in said.splitlines():
        pid, user, program = line.split(" ", 2)
        return Stranger(int(pid), user, "".join(c if c.isprintable() else "?" for c in program))
    return None
