"""A receiver of webhooks on a real socket, and a check of signatures written on its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Callback:
    """One request as it came: header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def signed_at(self) -> int:
        return int(self.headers["rivya-signature"].partition(",")[0].removeprefix("t="))

    def is_signed_by(self, secret: str) -> bool:
        """Recomputed from the documented recipe, not by the sandbox's own code."""
        stamp, _, given = self.headers["rivya-signature"].partition(",v1=")
        signed = stamp.removeprefix("t=").encode() + b"." + self.body
        return given == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass
class Receiver:
    """Answers with `statuses` in turn, then with 204; holds answers while `gate` is closed."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    answer_headers: dict[str, str] = field(default_factory=dict)
    arrived: queue.Queue[Callback] = field(default_factory=queue.Queue)
    gate: threading.Event = field(default_factory=threading.Event)

    def all(self) -> list[Callback]:
        """What has come since the last call."""
        return [self.arrived.get_nowait() for _ in range(self.arrived.qsize())]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is open for the length of the block."""
    receiver = Receiver()
    receiver.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.arrived.put(Callback(self.path, headers, body))
            receiver.gate.wait(30)
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            self.send_response(status)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A sender that is killed in the middle is part of some tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.gate.set()
            server.shutdown()
            thread.join()
