"""Shared by the broker's tests: a clock that stands still, a file, and waiting for a condition."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rivya_bridge.broker import register
from rivya_bridge.broker.store import MessageStore


class Clock:
    """Unix seconds that move only when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def registered() -> None:
    register()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "broker.sqlite3"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[MessageStore]:
    store = MessageStore(path, clock)
    yield store
    store.close()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Look again and again until the condition holds; fail after 15 seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail("the condition did not come true within 15 seconds")
            time.sleep(0.02)

    return wait
