"""The receiver: an ASGI application with one route, `POST /webhooks/<token>`, on a port of its own.

A callback is acknowledged after the transaction that keeps it has been committed. One thread writes what
has gathered meanwhile in one transaction, so that a thousand a second need a few commits. What cannot be
kept is answered 503, and Rivya sends it again.
"""

import asyncio
import json
import logging
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from rivya_bridge.connection.encryption import Unreadable, decrypt_key
from rivya_bridge.webhooks.judging import TYPE_LENGTH, Judged, judge
from rivya_bridge.webhooks.models import Endpoint, Event
from rivya_bridge.webhooks.services.storing import store_events

log = logging.getLogger(__name__)

Message = dict[str, Any]
PREFIX = "/webhooks/"
MOST_BYTES = 1_048_576
MOST_HEADERS = 50
HEADER_LENGTH = 1_000
MOST_WAITING = 20_000
MOST_WAITING_REFUSED = 1_000
BATCH = 500
ANSWER_SECONDS = 10.0
REREAD_SECONDS = 1.0
_HIDDEN = frozenset({"authorization", "cookie", "proxy-authorization"})


class NotKept(Exception):
    """The batch that an event was in could not be written; the log says why."""


@dataclass(frozen=True, slots=True)
class _Door:
    """An endpoint as the receiver needs it, its secrets in the clear."""

    endpoint: Endpoint
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wish:
    event: Event
    stored: Future[None]


class Writer:
    """The thread that keeps events, many at a time, and knows the endpoints."""

    def __init__(self) -> None:
        self._wishes: queue.Queue[_Wish | None] = queue.Queue(MOST_WAITING)
        self._doors: dict[str, _Door] = {}
        self._read_at = float("-inf")
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="webhook-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What waits is written first."""
        self._wishes.put(None)
        self._thread.join()

    def store(self, event: Event) -> Future[None]:
        """Done once the event is committed; raises queue.Full when too many wait."""
        wish = _Wish(event, Future())
        self._wishes.put_nowait(wish)
        return wish.stored

    async def door(self, token: str) -> _Door | None:
        """The endpoint with this token, as the database had it a second ago at most.

        Raises DatabaseError.
        """
        if self._is_stale():
            await asyncio.to_thread(self._reread)
        return self._doors.get(token)

    def has_room_for_refused(self) -> bool:
        """False while much waits: what nobody signed may not delay the rest."""
        return self._wishes.qsize() < MOST_WAITING_REFUSED

    def _is_stale(self) -> bool:
        return time.monotonic() - self._read_at > REREAD_SECONDS

    def _reread(self) -> None:
        with self._lock:
            if self._is_stale():
                self._doors = {row.token: _Door(row, _secrets(row)) for row in _enabled()}
                self._read_at = time.monotonic()

    def _work(self) -> None:
        is_over = False
        while not is_over:
            wishes = [self._wishes.get()]
            while len(wishes) < BATCH and not self._wishes.empty():
                wishes.append(self._wishes.get_nowait())
            is_over = None in wishes
            self._write([wish for wish in wishes if wish is not None])
        connections.close_all()

    def _write(self, wishes: list[_Wish]) -> None:
        try:
            close_old_connections()
            store_events([wish.event for wish in wishes])
        except Exception as error:
            log.warning("%d callbacks could not be kept: %s", len(wishes), error)
            for wish in wishes:
                wish.stored.set_exception(NotKept())
            return
        for wish in wishes:
            wish.stored.set_result(None)


def _enabled() -> list[Endpoint]:
    close_old_connections()
    return list(Endpoint.objects.filter(is_enabled=True))


def _secrets(row: Endpoint) -> tuple[str, ...]:
    """Those that are good now; none when they cannot be read, so that nothing is verified."""
    stored = [row.secret]
    if row.old_secret and row.old_secret_until and timezone.now() < row.old_secret_until:
        stored.append(row.old_secret)
    try:
        return tuple(decrypt_key(one) for one in stored)
    except Unreadable as error:
        log.warning("The secret of the webhook endpoint %s cannot be read: %s", row.name, error)
        return ()


class Receiver:
    """The ASGI application. `writer` is started and stopped with the server's lifespan."""

    def __init__(self, writer: Writer | None = None) -> None:
        self.writer = writer or Writer()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, code = await self._take(scope, receive)
        body = json.dumps({"status": code}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.writer.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.writer.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _take(self, scope: Message, receive: Any) -> tuple[int, str]:
        """Status and a word for the answer."""
        path = scope["path"]
        if not path.startswith(PREFIX):
            return 404, "not_found"
        try:
            door = await self.writer.door(path.removeprefix(PREFIX))
        except DatabaseError as error:
            log.warning("The endpoints could not be read: %s", error)
            return 503, "unavailable"
        if door is None:
            return 404, "not_found"
        if scope["method"] != "POST":
            return 405, "post_only"
        body = await _read(receive)
        if body is None:
            return 413, "too_large"
        return await self._keep(door, body, scope["headers"])

    async def _keep(
        self, door: _Door, body: bytes, raw_headers: list[tuple[bytes, bytes]]
    ) -> tuple[int, str]:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw_headers]
        now = timezone.now()
        needed = door.endpoint.requires_signature
        judged = judge(body, _merged(pairs), door.secrets, requires_signature=needed, now=now)
        if not judged.is_accepted:
            if self.writer.has_room_for_refused():
                self.writer.store(_event(door.endpoint, judged, body, pairs, now))
            return judged.http_status, "refused"
        try:
            stored = self.writer.store(_event(door.endpoint, judged, body, pairs, now))
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.shield(asyncio.wrap_future(stored))
        except (queue.Full, TimeoutError, NotKept):
            return 503, "not_kept"
        return 200, "kept"


async def _read(receive: Any) -> bytes | None:
    """The body, or None once it is larger than allowed."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _merged(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    """A header that came twice is joined, as HTTP means it: a signature so made matches nothing."""
    merged: dict[str, str] = {}
    for name, value in pairs:
        merged[name] = f"{merged[name]},{value}" if name in merged else value
    return merged


def _event(
    endpoint: Endpoint, judged: Judged, body: bytes, pairs: list[tuple[str, str]], now: datetime
) -> Event:
    event = judged.event
    named = event.generation.id if event and event.generation and not event.is_test else ""
    state = Event.State.PARKED if named else Event.State.IGNORED
    kept = [(name, value[:HEADER_LENGTH]) for name, value in pairs if name not in _HIDDEN]
    return Event(
        endpoint=endpoint,
        event_id=_clean(judged.event_id),
        type=_clean(event.type)[:TYPE_LENGTH] if event else "",
        remote_id=_clean(named)[:120],
        is_test=bool(event and event.is_test),
        signature=judged.signature,
        state=state if judged.is_accepted else Event.State.REFUSED,
        problem=judged.problem,
        headers=[[_clean(name), _clean(value)] for name, value in kept[:MOST_HEADERS]],
        body=body,
        signed_at=judged.signed_at,
        received_at=now,
    )


def _clean(text: str) -> str:
    """PostgreSQL takes no NUL and no half of a surrogate pair in a text."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
