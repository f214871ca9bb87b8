"""The server's UNIX socket: whether somebody listens there, and who could have put it there."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import NotReady
from runbook.errors import BadInput, HostError
from runbook.system.server_names import SOCKETS

TRUSTED = ("root", "mysql")
OTHERS_WRITE, GROUP_WRITES = 0o002, 0o020

# mysqld tells the kernel the path as it was configured: /run is /var/run there on Debian [M]. 00010000 is
# __SO_ACCEPTCON, a socket that listens (Linux, net/unix/af_unix.c).
SOCKETS_QUESTION = f"""
for socket in {" ".join(SOCKETS)}; do
  awk -v s="$socket" '$4 == "00010000" && ($8 == s || $8 == "/var" s) {{print s, "listens"; exit}}' /proc/net/unix
  folder=$(readlink -f "${{socket%/*}}") || continue
  set -- /
  while [ -n "$folder" ]; do set -- "$@" "$folder"; folder=${{folder%/*}}; done
  stat -c "$socket %U %G %a %n" "$@" 2>/dev/null
done
true
"""


@dataclass(frozen=True)
class Folder:
    """A folder on the way to a socket."""

    owner: str
    group: str
    mode: int
    path: str

    @property
    def is_open(self) -> bool:
        """Whether others than root and mysqld can put something into it."""
        by_group = self.mode & GROUP_WRITES and self.group not in TRUSTED
        return bool(self.mode & OTHERS_WRITE or by_group) or self.owner not in TRUSTED

    def __str__(self) -> str:
        return f"{self.path} (of {self.owner}:{self.group}, mode {self.mode:o})"


def connect(host: Host, path: str) -> object:
    """A channel to the server at this socket.

    Raises NotReady when none listens, HostError when it could be somebody else's, BadInput when sshd forbids it.
    """
    leads = host.read(SOCKETS_QUESTION, lambda said: list(folders(said, path)))
    if folder := next((folder for folder in leads if folder.is_open), None):
        raise HostError(
            str(host),
            f"{folder} leads to mysqld's socket {path}, and others than root and mysql can write there",
            "Somebody could listen there in mysqld's place, so root's password is not sent to it. Take it from them: "
            f"chown and chmod {folder.path}, then run the same command again.",
        )
    try:
        return host.link.unix_channel(path)
    except ConnectionRefusedError as error:
        # What was said may be older than a mysqld that has ended or begun since.
        for _ in range(2):
            if f"{path} listens" not in host.ask_now(SOCKETS_QUESTION).splitlines():
                raise NotReady(f"{host}: mysqld does not run: nobody listens on its socket {path}") from error
            with suppress(ConnectionRefusedError):
                return host.link.unix_channel(path)
        raise BadInput(
            f"{host}: no way by SSH to mysqld's socket {path}, which the SQL session needs, and mysqld listens there",
            "Set `AllowStreamLocalForwarding local` in sshd_config on that host, take `DisableForwarding yes` out of "
            "it, and reload sshd.",
            f"If SSH_USER is not root: it must also be able to enter the folder of {path}.",
        ) from error


def folders(said: str, path: str) -> Iterator[Folder]:
    """The folders that lead to the socket at `path`, from what SOCKETS_QUESTION prints."""
    for line in said.splitlines():
        if line.startswith(f"{path} ") and line != f"{path} listens":
            _, owner, group, mode, folder = line.split(" ", 4)
            yield Folder(owner, group, int(mode, 8), folder)
