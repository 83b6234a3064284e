"""Running the sandbox: a bound socket, a uvicorn server, and a thread for tests."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from .app import create_app
from .choices import Choices
from .lifecycle import Clock
from .store import Store
from .webhooks.faults import DeliveryFaults

STOP_SECONDS = 3


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers at `base_url` (no slash at the end)."""

    base_url: str
    data_dir: Path


class QuietServer(uvicorn.Server):
    """A uvicorn server that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()
        self.announce()

    def announce(self) -> None:
        """Called once, when requests are answered from now on."""


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 picks a free one. Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only over sockets that name their protocol;
    # otherwise each one waits some 40 ms for the other side's acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def address(bound: socket.socket) -> str:
    """The http address of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn runs the sandbox: quiet, and never waiting long to stop."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


@contextmanager
def running_sandbox(
    data_dir: Path,
    *,
    port: int = 0,
    speed: float = 1000.0,
    rate_limit: int = 0,
    balance: int = 5000,
    clock: Clock = time.time,
    choices: Choices | None = None,
    delivery_faults: DeliveryFaults | None = None,
) -> Iterator[RunningSandbox]:
    """Run a sandbox in a thread until the block ends; for tests.

    By default a thousand times as fast as life and without a rate limit. `choices`
    gives the remaining settings, `delivery_faults` what goes wrong with webhooks.
    Raises OSError when the port is taken.
    """
    settings = dataclasses.replace(
        choices or Choices(), speed=speed, rate_limit=rate_limit, opening_balance=balance
    )
    with Store(data_dir) as store, closing(bind("127.0.0.1", port)) as bound:
        server = QuietServer(configure(create_app(store, clock, settings, delivery_faults)))
        thread = threading.Thread(target=server.run, args=([bound],), name="sandbox")
        thread.start()
        try:
            _await_start(server, thread)
            yield RunningSandbox(address(bound), data_dir)
        finally:
            server.should_exit = True
            thread.join()


def _await_start(server: QuietServer, thread: threading.Thread) -> None:
    while not server.is_ready.wait(0.05):
        if not thread.is_alive():
            raise RuntimeError("The sandbox ended before it was ready.")
