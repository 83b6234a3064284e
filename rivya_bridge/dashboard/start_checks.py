"""What must hold before anything is started; each refusal is one line for a person."""

import errno
import fcntl
import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class StartRefused(Exception):
    """The start cannot go on; the text says what to change."""


@contextmanager
def only_one(folder: Path, address: str) -> Iterator[None]:
    """Hold the data folder for one running installation, which `address` tells others.

    The lock is the kernel's: it ends with the process, however that ends. Raises StartRefused when
    another process holds it or the folder cannot be written.
    """
    try:
        handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartRefused(
            f"The data folder {folder} cannot be written ({error.strerror}): "
            "set BRIDGE_DATA_DIR to a folder that you may write to."
        ) from error
    with os.fdopen(handle, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            running = lock.read().strip() or "starting"
            raise StartRefused(
                f"Rivya Bridge already runs on the data folder {folder} ({running}): use that one, "
                "stop it first, or set BRIDGE_DATA_DIR to another folder."
            ) from error
        lock.truncate()
        lock.write(f"{address}, process {os.getpid()}\n")
        lock.flush()
        yield


def refuse_used_port(host: str, port: int, variable: str) -> None:
    """Raise StartRefused, naming the port and the variable that changes it, if it cannot be had."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            _bind(socket.socket(family, kind, protocol), address)
    except OSError as error:
        raise StartRefused(_port_refusal(error, host, port, variable)) from error


def _bind(listener: socket.socket, address: tuple[Any, ...]) -> None:
    with listener:
        # As the servers do it: a port whose last connections only linger is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)


def _port_refusal(error: OSError, host: str, port: int, variable: str) -> str:
    other = port + 10 if port <= 65525 else port - 10
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use: stop what uses it, or choose another, "
            f"for example {variable}={other} ./run"
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} on {host} needs more rights: choose one above 1023, "
            f"for example {variable}=8000 ./run"
        )
    return f"Port {port} on {host} cannot be opened ({error.strerror}): check BRIDGE_HOST."


def answers(host: str, port: int, seconds: float = 2.0) -> bool:
    """Whether an HTTP server answers there, whatever it says."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(asked, port, timeout=seconds)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
