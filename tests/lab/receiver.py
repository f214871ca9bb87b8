"""A server that alerts are sent to: it answers well, badly, slowly or never, and keeps what it was sent."""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

Manner = Literal["well", "error 500", "errcode 310000", "echoes the address", "slowly", "never"]
SLOW_SECONDS = 3
NEVER_SECONDS = 60
SKEW_SECONDS = 3600  # what DingTalk allows between its clock and a signature's


@dataclass(frozen=True)
class Received:
    """One request: where to, and the document in it."""

    path: str
    query: dict[str, str]
    document: dict[str, Any]
    at: float

    @property
    def text(self) -> str:
        """What a person reads."""
        return str(self.document["text"]["content"] if "msgtype" in self.document else self.document["text"])


class Receiver:
    """An HTTP server on one address of this machine, for as long as the `with` lasts; it can be away for a while."""

    def __init__(self, address: str, secret: str = "") -> None:
        self._secret = secret
        self.manner: Manner = "well"
        self.received: list[Received] = []
        self.wrong: list[str] = []
        self._end = threading.Event()
        self._server = self._listen((address, 0))
        self.url = f"http://{address}:{self._server.server_address[1]}"

    def _listen(self, where: tuple[str, int]) -> ThreadingHTTPServer:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(where, Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._end.set()
        self.away()

    def away(self) -> None:
        """Connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()

    def back(self) -> None:
        """It listens again where it did."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        self._server = self._listen((host, int(port)))

    def of_kind(self, *words: str) -> list[Received]:
        """What came with all these words in its text."""
        return [each for each in self.received if all(word in each.text for word in words)]

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        parts = urlsplit(request.path)
        query = {name: value for name, (value,) in parse_qs(parts.query).items()}
        if self.manner == "never":
            self._end.wait(NEVER_SECONDS)
            return
        if self.manner == "slowly":
            self._end.wait(SLOW_SECONDS)
        robot = parts.path == "/robot/send"
        if robot and self._secret and (why := self._badly_signed(query)):
            self.wrong.append(why)
            self._answer(request, 200, json.dumps({"errcode": 310000, "errmsg": "sign not match"}))
            return
        match self.manner:
            case "error 500":
                self._answer(request, 500, "the robot has a cold")
            case "errcode 310000":
                self._answer(request, 200, '{"errcode":310000,"errmsg":"keywords not in content"}')
            case "echoes the address":
                self._answer(request, 404, f"nothing is at {request.path}")
            case _:
                self.received.append(Received(parts.path, query, json.loads(body), time.monotonic()))
                self._answer(request, 200, '{"errcode":0,"errmsg":"ok"}' if robot else "thank you")

    def _badly_signed(self, query: dict[str, str]) -> str:
        """Why a signature is not what DingTalk's documentation says it must be, or nothing."""
        if not query.keys() >= {"timestamp", "sign"}:
            return "not signed"
        if abs(int(query["timestamp"]) / 1000 - time.time()) > SKEW_SECONDS:
            return f"signed at {query['timestamp']}"
        said = hmac.new(self._secret.encode(), f"{query['timestamp']}\n{self._secret}".encode(), hashlib.sha256)
        return "" if base64.b64encode(said.digest()).decode() == query["sign"] else "another signature"

    @staticmethod
    def _answer(request: BaseHTTPRequestHandler, status: int, text: str) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())
