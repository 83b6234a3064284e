"""A server that plays one scripted reply per request, over real sockets, and records requests."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

PIECE = 65_536
MANY_PIECES = 2_000


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[["Line"], None]


@dataclass(frozen=True)
class Line:
    """What a reply may use: the socket and the news that the server is closing."""

    sock: socket.socket
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


def answer(
    status: int = 200, body: bytes | str = b"{}", headers: dict[str, str] | None = None
) -> Reply:
    """A complete answer with its length."""
    data = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines.update(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return lambda line: line.send(f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + data)


def raw(data: bytes) -> Reply:
    """Exactly these bytes, then the end of the connection."""

    def reply(line: Line) -> None:
        line.send(data)
        line.sock.shutdown(socket.SHUT_RDWR)

    return reply


def reset(line: Line) -> None:
    """A TCP reset instead of an answer."""
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.sock.close()


def silence(line: Line) -> None:
    """No answer at all, for as long as the server lives."""
    line.closing.wait()


def drip(start: bytes, piece: bytes = b" ") -> Reply:
    """`start`, then one piece after another; it ends only to fail a test instead of hanging it."""

    def reply(line: Line) -> None:
        line.send(start)
        for _ in range(MANY_PIECES):
            if line.closing.wait(0.002):
                return
            line.send(piece)
        line.sock.shutdown(socket.SHUT_RDWR)

    return reply


class ScriptedServer:
    """Plays `script` in order; requests beyond it are answered 500 and still recorded."""

    def __init__(self) -> None:
        self.script: deque[Reply] = deque()
        self.requests: list[Recorded] = []
        self.first_bytes: list[bytes] = []
        self.connections = 0
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def play(self, *replies: Reply) -> None:
        self.script.extend(replies)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and hang up on everybody; harmless the second time."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(sock)
            self._start(partial(self._serve, sock))

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                while (request := self._read(sock)) is not None:
                    self.requests.append(request)
                    reply = self.script.popleft() if self.script else answer(500)
                    reply(Line(sock, self._closing))
            except OSError:
                return

    def _read(self, sock: socket.socket) -> Recorded | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(PIECE)
            if not piece:
                return None
            if not data:
                self.first_bytes.append(piece)
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rest)}
        while len(body) < int(headers.get("content-length", "0")):
            piece = sock.recv(PIECE)
            if not piece:
                return None
            body += piece
        return Recorded(first, headers, body)
