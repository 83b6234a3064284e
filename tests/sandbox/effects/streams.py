"""Chat streams that stall, break off or speak another dialect."""

from __future__ import annotations

import json
from typing import Any

import httpx

from . import HELLO, World, seen_as

PATH = "/api/v1/chat/completions/stream"


def listen(world: World, timeout: float = 20) -> tuple[bytes, Exception | None]:
    """What came before the stream ended, and how it broke if it did."""
    came = bytearray()
    with world.stream(timeout) as client, client.stream("POST", PATH, json=HELLO) as answer:
        assert answer.status_code == 200
        try:
            for piece in answer.iter_raw():
                came += piece
        except httpx.TransportError as error:
            return bytes(came), error
    return bytes(came), None


def settled(world: World) -> list[str]:
    world.hooked.clock.advance(600)
    turns = world.api.get("/_sandbox/journal").json()["chat_turns"]
    return [turn["status"] for turn in turns]


@seen_as("stream_stall")
def _(world: World) -> None:
    world.on(events=2)
    came, broken = listen(world, timeout=2)
    assert isinstance(broken, httpx.ReadTimeout)
    assert came.count(b"event: ") == 2


@seen_as("stream_comments_only")
def _(world: World) -> None:
    world.on(seconds=0.1, every=0.02)
    came, broken = listen(world)
    assert broken is None
    assert came.replace(b": ping\n\n", b"") == b""
    assert came
    assert settled(world) == ["completed"]


@seen_as("stream_cut_after_data")
def _(world: World) -> None:
    world.on(events=3)
    came, broken = listen(world)
    assert isinstance(broken, httpx.RemoteProtocolError)
    assert came.count(b"event: ") == 3
    assert came.endswith(b"\n\n")
    assert settled(world) == ["completed"]
    world.off()
    world.on(events=3, inside="yes")
    came, broken = listen(world)
    assert isinstance(broken, httpx.RemoteProtocolError)
    assert not came.endswith(b"\n\n")


@seen_as("stream_cut_before_data")
def _(world: World) -> None:
    world.on()
    came, broken = listen(world)
    assert isinstance(broken, httpx.RemoteProtocolError)
    assert came == b""
    assert settled(world) == ["completed"]


@seen_as("stream_error")
def _(world: World) -> None:
    world.on(events=2, code="upstream_gone")
    came, broken = listen(world)
    assert broken is None
    last = came.split(b"\n\n")[-2]
    assert last.startswith(b"event: error\n")
    assert json.loads(last.partition(b"data: ")[2])["error"]["code"] == "upstream_gone"
    assert b"event: completed" not in came


@seen_as("stream_malformed_event")
def _(world: World) -> None:
    world.on(events=2)
    came, broken = listen(world)
    assert broken is None
    broken_events = 0
    for event in came.strip().split(b"\n\n"):
        try:
            json.loads(event.partition(b"data: ")[2])
        except ValueError:
            broken_events += 1
    assert broken_events == 1
    assert b"event: completed" in came


@seen_as("stream_no_end")
def _(world: World) -> None:
    world.on()
    came, broken = listen(world)
    assert broken is None
    assert b"event: delta" in came
    assert b"completed" not in came
    assert b"[DONE]" not in came


@seen_as("stream_done_mark")
def _(world: World) -> None:
    world.on()
    came, _ = listen(world)
    assert came.endswith(b"data: [DONE]\n\n")


@seen_as("stream_dialect")
def _(world: World) -> None:
    world.on(delta="delta.content", line_end="crlf", lines="many", piece_bytes=3)
    came, broken = listen(world)
    assert broken is None
    assert b"event:" not in came
    assert came.count(b"\r\n") == came.count(b"\n")
    events = [_data(event) for event in came.decode().strip().split("\r\n\r\n")]
    said = "".join(event["delta"]["content"] for event in events if "delta" in event)
    assert said == events[-1]["message"]["content"]
    for spelling in ("content_delta", "text", "delta"):
        world.off()
        world.on(delta=spelling, names="yes")
        came, _ = listen(world)
        assert came.count(f'data: {{"{spelling}": "'.encode()) == came.count(b"event: delta")


def _data(event: str) -> dict[str, Any]:
    lines = [line.removeprefix("data: ") for line in event.splitlines()]
    parsed = json.loads("\n".join(lines))
    assert isinstance(parsed, dict)
    return parsed
