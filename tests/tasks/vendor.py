"""A scripted Rivya over real sockets: it keeps keys and generations, and misbehaves when told to."""

import io
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

from PIL import Image

Reply = Callable[["Handler"], None]


def png(side: int = 16, colour: tuple[int, int, int] = (200, 80, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    key: str
    body: bytes


@dataclass
class Vendor:
    """What the server remembers and what it is going to say.

    `posts`, `turns` and `gets` play one reply each and then behave well; `says` is what a GET of a generation
    answers beside its id. `results` are the files under /results/.
    """

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    by_key: dict[str, str] = field(default_factory=dict)
    posts: deque[Reply] = field(default_factory=deque)
    gets: deque[Reply] = field(default_factory=deque)
    turns: deque[Reply] = field(default_factory=deque)
    uploads: deque[Reply] = field(default_factory=deque)
    downloads: deque[Reply] = field(default_factory=deque)
    says: dict[str, Any] = field(default_factory=lambda: {"status": "succeeded"})
    results: dict[str, bytes] = field(default_factory=lambda: {"a.png": png()})
    balance: int = 1000
    price: int = 1
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    server: "Server | None" = None

    def count(self, method: str, path: str) -> int:
        return sum(r.method == method and r.path.startswith(path) for r in self.requests)

    @property
    def sent(self) -> list[Request]:
        """The POSTs of generations, in order."""
        return [r for r in self.requests if (r.method, r.path) == ("POST", GENERATIONS)]

    @property
    def generations(self) -> int:
        return len(self.by_key)

    def accept(self, key: str) -> str:
        """One generation for each key, however often it comes."""
        with self.lock:
            if key not in self.by_key:
                self.by_key[key] = f"task_{len(self.by_key) + 1}"
                self.balance -= self.price
            return self.by_key[key]

    def generation(self, remote_id: str, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": remote_id,
            "status": "queued",
            "model": "z-image",
            "reserved_credits": self.price,
            "final_credits": 0,
            "result": None,
            "error": None,
        } | fields
        if made["status"] == "succeeded":
            made["final_credits"] = self.price
            if "result" not in fields:
                made["result"] = {"urls": [f"{self.url}/results/{name}" for name in self.results]}
        return made

    def __enter__(self) -> Self:
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.vendor = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """From now on connections are refused."""
        self.ended.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server.hang_up()
            self.server = None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    vendor: Vendor

    def __init__(self, *args: Any) -> None:
        self.lines: list[socket.socket] = []
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.lines.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Ends the connections that clients keep for later."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Hung-up connections are what these tests are about."""


GENERATIONS = "/api/v1/generations"
TURNS = "/api/v1/chat/completions/stream"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    @property
    def vendor(self) -> Vendor:
        return cast(Server, self.server).vendor

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _record(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.key = self.headers.get("idempotency-key", "")
        self.vendor.requests.append(Request(self.command, self.path, self.key, self.body))

    def do_POST(self) -> None:
        self._record()
        if self.path == GENERATIONS:
            self._play(self.vendor.posts, accepted)
        elif self.path == TURNS:
            self._play(self.vendor.turns, answered)
        else:
            self._play(self.vendor.uploads, uploaded)

    def do_GET(self) -> None:
        self._record()
        if self.path == "/api/v1/credits":
            self.answer(200, {"current_credits": self.vendor.balance})
        elif self.path.startswith(GENERATIONS):
            self._play(self.vendor.gets, told)
        else:
            self._play(self.vendor.downloads, file)

    def _play(self, script: deque[Reply], usual: Reply) -> None:
        with self.vendor.lock:
            reply = script.popleft() if script else usual
        reply(self)

    def begin_stream(self) -> None:
        """The head of a chat turn's stream, which ends with its connection."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True

    def tell(self, event: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    def answer(
        self, status: int, body: Any, headers: dict[str, str] | None = None, kind: str = "json"
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", f"application/{kind}")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


WORDS = ("Slate ", "is ", "grey.")


def accepted(handler: Handler) -> None:
    remote_id = handler.vendor.accept(handler.key)
    handler.answer(202, handler.vendor.generation(remote_id))


def answered(handler: Handler) -> None:
    """A whole streamed turn of three words, one for each key."""
    turn_id = handler.vendor.accept(handler.key)
    turn = {
        "id": turn_id,
        "object": "chat.completion",
        "model": "gpt-5-2-chat",
        "session_id": f"s_{turn_id}",
        "message": {"role": "assistant", "content": "".join(WORDS)},
        "usage": {"input_tokens": 1, "output_tokens": 3},
        "credits": {"reserved": handler.vendor.price, "final": handler.vendor.price},
    }
    handler.begin_stream()
    for word in WORDS:
        handler.tell({"delta": word})
    handler.tell(turn)


def spoken_then(rest: Reply) -> Reply:
    """The words of an answer, and then its stream goes wrong."""

    def both(handler: Handler) -> None:
        handler.vendor.accept(handler.key)
        handler.begin_stream()
        for word in WORDS:
            handler.tell({"delta": word})
        rest(handler)

    return both


def wordless(rest: Reply) -> Reply:
    """A stream that begins and tells no word."""

    def both(handler: Handler) -> None:
        handler.vendor.accept(handler.key)
        handler.begin_stream()
        rest(handler)

    return both


def comments(handler: Handler) -> None:
    """The line is kept alive, and no event comes, until the client hangs up or a minute is over."""
    with suppress(OSError):
        for _ in range(1200):
            handler.wfile.write(b": still here\n\n")
            handler.vendor.ended.wait(0.05)


def drip(handler: Handler) -> None:
    """One event, a byte at a time, that does not come to its end for a minute."""
    with suppress(OSError):
        handler.wfile.write(b"data: ")
        for _ in range(1200):
            handler.wfile.write(b"x")
            handler.vendor.ended.wait(0.05)


def stalled(handler: Handler) -> None:
    """The line stays open for a minute, and nothing comes."""
    handler.vendor.ended.wait(60)


def hung_up(handler: Handler) -> None:
    """The connection ends in the middle."""
    handler.close_connection = True


def told(handler: Handler) -> None:
    remote_id = handler.path.rpartition("/")[2]
    handler.answer(200, handler.vendor.generation(remote_id, **handler.vendor.says))


def uploaded(handler: Handler) -> None:
    number = handler.vendor.count("POST", "/api/v1/files")
    url = f"{handler.vendor.url}/files/{number}.png"
    handler.answer(201, {"id": f"file_{number}", "url": url})


def file(handler: Handler) -> None:
    found = handler.vendor.results.get(handler.path.rpartition("/")[2])
    handler.answer(200 if found else 404, found or b"", kind="octet-stream")


def refused(status: int, code: str, headers: dict[str, str] | None = None) -> Reply:
    """An error in Rivya's envelope."""
    error = {"error": {"code": code, "message": "Scripted.", "requestId": "req_1"}}
    return lambda handler: handler.answer(status, error, headers)


def body(status: int, data: bytes, kind: str = "json") -> Reply:
    return lambda handler: handler.answer(status, data, kind=kind)


def generation(**fields: Any) -> Reply:
    """An accepted or polled generation with other fields."""

    def reply(handler: Handler) -> None:
        is_post = handler.command == "POST"
        told_id = handler.path.rpartition("/")[2]
        remote_id = handler.vendor.accept(handler.key) if is_post else told_id
        handler.answer(200, handler.vendor.generation(remote_id, **fields))

    return reply


def reset(handler: Handler) -> None:
    """A TCP reset before the request is acted on."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RD)
    handler.connection.close()


def accept_then(reply: Reply) -> Reply:
    """The request is acted on, and then its answer goes wrong."""

    def both(handler: Handler) -> None:
        handler.vendor.accept(handler.key)
        reply(handler)

    return both


def truncated(handler: Handler) -> None:
    handler.wfile.write(b'HTTP/1.1 202 A\r\nContent-Length: 500\r\n\r\n{"id": ')
    handler.close_connection = True


def silent(handler: Handler) -> None:
    """No answer; the connection stays open until the client gives up."""
    handler.rfile.read(1)
    handler.close_connection = True
