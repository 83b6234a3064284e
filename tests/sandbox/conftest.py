"""A sandbox on a real port, a clock that only moves when told, and clients for it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox

from .webhook_receiver import Receiver, receiving

FULL = {"Authorization": "Bearer rvya_sk_sandbox_full"}
START = 1_800_000_000.0


class Clock:
    """Unix seconds; moves only by `advance`."""

    def __init__(self) -> None:
        self._now = START
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, speed=1.0, clock=clock, balance=100_000) as running:
        yield running


@pytest.fixture
def anonymous(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, timeout=30) as client:
        yield client


@pytest.fixture
def api(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, headers=FULL, timeout=30) as client:
        yield client


@pytest.fixture
def make(api: httpx.Client, clock: Clock) -> Callable[..., bytes]:
    """Run one generation to its end and return the bytes of one of its results."""

    def run(model: str, prompt: str, index: int = 0, **params: Any) -> bytes:
        body = {"model": model, "prompt": prompt, "params": params}
        answer = api.post("/api/v1/generations", json=body)
        assert answer.status_code == 202, answer.text
        clock.advance(60)
        task = api.get(f"/api/v1/generations/{answer.json()['id']}").json()
        assert task["status"] == "succeeded"
        media = api.get(task["result"]["urls"][index])
        assert media.status_code == 200
        return media.content

    return run


@pytest.fixture
def upload(api: httpx.Client) -> Callable[..., httpx.Response]:
    """Upload bytes as a file; the answer, whatever it is."""

    def send(content: bytes, kind: str = "image", **fields: str) -> httpx.Response:
        files = {"file": ("given.bin", content)}
        return api.post("/api/v1/files", data={"kind": kind, **fields}, files=files)

    return send


def png(colour: tuple[int, int, int] = (230, 90, 20), side: int = 64) -> bytes:
    """A plain picture."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, whose envelope is checked on the way."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "requestId"}
    assert error["requestId"] == answer.headers["X-Request-Id"]
    assert answer.headers["X-Rivya-Sandbox"] == "1"
    return answer.status_code, error["code"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as open_receiver:
        yield open_receiver


class Hooked:
    """A sandbox that may call this machine, under a clock that stands still."""

    def __init__(self, api: httpx.Client, clock: Clock) -> None:
        self.api = api
        self.clock = clock

    def subscribe(self, url: str, *event_types: str) -> dict[str, Any]:
        """A new endpoint for these types, or for both."""
        types = list(event_types) or ["generation.succeeded", "generation.failed"]
        answer = self.api.post("/api/v1/webhooks", json={"url": url, "event_types": types})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def submit(self, prompt: str = "A boat") -> dict[str, Any]:
        """A generation that has not ended yet."""
        answer = self.api.post("/api/v1/generations", json={"model": "z-image", "prompt": prompt})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def pass_time(self, seconds: float = 60.0) -> int:
        """Move the clock and let everything due be sent; the number of attempts made.

        Counted from the journal: the sandbox's own thread may be the one that sends.
        """
        before = self._attempts_made()
        self.clock.advance(seconds)
        self.api.post("/_sandbox/dispatch").raise_for_status()
        return self._attempts_made() - before

    def _attempts_made(self) -> int:
        states = self.journal()["deliveries_by_status"]
        return int(states.get("succeeded", 0) + states.get("failed", 0))

    def endpoint(self, created: dict[str, Any]) -> dict[str, Any]:
        return dict(self.api.get(f"/api/v1/webhooks/{created['id']}").json())

    def deliveries(self, created: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.api.get(f"/api/v1/webhooks/{created['id']}/deliveries?limit=100")
        return list(answer.json()["data"])

    def journal(self) -> dict[str, Any]:
        return dict(self.api.get("/_sandbox/journal").json()["webhooks"])


@contextmanager
def hooked_sandbox(folder: Path, **settings: Any) -> Iterator[Hooked]:
    """`settings` are those of `running_sandbox`."""
    clock = settings.pop("clock", None) or Clock()
    choices = settings.pop("choices", Choices(allow_local_webhooks=True))
    with (
        running_sandbox(folder, speed=1.0, clock=clock, choices=choices, **settings) as running,
        httpx.Client(base_url=running.base_url, headers=FULL, timeout=30) as client,
    ):
        yield Hooked(client, clock)


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[Hooked]:
    with hooked_sandbox(tmp_path) as running:
        yield running
