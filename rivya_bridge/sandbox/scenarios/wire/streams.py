"""Chat streams that stall, break off or speak another dialect.

The sandbox sends each event whole, in a message of its own, so an effect can count them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message

from ..call import Call
from ..kinds import Parameter, Scenario, Values
from ..places import STREAM

PING = b": ping\n\n"
AFTER = Parameter("events", 3, "how many events arrive first; the first one opens the session")
SECONDS = Parameter("seconds", 3600.0, "for how long", most=3600.0)

Step = Callable[[bytes, int], Awaitable[None]]
"""What to do with one event, and how many came before it."""


class Stopped(Exception):
    """The effect has ended the stream; what the sandbox still has to say is dropped."""


async def _each(call: Call, step: Step) -> None:
    """Hand every event of a successful stream to `step`; the rest of the work is done anyway."""
    seen, stopped, is_stream = 0, False, True

    async def look(message: Message) -> None:
        nonlocal seen, stopped, is_stream
        if message["type"] == "http.response.start":
            is_stream = message["status"] == 200
        body = message.get("body", b"")
        if stopped:
            return
        if not is_stream or not body:
            await call.send(message)
            return
        try:
            await step(body, seen)
        except Stopped:
            stopped = True
        seen += 1

    await call.pass_through(look)


async def stall(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        if seen == values["events"]:
            await asyncio.sleep(float(values["seconds"]))
        await call.chunk(event)

    await _each(call, step)


async def comments_only(call: Call, values: Values) -> None:
    """Alive by its comments, and never an event."""
    begun, _ = await call.pass_silently()
    await call.send(begun)
    ends = asyncio.get_running_loop().time() + float(values["seconds"])
    while call.is_open() and asyncio.get_running_loop().time() < ends:
        await call.chunk(PING)
        await asyncio.sleep(float(values["every"]))
    await call.send({"type": "http.response.body", "body": b""})


async def cut_after_data(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        if seen >= int(values["events"]):
            if values["inside"] == "yes":
                await call.chunk(event[: len(event) // 2])
            await call.cut()
            raise Stopped
        await call.chunk(event)

    await _each(call, step)


async def cut_before_data(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        await call.cut()
        raise Stopped

    await _each(call, step)


async def error_event(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        if seen < int(values["events"]):
            await call.chunk(event)
            return
        text = json.dumps(call.envelope(str(values["code"]), "The model stopped."))
        body = f"event: error\ndata: {text}\n\n".encode()
        await call.send({"type": "http.response.body", "body": body})
        raise Stopped

    await _each(call, step)


async def malformed_event(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        if seen == values["events"]:
            await call.chunk(b'event: delta\ndata: {"delta": \n\n')
        await call.chunk(event)

    await _each(call, step)


async def no_end(call: Call, values: Values) -> None:
    """The stream closes properly, but neither the finished turn nor [DONE] was in it."""

    async def step(event: bytes, seen: int) -> None:
        if b"event: completed" not in event:
            await call.chunk(event)

    await _each(call, step)


async def done_mark(call: Call, values: Values) -> None:
    async def step(event: bytes, seen: int) -> None:
        await call.chunk(event)
        if b"event: completed" in event:
            await call.chunk(b"data: [DONE]\n\n")

    await _each(call, step)


async def dialect(call: Call, values: Values) -> None:
    """The same turn with other names, line ends and pieces."""

    async def step(event: bytes, seen: int) -> None:
        text = _spoken(event.decode(), values).encode()
        size = int(values["piece_bytes"]) or len(text)
        for start in range(0, len(text), size):
            await call.chunk(text[start : start + size])

    await _each(call, step)


def _spoken(event: str, values: Values) -> str:
    fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
    data = json.loads(fields["data"]) if "data" in fields else None
    if isinstance(data, dict) and "delta" in data:
        data = _spelled(data["delta"], str(values["delta"]))
    if data is None:
        return event
    body = json.dumps(data, ensure_ascii=False, indent=1 if values["lines"] == "many" else None)
    lines = [f"event: {fields['event']}"] if values["names"] == "yes" else []
    lines += [f"data: {line}" for line in body.splitlines()]
    end = "\r\n" if values["line_end"] == "crlf" else "\n"
    return end.join([*lines, "", ""])


def _spelled(text: str, path: str) -> dict[str, Any]:
    if path == "delta.content":
        return {"delta": {"content": text}}
    return {path: text}


SCENARIOS = (
    Scenario(
        "stream_stall",
        "The stream falls silent in the middle and stays open.",
        (STREAM,),
        (AFTER, SECONDS),
        wire=stall,
    ),
    Scenario(
        "stream_comments_only",
        "Comments keep the stream alive, and no event ever comes.",
        (STREAM,),
        (SECONDS, Parameter("every", 1.0, "seconds between comments", least=0.01)),
        wire=comments_only,
    ),
    Scenario(
        "stream_cut_after_data",
        "The connection is cut after some of the answer; the turn itself is finished and charged.",
        (STREAM,),
        (AFTER, Parameter("inside", "no", "whether it is cut inside an event", ("no", "yes"))),
        wire=cut_after_data,
    ),
    Scenario(
        "stream_cut_before_data",
        "The connection is cut after the head, before the first event.",
        (STREAM,),
        wire=cut_before_data,
    ),
    Scenario(
        "stream_error",
        "An error event ends the stream.",
        (STREAM,),
        (AFTER, Parameter("code", "internal_error", "the error's code")),
        wire=error_event,
    ),
    Scenario(
        "stream_malformed_event",
        "One event in the middle is no JSON; the others are well.",
        (STREAM,),
        (AFTER,),
        wire=malformed_event,
    ),
    Scenario(
        "stream_no_end",
        "The stream closes without the finished turn and without [DONE].",
        (STREAM,),
        wire=no_end,
    ),
    Scenario(
        "stream_done_mark",
        "The stream ends with a literal [DONE].",
        (STREAM,),
        wire=done_mark,
    ),
    Scenario(
        "stream_dialect",
        "The same answer in other spellings, line ends and pieces (all of it is assumed).",
        (STREAM,),
        (
            Parameter(
                "delta",
                "delta.content",
                "where the text stands",
                ("delta", "delta.content", "content_delta", "text"),
            ),
            Parameter("names", "no", "whether events have names", ("no", "yes")),
            Parameter("line_end", "lf", "how lines end", ("lf", "crlf")),
            Parameter("lines", "one", "data in one line or many", ("one", "many")),
            Parameter("piece_bytes", 0, "size of the pieces; 0 sends events whole", most=1e6),
        ),
        wire=dialect,
    ),
)
