"""The way to a host: where ssh would connect to, as whom, through what, and whose keys it would trust there."""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.core.openssh.config import Hop, Question, Said, beyond, expanded, first, said_of
from runbook.errors import BadInput
from runbook.settings.settings import Node, Settings

OWN_KNOWN_HOSTS = "~/.ssh/known_hosts"
MOST_JUMPS = 8
SSH_PORT = 22


@dataclass(frozen=True)
class Way:
    """All that a connection to one host needs; `jump` is the way to the host before it."""

    name: str
    host: str
    port: int
    user: str
    identities: tuple[Path, ...] = ()
    only_identities: bool = False
    agent: str = ""
    jump: "Way | None" = None
    proxy_command: str = ""
    alias: str = ""
    known_hosts: tuple[Path, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def known_as(self) -> tuple[str, ...]:
        """The names that known_hosts may have for it; a key that is added is added for the first (ssh(1))."""
        if self.alias:
            return (self.alias,)
        return (self.host,) if self.port == SSH_PORT else (f"[{self.host}]:{self.port}", self.host)

    @property
    def command(self) -> str:
        """What an operator tries by hand."""
        return f"ssh {self.user}@{self.host} -p {self.port}"


def way_to(node: Node, settings: Settings) -> Way:
    """The way that hosts.env and ssh_config give; BadInput when ssh_config cannot be used."""
    question = Question.of(settings)
    hop = Hop(node.ssh_host, settings.ssh_user, settings.ssh_port, settings.ssh_jump, else_user="root")
    return _way(hop, question, settings, MOST_JUMPS)


def _way(hop: Hop, question: Question, settings: Settings, jumps_left: int) -> Way:
    said = said_of(hop, question)
    jump = _jump(hop, said, question, settings, jumps_left)
    try:
        return way(hop.name, said, settings, jump)
    except ValueError as error:
        raise BadInput(f"{hop.name}: ssh_config: {error}; correct it there") from None


def _jump(hop: Hop, said: Said, question: Question, settings: Settings, jumps_left: int) -> Way | None:
    """The way to the last of the hosts to go through; those before it are its own."""
    through = hop.jumps or first(said, "proxyjump")
    if through.lower() in ("", "none"):
        return None
    if not jumps_left:
        raise BadInput(
            f"{hop.name}: ssh_config: ProxyJump {through} does not come to an end after {MOST_JUMPS} hosts",
            "Say `ProxyJump none` for the jump hosts themselves.",
        )
    *before, last = through.split(",")
    user, name, port = jump_host(last)
    # SSH_JUMP without a user is root's; a ProxyJump is as ssh has it.
    next_hop = Hop(name, user, port, ",".join(before) or None, else_user="root" if hop.jumps else None)
    if (name, port or SSH_PORT) == (first(said, "hostname"), int(first(said, "port") or SSH_PORT)):
        return None  # `Host *` with a ProxyJump speaks of the jump host, too
    return _way(next_hop, question, settings, jumps_left - 1)


def jump_host(text: str) -> tuple[str | None, str, int | None]:
    """User, host and port of [ssh://][user@]host[:port], an IPv6 address in brackets; BadInput when it is no such."""
    found = re.fullmatch(r"(?:ssh://)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@\[\]]+))(?::([0-9]{1,5}))?/?", text.strip())
    if not found or (found[2] or found[3]).startswith("-"):
        raise BadInput(f"ssh_config: ProxyJump {text}: no user@host:port; correct it there")
    return found[1], found[2] or found[3], int(found[4]) if found[4] else None


def way(name: str, said: Said, settings: Settings, jump: Way | None) -> Way:
    """What ssh_config says of a host, as a way; ValueError when a value is none that ssh would take."""
    host, user = first(said, "hostname").strip("[]") or name, first(said, "user")
    port = int(first(said, "port") or SSH_PORT)
    if not 0 < port < 1 << 16:
        raise ValueError(f"Port {port} is none")
    tokens = _tokens(name, host, port, user, first(said, "hostkeyalias"))
    command = first(said, "proxycommand")
    return Way(
        name=name,
        host=host,
        port=port,
        user=user,
        identities=_identities(said, tokens),
        # As with ssh -i the key of hosts.env comes first; the agent's others are left out, as they were not meant.
        only_identities=first(said, "identitiesonly") == "yes" or settings.ssh_key is not None,
        agent=agent_socket(first(said, "identityagent"), tokens, os.environ),
        jump=jump,
        proxy_command="" if jump or command.lower() == "none" else expanded(command, tokens),
        alias=first(said, "hostkeyalias"),
        known_hosts=_known_hosts(said, settings, tokens),
        beyond=beyond(said),
    )


def agent_socket(said: str, tokens: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """The agent's socket by IdentityAgent: `none`, a path, $NAME of a variable; else that of SSH_AUTH_SOCK."""
    if said.lower() == "none":
        return ""
    if said in ("", "SSH_AUTH_SOCK"):
        return environ.get("SSH_AUTH_SOCK", "")
    if said.startswith("$") and not said.startswith("${"):
        return environ.get(said[1:], "")
    return str(_path(said, tokens))


def _identities(said: Said, tokens: Mapping[str, str]) -> tuple[Path, ...]:
    """Those that are there: ssh passes over the others, too."""
    named = (_path(text, tokens) for text in said.get("identityfile", ()) if text.lower() not in ("", "none"))
    return tuple(file for file in dict.fromkeys(named) if _is_file(file))


def _known_hosts(said: Said, settings: Settings, tokens: Mapping[str, str]) -> tuple[Path, ...]:
    """SSH_KNOWN_HOSTS alone where it names a file of its own; else those of ssh, too."""
    own = settings.ssh_known_hosts
    if own != Path(OWN_KNOWN_HOSTS).expanduser():
        return (own,)
    named = [each for word in ("userknownhostsfile", "globalknownhostsfile") for each in said.get(word, ())]
    # -G prints several with blanks between them and no quotes; a name with a blank is lost here, and its keys unknown.
    paths = [_path(each, tokens) for text in named for each in text.split() if each.lower() != "none"]
    return tuple(dict.fromkeys([own, *paths]))


def _tokens(name: str, host: str, port: int, user: str, alias: str) -> dict[str, str]:
    """ssh_config(5), TOKENS."""
    try:
        local = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        local = ""
    machine = os.uname().nodename
    home = str(Path("~").expanduser())
    return {
        "d": home, "h": host, "i": str(os.geteuid()), "k": alias or name, "L": machine.partition(".")[0], "l": machine,
        "n": name, "p": str(port), "r": user, "u": local,
    }  # fmt: skip


def _path(text: str, tokens: Mapping[str, str]) -> Path:
    """A path with its tokens, variables as ${NAME} and ~; ValueError when it names nobody's home."""
    text = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), expanded(text, tokens))
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text}: whose home directory this means is not known") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
