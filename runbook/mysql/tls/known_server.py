"""What the clients on a host know a server by: its CA as a file there, and the option file that names it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runbook.core.host import Host
from runbook.core.host_paths import LIBRARY
from runbook.core.step import BOTH, Gap, State, Step
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.session import Server
from runbook.settings.settings import Node
from runbook.system.questions import FileQuestion
from runbook.system.resources import OURS, File

NO_CA = "none, as that server has none"


def authority_file(server: Node) -> str:
    """The CA of the server on a host, on either host: by its address, which it keeps when the roles change."""
    return f"{LIBRARY}/{server.address}-ca.pem"


def options_file(server: Node) -> str:
    """The options by which a client knows that server; none where it has no CA."""
    return f"{LIBRARY}/{server.address}-tls.cnf"


def known_by(dialect: Dialect, server: Node) -> str:
    """The file to be read by the client on a host that asks that server; empty where the client cannot look."""
    return options_file(server) if dialect.verification else ""


@dataclass(frozen=True)
class KnownServer(Step):
    """A host's clients know one of the servers by its CA as that server has it now; where it has none, by nothing.

    `verification` are the options that have the client program look at the certificate.
    """

    server: Server
    verification: str = field(repr=False)

    servers = BOTH

    @property
    def node(self) -> Node:
        """Whose server it is."""
        return self.server.host.node

    @property
    def name(self) -> str:
        return f"CA of the {self.node.role}'s server"

    def questions(self) -> Iterable[str]:
        yield from (FileQuestion(path) for path in (authority_file(self.node), options_file(self.node)))

    def want(self) -> State:
        wanted = {fact: value for file in self._files() for fact, value in _named(file, file.want())}
        return wanted if self._authority() else wanted | {"CA": NO_CA}

    def read(self, host: Host) -> State:
        found = {fact: value for file in self._files() for fact, value in _named(file, file.read(host))}
        if not self._authority():
            there = host.ask(FileQuestion(authority_file(self.node))).strip()
            found["CA"] = "another" if there else NO_CA
        return found

    def fix(self, host: Host, gap: Gap) -> None:
        """The CA before the options that name it, and away after them: else the client would not even begin."""
        for file in self._files():
            host.put(file.path, file.content, mode=file.mode, owner=file.owner)
        if not self._authority():
            host.do(f"rm -f {authority_file(self.node)}")

    def _authority(self) -> str:
        return "".join(self.server.authorities) if self.verification else ""

    def _files(self) -> list[File]:
        """Without a CA the options are there and empty: of an included file that is missing the client complains."""
        file, authority = authority_file(self.node), self._authority()
        known = f"{self.verification}ssl-ca={file}\n" if authority else ""
        options = File(options_file(self.node), f"# {OURS}.\n[client]\n{known}")
        return [File(file, authority), options] if authority else [options]


def _named(file: File, state: State) -> Iterable[tuple[str, object]]:
    return ((f"{file.path.rpartition('/')[2]}: {fact}", value) for fact, value in state.items())
