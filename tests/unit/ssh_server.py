"""An SSH server of a test, on this machine: real keys and logins by paramiko, and no sshd."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import paramiko

ANSWER_SECONDS = 10


class SshServer(paramiko.ServerInterface):
    """Lets in whoever has one of `keys`, and answers each command with `answer`."""

    def __init__(self, *host_keys: paramiko.PKey, keys: list[bytes], answer: bytes = b"0\n") -> None:
        self.host_keys = host_keys
        self.keys = keys
        self.answer = answer
        self.shown: list[bytes] = []
        self.users: list[str] = []
        self.commands: list[str] = []
        self._transports: list[paramiko.Transport] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def known_as(self) -> str:
        return f"[127.0.0.1]:{self.port}"

    def close(self) -> None:
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.shown.append(key.asbytes())
        self.users.append(username)
        return paramiko.common.AUTH_SUCCESSFUL if key.asbytes() in self.keys else paramiko.common.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command.decode())
        threading.Thread(target=self._answer, args=(channel,), daemon=True).start()
        return True

    def _answer(self, channel: paramiko.Channel) -> None:
        # paramiko says yes to the command after this object did; no client waits for an answer before that.
        assert channel.get_transport().said_yes.wait(ANSWER_SECONDS)
        channel.sendall(self.answer)
        channel.send_exit_status(0)
        channel.close()

    def _serve(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            while True:
                client, _ = self._listener.accept()
                transport = _Serving(client)
                self._transports.append(transport)
                for key in self.host_keys:
                    transport.add_server_key(key)
                # Not waited for: a client that refuses the key ends it.
                transport.start_server(event=threading.Event(), server=self)


class _Serving(paramiko.Transport):
    """The server's end of a connection; `said_yes` once it has agreed to a command."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client)
        self.said_yes = threading.Event()

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)
        if data.asbytes()[:1] == paramiko.common.cMSG_CHANNEL_SUCCESS:
            self.said_yes.set()


@contextmanager
def serving(*host_keys: paramiko.PKey, keys: list[bytes]) -> Iterator[SshServer]:
    """A server with these keys of its own."""
    server = SshServer(*host_keys, keys=keys)
    try:
        yield server
    finally:
        server.close()
