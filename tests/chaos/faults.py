"""The vendor's answers that go wrong: an ASGI layer around the sandbox, drawn from one seed.

What the sandbox really did stands in its own journal; this layer only spoils what is seen of it, and
writes each request into a log of its own: time, method, path, key, fault.
"""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

RETRY_AFTER_SECONDS = 4
WEIGHTS: dict[str, float] = {
    "server_error": 4,
    "bad_gateway": 4,
    "unavailable": 2,
    "never_heard": 4,
    "answer_lost": 6,
    "answer_cut": 4,
    "answer_garbled": 3,
    "slow": 3,
}
ONLY_BEFORE = frozenset(
    {"server_error", "bad_gateway", "unavailable", "rate_limited", "never_heard"}
)


@dataclass(frozen=True)
class Asked:
    """One request as the log keeps it; `at` is the machine's clock in seconds."""

    at: float
    method: str
    path: str
    key: str
    fault: str
    ended_at: float


class FaultyVendor:
    """The sandbox with faults in `share` of its answers under /api/v1 and of its results."""

    def __init__(
        self, app: ASGIApp, share: float, limits: float, chance: random.Random, log: Path
    ) -> None:
        self._app = app
        self._share = share
        # Rate limits stop everybody for seconds, so that they are weighed on their own.
        self._weights = WEIGHTS | {"rate_limited": limits}
        self._chance = chance
        self._lock = threading.Lock()
        self._log: IO[str] = log.open("a", encoding="utf-8", buffering=1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, well or not."""
        if scope["type"] != "http" or not scope["path"].startswith(("/api/v1/", "/results/")):
            await self._app(scope, receive, send)
            return
        at, fault = time.time(), self._draw()
        try:
            if fault in ONLY_BEFORE:
                await _read_all(receive)
                await _refuse(fault, send)
            else:
                if fault == "slow":
                    await asyncio.sleep(1.5)
                await self._app(scope, receive, _Spoiler(fault, send))
        finally:
            self._write(scope, at, fault)

    def _draw(self) -> str:
        with self._lock:
            if self._chance.random() >= self._share:
                return ""
            return self._chance.choices(list(self._weights), list(self._weights.values()))[0]

    def _write(self, scope: Scope, at: float, fault: str) -> None:
        headers = dict(scope["headers"])
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        line = [at, scope["method"], scope["path"], key, fault, time.time()]
        self._log.write(json.dumps(line) + "\n")


async def _read_all(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _refuse(fault: str, send: Send) -> None:
    """An answer of something in front of the API, which has seen nothing of the request."""
    if fault == "never_heard":
        await _promise_more(send, 200)
        return
    status = {"server_error": 500, "bad_gateway": 502, "unavailable": 503, "rate_limited": 429}
    body = b"<html>Bad gateway</html>"
    headers = [(b"content-type", b"text/html")]
    if fault != "bad_gateway":
        code = "rate_limited" if fault == "rate_limited" else "internal_error"
        body = json.dumps({"error": {"code": code, "message": "Drawn by lot."}}).encode()
        headers = [(b"content-type", b"application/json")]
    if fault == "rate_limited":
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status[fault], "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _promise_more(send: Send, status: int) -> None:
    """Names a length and sends less: the server then cuts the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"{"})


class _Spoiler:
    """Passes an answer on, or loses, cuts or garbles it; what was done stays done."""

    def __init__(self, fault: str, send: Send) -> None:
        self._fault = fault
        self._send = send
        self._start: Message = {}

    async def __call__(self, message: Message) -> None:
        if self._fault in ("", "slow"):
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        elif self._start:
            await self._spoil(message.get("body", b""))
            self._start = {}

    async def _spoil(self, body: bytes) -> None:
        if self._fault == "answer_lost":
            await _promise_more(self._send, self._start["status"])
            return
        if self._fault == "answer_garbled" and body[:1] == b"{":
            body = b"<" + body[1:-1]
            self._start["headers"] = _with_length(self._start["headers"], len(body))
        else:
            body = body[: len(body) // 2]
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def _with_length(headers: list[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(size).encode())]
