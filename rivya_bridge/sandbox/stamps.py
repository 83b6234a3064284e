"""Marks every answer with a request id and as coming from the sandbox."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .choices import Choices
from .identifiers import new_id


class StampAnswers:
    """ASGI middleware: sets the request id in the scope and two response headers."""

    def __init__(self, app: ASGIApp, choices: Choices) -> None:
        self._app = app
        self._choices = choices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = new_id("req")

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[self._choices.request_id_header] = scope["request_id"]
                headers[self._choices.sandbox_header] = "1"
            await send(message)

        await self._app(scope, receive, stamped)
