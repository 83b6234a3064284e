"""One call of the client for each route that a scenario can act on, and what came of it in one line."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from rivya_bridge.rivya import (
    Downloader,
    DownloadError,
    Rivya,
    RivyaError,
    Timeouts,
    TurnCompleted,
    TurnFailed,
)
from rivya_bridge.sandbox.scenarios.places import (
    CHAT,
    CREATE,
    CREDITS,
    FILE,
    MODELS,
    OPENAPI,
    RESULT,
    SESSIONS,
    STATUS,
    STREAM,
    UPLOAD,
    WEBHOOKS,
)

KEY = "rvya_sk_sandbox_full"
BOAT = {"model": "z-image", "prompt": "A boat"}
CHAT_MODEL = "gpt-5-2-chat"
HELLO = "Tell me of a boat on a lake, please."
PATIENT = Timeouts()
HURRIED = Timeouts(
    read=0.8, operation=1.2, upload=1.2, chat=1.2, stream=5.0, stream_idle=3.0, stream_stall=4.0
)
"""For scenarios that only patience would outlast."""


@dataclass(frozen=True)
class Outcome:
    """`what` is "ok", the class of the error, or how a stream ended; `error` what was raised."""

    what: str
    error: RivyaError | DownloadError | None = None


@dataclass(frozen=True)
class Place:
    """A sandbox in which there is a finished generation with its result, and a file."""

    base_url: str
    picture: Path
    task_id: str
    file_id: str
    result: str

    def journal(self) -> tuple[int, int]:
        """The truth: how many generations there are, and what the wallet holds."""
        told = httpx.get(f"{self.base_url}/_sandbox/journal", trust_env=False).json()
        return told["generations_count"], told["balance"]

    def switch_on(self, scenario: str, **settings: object) -> None:
        body = {"scenario": scenario, **settings}
        self._control("POST", json=body)

    def switch_off(self) -> None:
        self._control("DELETE")

    def _control(self, method: str, **body: Any) -> None:
        address = f"{self.base_url}/_sandbox/scenarios"
        httpx.request(method, address, trust_env=False, **body).raise_for_status()


class Caller:
    """A client without retries, and a call for each route."""

    def __init__(self, place: Place, timeout: Timeouts = PATIENT) -> None:
        self.client = Rivya(base_url=place.base_url, api_key=KEY, max_retries=0, timeout=timeout)
        self._place, self._seconds = place, timeout.operation
        self.calls: dict[str, Callable[[], object]] = {
            CREATE: self._create,
            STATUS: lambda: self.client.generations.retrieve(place.task_id),
            UPLOAD: lambda: self.client.files.upload(place.picture),
            FILE: lambda: self.client.files.retrieve(place.file_id),
            CREDITS: self.client.credits.retrieve,
            MODELS: self.client.models.list,
            OPENAPI: self.client.openapi,
            CHAT: self._chat,
            STREAM: self._stream,
            SESSIONS: self.client.chat.sessions.list,
            WEBHOOKS: self.client.webhooks.list,
            RESULT: self._download,
        }

    def call(self, route: str) -> Outcome:
        """What the route's call came to."""
        try:
            done = self.calls[route]()
        except (RivyaError, DownloadError) as error:
            return Outcome(type(error).__name__, error)
        return Outcome(done if isinstance(done, str) else "ok")

    def close(self) -> None:
        self.client.close()

    def _create(self) -> object:
        body = self.client.generations.build_body(**BOAT)
        return self.client.generations.submit(body, idempotency_key=uuid4().hex)

    def _chat(self) -> object:
        body = self.client.chat.build_body(CHAT_MODEL, HELLO)
        return self.client.chat.submit(body, idempotency_key=uuid4().hex)

    def _stream(self) -> str:
        body = self.client.chat.build_body(CHAT_MODEL, HELLO)
        with self.client.chat.stream(body, idempotency_key=uuid4().hex) as stream:
            for _ in stream:
                pass
        if isinstance(stream.end, TurnCompleted):
            return "ok"
        return "failed" if isinstance(stream.end, TurnFailed) else "incomplete"

    def _download(self) -> object:
        with Downloader(
            self._place.base_url, max_bytes=50_000_000, deadline_seconds=self._seconds
        ) as downloader:
            return downloader.fetch(self._place.result, io.BytesIO())
