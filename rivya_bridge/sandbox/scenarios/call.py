"""One request under a scenario: what came, who answers, and the connection below."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..identifiers import new_id


@dataclass(frozen=True)
class Call:
    """A request on its way through the effects that were chosen for it."""

    scope: Scope
    receive: Receive
    send: Send
    app: ASGIApp
    """Who answers when this effect lets the request pass: the next effect, or the sandbox."""
    now: Callable[[], float]
    """The sandbox's clock, in Unix seconds."""

    async def pass_on(self) -> None:
        """Let the request be answered as usual."""
        await self.app(self.scope, self.receive, self.send)

    async def pass_through(self, send: Send) -> None:
        """Let the request be answered, and look at each message of the answer first."""
        await self.app(self.scope, self.receive, send)

    async def pass_silently(self) -> tuple[Message, bytes]:
        """Let the request do its work; its answer is returned and not sent."""
        begun: list[Message] = []
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(self.scope, self.receive, keep)
        return begun[0], bytes(body)

    async def answer(self, status: int, body: bytes, headers: Sequence[tuple[str, str]]) -> None:
        """Send one whole answer."""
        fields = [*headers, ("content-length", str(len(body)))]
        await self.begin(status, fields)
        await self.send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Send the head of an answer."""
        encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def chunk(self, body: bytes) -> None:
        """Send a part of an answer."""
        await self.send({"type": "http.response.body", "body": body, "more_body": True})

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        """The error envelope with this request's id."""
        request_id = self.scope.get("request_id") or new_id("req")
        return {"error": {"code": code, "message": message, "requestId": request_id}}

    def with_app(self, app: ASGIApp) -> Call:
        """The same call with somebody else to answer it."""
        return replace(self, app=app)

    def is_open(self) -> bool:
        """Whether somebody may still be reading."""
        return not _transport(self.scope).is_closing()

    async def cut(self) -> None:
        """Close the connection after what was sent, without a word more."""
        transport = _transport(self.scope)
        transport.close()
        await self.gone(5.0)

    async def reset(self) -> None:
        """End the connection with a TCP reset: what was sent may be lost on its way too."""
        transport = _transport(self.scope)
        line = transport.get_extra_info("socket")
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self.gone(5.0)

    async def gone(self, seconds: float) -> None:
        """Wait until the caller has left, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass


def _transport(scope: Scope) -> asyncio.Transport:
    """The connection: uvicorn's `send` is a method of the request's cycle, which knows it."""
    transport: asyncio.Transport = scope["unstamped_send"].__self__.transport
    return transport
