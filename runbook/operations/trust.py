"""Host keys: which are unknown, their fingerprints, and adding them to known_hosts once the operator has agreed."""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import paramiko

from runbook.core.ssh import Link, SshLoginRefused
from runbook.errors import BadInput, Drift, RunbookError
from runbook.operations.run import Run, answer
from runbook.settings.settings import Settings


@dataclass(frozen=True)
class HostKey:
    """A host's key under the name that known_hosts has for it."""

    name: str
    key: paramiko.PKey

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -lf` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.key.asbytes()).digest()).decode().rstrip("=")
        return f"SHA256:{digest} ({self.key.get_name()})"


class _Unknown(Exception):
    def __init__(self, found: HostKey) -> None:
        self.found = found


class _Report(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        raise _Unknown(HostKey(hostname, key))


def unknown_keys(settings: Settings) -> Iterator[HostKey]:
    """The keys that known_hosts lacks, jump hosts first; whoever takes one adds it before asking for the next.

    Raises BadInput for a changed key, Unreachable for a host that does not answer.
    """
    for node in (settings.master, settings.slave):
        last: HostKey | None = None
        while True:
            link = Link(node, settings, unknown_key=_Report())
            try:
                link.open()
            except _Unknown as unknown:
                if unknown.found == last:
                    raise RunbookError(
                        f"{last.name}: its key was added to {settings.ssh_known_hosts}, and is not found there",
                        "Look at that file's last line. Has the host a HostKeyAlias with blanks in ssh_config?",
                    ) from None
                last = unknown.found
                yield last
                continue
            except SshLoginRefused:
                break  # the key is known; who may log in is another question
            finally:
                link.close()
            break


def trust(run: Run) -> None:
    """Show each unknown key and add it once the operator agrees; RunbookError at the first that is not agreed to.

    A dry run ends at the first unknown key, in Drift.
    """
    target = run.target()
    print(target.describe())
    for found in unknown_keys(target.settings):
        print(f"{found.name}: {found.fingerprint}")
        if run.dry or not (run.yes or answer("Is that the host? [y/N] ") in ("y", "yes")):
            refusal = Drift if run.dry else RunbookError
            raise refusal("not added: compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there")
        add(target.settings, found)
    print(f"every host's key is in {target.settings.ssh_known_hosts}")


def add(settings: Settings, found: HostKey) -> None:
    """Append a key to known_hosts, which is made 0600 when it is not there; its last line may lack its end."""
    path = settings.ssh_known_hosts
    line = f"{found.name} {found.key.get_name()} {found.key.get_base64()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a+b") as file:
            file.seek(max(file.tell() - 1, 0))
            file.write(line.encode() if file.read() in (b"", b"\n") else f"\n{line}".encode())
    except OSError as error:
        raise BadInput(
            f"{path}: the key could not be added ({error.strerror})",
            "Make that file and its folder yours to write, or name another in SSH_KNOWN_HOSTS.",
        ) from None
