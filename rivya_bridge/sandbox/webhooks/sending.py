"""Posting one callback to a checked address, within a wall-clock limit.

Only the status of the answer matters, so the answer is read as far as its head. The name is
looked up once, every address it has must be allowed, and the socket is opened to exactly
those addresses: another answer of the name service can't redirect the connection.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from ipaddress import ip_address

from .addresses import is_allowed
from .attempts import Outcome
from .urls import Target, UrlRejected, check_url

Resolve = Callable[[str, int], list[str]]
HEAD_BYTES = 64 * 1024
DRAIN_SECONDS = 0.5
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r\n)")


class Unanswered(Exception):
    """The receiver closed, or sent something that is not HTTP."""


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, each once; raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Sender:
    """Posts callbacks; used by several threads at once."""

    def __init__(
        self,
        *,
        allow_local: bool,
        seconds: float,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_local = allow_local
        self._seconds = seconds
        self._resolve = resolve
        self._given_tls = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Send and wait for the answer's status; never raises for what the receiver does.

        Any 2xx is a success. Redirects are not followed and count as failures.
        """
        began = time.monotonic()
        status, error = None, None
        try:
            status = self._exchange(url, headers, body, began + self._seconds)
            if not 200 <= status < 300:
                error = f"HTTP {status}"
        except UrlRejected as refusal:
            error = f"webhook_url_rejected: {refusal}"
        except TimeoutError:
            error = f"No answer within {self._seconds:g} s."
        except Unanswered as failure:
            error = str(failure)
        except (OSError, UnicodeError) as failure:
            error = f"No connection: {failure}"[:300]
        return Outcome(status, error, round((time.monotonic() - began) * 1000))

    def abort(self) -> None:
        """Cut every connection that is open; their posts end with an error."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> int:
        target = check_url(url, allow_local=self._allow_local)
        with self._connected(target, deadline) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(_request(target, headers, body) + body)
            status = _read_status(connection, deadline)
            _drain(connection)
            return status

    @contextmanager
    def _connected(self, target: Target, deadline: float) -> Iterator[socket.socket]:
        connection = _connect_to_any(self._addresses(target), target.port, deadline)
        with closing(connection), self._tracked(connection):
            if not target.is_tls:
                yield connection
                return
            connection.settimeout(_left(deadline))
            wrapped = self._tls.wrap_socket(connection, server_hostname=target.host)
            with closing(wrapped), self._tracked(wrapped):
                yield wrapped

    @contextmanager
    def _tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made on the first use: reading the machine's certificates takes a while."""
        return self._given_tls or ssl.create_default_context()

    def _addresses(self, target: Target) -> list[str]:
        found = self._resolve(target.host, target.port)
        for address in found:
            if not is_allowed(ip_address(address), allow_local=self._allow_local):
                raise UrlRejected(f"{target.host} leads to {address}, which is not public.")
        return found


def _connect_to_any(addresses: list[str], port: int, deadline: float) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), _left(deadline))
        except OSError as error:
            failure = error
    raise failure


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _read_status(connection: socket.socket, deadline: float) -> int:
    """The status of the final answer; interim answers (1xx) are skipped."""
    received = b""
    while len(received) <= HEAD_BYTES:
        head, end, rest = received.partition(b"\r\n\r\n")
        if end:
            status = _status_of(head + b"\r\n")
            if status >= 200:
                return status
            received = rest
            continue
        connection.settimeout(_left(deadline))
        chunk = connection.recv(8192)
        if not chunk:
            raise Unanswered("The connection was closed without an answer.")
        received += chunk
    raise Unanswered("The answer's head is too long.")


def _drain(connection: socket.socket) -> None:
    """Read a little of what follows, so that a receiver is not cut off while it writes."""
    until, size = time.monotonic() + DRAIN_SECONDS, 0
    with suppress(OSError):
        while size < HEAD_BYTES:
            connection.settimeout(_left(until))
            chunk = connection.recv(8192)
            if not chunk:
                return
            size += len(chunk)


def _status_of(head: bytes) -> int:
    match = STATUS_LINE.match(head)
    if match is None:
        raise Unanswered("The answer is not HTTP.")
    return int(match[1])


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
