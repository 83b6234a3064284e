"""What is seen of each scenario from outside: one check by name, over a real socket.

A module per group registers its checks with `seen_as`; `test_scenarios.py` runs one for every
scenario of the registry, so that a scenario without a check is a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from ..conftest import FULL, Hooked
from ..webhook_receiver import Receiver

BOAT = {"model": "z-image", "prompt": "A boat"}
HELLO = {"model": "gpt-5-2-chat", "message": "Tell me of a boat on a lake, please."}


class World:
    """A sandbox in which one scenario is switched on, and a receiver of its callbacks."""

    def __init__(self, hooked: Hooked, receiver: Receiver, name: str) -> None:
        self.hooked, self.receiver, self.name = hooked, receiver, name
        self.api = hooked.api

    def on(self, **settings: Any) -> dict[str, Any]:
        """Switch the scenario on for every request."""
        answer = self.api.post("/_sandbox/scenarios", json={"scenario": self.name, **settings})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def off(self) -> None:
        self.api.delete("/_sandbox/scenarios").raise_for_status()

    def post(self, key: str | None = None, **body: Any) -> httpx.Response:
        """Submit a generation."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.api.post("/api/v1/generations", json={**BOAT, **body}, headers=headers)

    def credits(self) -> httpx.Response:
        return self.api.get("/api/v1/credits")

    def task(self) -> dict[str, Any]:
        """A generation that was accepted while nothing was on."""
        self.off()
        return dict(self.post().json())

    def read(self, task: dict[str, Any]) -> httpx.Response:
        return self.api.get(f"/api/v1/generations/{task['id']}")

    def result(self) -> str:
        """The link to a result that is there."""
        task = self.task()
        self.hooked.pass_time()
        return str(self.read(task).json()["result"]["primary_url"])

    def made(self) -> int:
        """How many generations there really are."""
        return int(self.api.get("/_sandbox/journal").json()["generations_count"])

    def stream(self, timeout: float = 20) -> httpx.Client:
        return httpx.Client(base_url=self.api.base_url, headers=FULL, timeout=timeout)


Check = Callable[[World], None]
CHECKS: dict[str, Check] = {}


def seen_as(*names: str) -> Callable[[Check], Check]:
    """Register the check of these scenarios."""

    def register(check: Check) -> Check:
        for name in names:
            assert name not in CHECKS, f"{name} has two checks"
            CHECKS[name] = check
        return check

    return register


def error_code(answer: httpx.Response) -> str:
    """The code of an envelope, which must carry the request's id."""
    error = answer.json()["error"]
    assert error["requestId"] == answer.headers["X-Request-Id"]
    return str(error["code"])
