"""Sockets that obey the running call's deadline and connect only to checked addresses.

A name is resolved once per connection, its addresses pass the rule given, and the socket is
opened to exactly those addresses. The URL keeps its name, so Host and TLS name stay right, and
a second, different DNS answer cannot redirect the connection.
"""

import queue
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore

from rivya_bridge.rivya._addresses import Address
from rivya_bridge.rivya._deadline import bounded, interruptible

Resolve = Callable[[str, int, float | None], Sequence[Address]]
AddressRule = Callable[[str, int, Sequence[Address]], Sequence[Address]]

_WRITE_SIZE = 65_536


class AddressRefused(httpcore.ConnectError):
    """The name leads only to addresses that the rule does not allow."""


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to addresses that `allowed` lets through, within the deadline."""

    def __init__(self, *, allowed: AddressRule, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first allowed address that answers.

        Raises AddressRefused, httpcore.ConnectError, httpcore.ConnectTimeout.
        """
        try:
            found = self._resolve(host, port, bounded(timeout))
            addresses = self._allowed(host, port, found)
            if not addresses:
                raise AddressRefused(f"{host} leads to no address that may be used")
            return GuardedStream(_connect_to_any(addresses, port, timeout))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError, OverflowError) as error:
            raise httpcore.ConnectError(str(error)) from error


class GuardedStream(httpcore.NetworkStream):
    """A connected socket; every operation is cut at the running call's deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            with interruptible(self._sock):
                self._sock.settimeout(bounded(timeout))
                return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            with interruptible(self._sock):
                while rest:
                    self._sock.settimeout(bounded(timeout))
                    rest = rest[self._sock.send(rest[:_WRITE_SIZE]) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            with interruptible(self._sock):
                self._sock.settimeout(bounded(timeout))
                secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        return GuardedStream(secured)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self._sock)
        if info == "socket":
            return self._sock
        return None


def resolve_host(host: str, port: int, timeout: float | None) -> Sequence[Address]:
    """Addresses of `host` in the system's order. Raises OSError, TimeoutError.

    The look-up runs in a thread of its own: the system call knows no timeout.
    """
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    answers: queue.SimpleQueue[list[Address] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(_look_up(host, port))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=look_up, name="rivya-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError(f"looking up {host} took too long") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _look_up(host: str, port: int) -> list[Address]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(row[4][0]) for row in rows)
    return [ip_address(text) for text in texts]


def _connect_to_any(
    addresses: Sequence[Address], port: int, timeout: float | None
) -> socket.socket:
    last: OSError = OSError("no address to connect to")
    for address in addresses:
        try:
            sock = socket.create_connection((str(address), port), bounded(timeout))
        except OSError as error:
            last = error
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise last


def _is_readable(sock: socket.socket) -> bool:
    """True if an idle connection has something to read, which then is its end."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
