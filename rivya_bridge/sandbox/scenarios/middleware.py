"""Lets the chosen scenarios act on a request; without any, the request passes untouched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..lifecycle import Clock
from ..store import Store
from .board import Asked, Switchboard
from .call import Call
from .entries import Entry, read_header
from .fates import Fate
from .kinds import BadEntry, Values, WireEffect
from .places import CREATE, place_of, task_of

HEADER = b"x-sandbox-scenario"


class ApplyScenarios:
    """ASGI middleware around the sandbox's routes."""

    def __init__(self, app: ASGIApp, board: Switchboard, store: Store, clock: Clock) -> None:
        self._app = app
        self._board = board
        self._store = store
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        text = header(scope, HEADER)
        if text is None and self._board.is_quiet:
            await self._app(scope, receive, send)
            return
        await self._look(scope, receive, send, text or "")

    async def _look(self, scope: Scope, receive: Receive, send: Send, text: str) -> None:
        place = place_of(scope["method"], scope["path"])
        if place is None:
            await self._app(scope, receive, send)
            return
        call = Call(scope, receive, send, self._app, self._clock)
        try:
            entries = tuple(read_header(text))
        except BadEntry as problem:
            await _refuse(call, f"X-Sandbox-Scenario: {problem}")
            return
        met = await run_in_threadpool(self._pick, scope, place, entries, text)
        scope["scenarios"] = [entry.scenario.name for entry in met]
        scope["fate"] = decide(met)
        if place == CREATE and entries:
            call = call.with_app(partial(self._keep_for_later, entries))
        await run(call, [(e.scenario.wire, e.values) for e in met if e.scenario.wire is not None])

    def _pick(self, scope: Scope, place: str, entries: tuple[Entry, ...], text: str) -> list[Entry]:
        task_id = task_of(place, scope["path"])
        generation = self._store.generation(task_id) if task_id else None
        account = generation.account if generation else None
        return self._board.pick(Asked(place, key_of(scope), account, task_id, entries, text))

    async def _keep_for_later(
        self, entries: tuple[Entry, ...], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer the POST; what its header asks for beyond the POST stays with its task."""

        async def look(message: Message) -> None:
            if message["type"] == "http.response.body":
                task_id = _task_id(message.get("body", b""))
                if task_id:
                    self._board.keep_with_task(task_id, entries)
            await send(message)

        await self._app(scope, receive, look)


async def run(call: Call, effects: Sequence[tuple[WireEffect, Values]]) -> None:
    """Let the effects act, the first one outermost; the sandbox answers behind the last."""
    if not effects:
        await call.pass_on()
        return
    effect, values = effects[0]

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        inner = Call(scope, receive, send, call.app, call.now)
        await run(inner, effects[1:])

    await effect(call.with_app(behind), values)


def decide(met: Sequence[Entry]) -> Fate:
    """What all the chosen scenarios together decide about a generation."""
    fate = Fate()
    for entry in met:
        if entry.scenario.fate is not None:
            fate = entry.scenario.fate(fate, entry.values)
    return fate


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a request header, by its lower-case name."""
    for found, value in scope["headers"]:
        if found == name:
            return str(value.decode("latin-1"))
    return None


def key_of(scope: Scope) -> str:
    """The key that a request carries, good or bad; empty without one."""
    return (header(scope, b"authorization") or "").partition(" ")[2].strip()


def _task_id(body: bytes) -> str | None:
    try:
        found = json.loads(body).get("id")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


async def _refuse(call: Call, message: str) -> None:
    body = json.dumps(call.envelope("validation_failed", message)).encode()
    await call.answer(400, body, [("Content-Type", "application/json")])
