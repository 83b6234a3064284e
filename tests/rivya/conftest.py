from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from rivya_bridge.rivya import Rivya

from .scripted_server import ScriptedServer

KEY = "rvya_sk_canary_5d41402abc4b2a76"
NOW = datetime(2026, 5, 11, 12, 0, 0, tzinfo=UTC)


class Ticking:
    """A monotonic clock that moves by `step` whenever it is read."""

    def __init__(self, step: float = 0.0) -> None:
        self.step = step
        self.value = 1000.0

    def __call__(self) -> float:
        self.value += self.step
        return self.value


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client wanted to sleep, in order."""
    return []


MakeClient = Callable[..., Rivya]


@pytest.fixture
def make_client(server: ScriptedServer, waits: list[float]) -> Iterator[MakeClient]:
    """A client of the scripted server whose clocks do not move and whose sleeps do not wait."""
    with ExitStack() as stack:

        def make(**changes: Any) -> Rivya:
            arguments: dict[str, Any] = {
                "base_url": server.url,
                "api_key": KEY,
                "clock": lambda: NOW,
                "monotonic": Ticking(),
                "sleep": waits.append,
                "random": lambda: 1.0,
            }
            return stack.enter_context(Rivya(**(arguments | changes)))

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> Rivya:
    return make_client()
