"""A turn as server-sent events: session, deltas, completed (names assumed)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from ..choices import Choices

PING = b": ping\n\n"


def pieces(text: str) -> list[str]:
    """The text cut into words with the space before them; joined they are the text."""
    return re.findall(r"\s*\S+\s*\Z|\s*\S+|\s+\Z", text)


def event(name: str, data: dict[str, Any]) -> bytes:
    """One event in the wire's form."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def paced(parts: list[str], choices: Choices) -> AsyncIterator[bytes]:
    """One delta a piece, after the wait of the first word; comments in long waits."""
    waits = [choices.chat_thinking_seconds, *[1 / choices.chat_pieces_per_second] * len(parts)]
    for part, wait in zip(parts, waits, strict=False):
        async for ping in _waiting(wait / choices.speed, choices.chat_ping_seconds):
            yield ping
        yield event("delta", {"delta": part})


async def _waiting(seconds: float, every: float) -> AsyncIterator[bytes]:
    while seconds > every:
        await asyncio.sleep(every)
        seconds -= every
        yield PING
    await asyncio.sleep(seconds)
