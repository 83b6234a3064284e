"""Connections that are slow, silent or cut."""

from __future__ import annotations

import asyncio

from starlette.types import Message

from ..call import Call
from ..kinds import Parameter, Scenario, Values
from ..places import EVERYWHERE

PATIENCE_SECONDS = 3600.0
"""Longest time a connection is kept open without an answer."""
PIECE_BYTES = 16


async def latency(call: Call, values: Values) -> None:
    await asyncio.sleep(float(values["seconds"]))
    await call.pass_on()


async def no_answer(call: Call, values: Values) -> None:
    """Keep the connection open and say nothing, until the caller leaves."""
    if values["when"] == "after":
        await call.pass_silently()
    await call.gone(float(values["seconds"]))
    await call.cut()


async def cut_before_work(call: Call, values: Values) -> None:
    """Read the request, do nothing with it and close."""
    while (await call.receive()).get("more_body"):
        pass
    await call.cut()


async def cut_after_work(call: Call, values: Values) -> None:
    await call.pass_silently()
    await call.cut()


async def reset_before_work(call: Call, values: Values) -> None:
    while (await call.receive()).get("more_body"):
        pass
    await call.reset()


async def reset_after_work(call: Call, values: Values) -> None:
    await call.pass_silently()
    await call.reset()


async def cut_in_answer(call: Call, values: Values) -> None:
    """Send the head and a part of the body, then close."""
    begun, body = await call.pass_silently()
    await call.send({**begun, "headers": _with_length(begun, len(body))})
    await call.chunk(body[: int(len(body) * float(values["part"]))])
    await call.cut()


async def slow_drip(call: Call, values: Values) -> None:
    """The usual answer, a few bytes at a time."""
    begun, body = await call.pass_silently()
    await call.send({**begun, "headers": _with_length(begun, len(body))})
    wait = PIECE_BYTES / float(values["bytes_per_second"])
    for start in range(0, len(body), PIECE_BYTES):
        await asyncio.sleep(wait)
        if not call.is_open():
            return
        await call.chunk(body[start : start + PIECE_BYTES])
    await call.send({"type": "http.response.body", "body": b""})


def _with_length(begun: Message, length: int) -> list[tuple[bytes, bytes]]:
    """The head's fields with the length of the whole body."""
    fields = [(name, value) for name, value in begun["headers"] if name != b"content-length"]
    return [*fields, (b"content-length", str(length).encode())]


SCENARIOS = (
    Scenario(
        "latency",
        "The usual answer, later.",
        EVERYWHERE,
        (Parameter("seconds", 2.0, "how many seconds later", most=PATIENCE_SECONDS),),
        wire=latency,
    ),
    Scenario(
        "no_answer",
        "The connection stays open and no answer comes.",
        EVERYWHERE,
        (
            Parameter("when", "before", "whether the work is done", ("before", "after")),
            Parameter(
                "seconds", PATIENCE_SECONDS, "after how long it closes", most=PATIENCE_SECONDS
            ),
        ),
        wire=no_answer,
    ),
    Scenario(
        "cut_before_work",
        "The request is taken and the connection cut; nothing was done.",
        EVERYWHERE,
        wire=cut_before_work,
    ),
    Scenario(
        "cut_after_work",
        "The work is done (a task exists, credits are reserved) and the connection cut unanswered.",
        EVERYWHERE,
        wire=cut_after_work,
    ),
    Scenario(
        "reset_before_work",
        "The request is taken and the connection reset (TCP RST); nothing was done.",
        EVERYWHERE,
        wire=reset_before_work,
    ),
    Scenario(
        "reset_after_work",
        "The work is done and the connection reset (TCP RST) without an answer.",
        EVERYWHERE,
        wire=reset_after_work,
    ),
    Scenario(
        "cut_in_answer",
        "The head and a part of the answer arrive, then the connection is cut.",
        EVERYWHERE,
        (Parameter("part", 0.5, "the share of the body that arrives", most=1),),
        wire=cut_in_answer,
    ),
    Scenario(
        "slow_drip",
        "The usual answer, dripping so slowly that every single wait is short.",
        EVERYWHERE,
        (
            Parameter(
                "bytes_per_second", 20.0, "how many bytes arrive in a second", least=0.1, most=1e9
            ),
        ),
        wire=slow_drip,
    ),
)
