"""Marks every answer with a request id and as coming from the sandbox, and notes the request."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .choices import Choices
from .identifiers import new_id
from .traffic import Traffic


class StampAnswers:
    """ASGI middleware: sets the request id in the scope and two response headers."""

    def __init__(self, app: ASGIApp, choices: Choices, traffic: Traffic) -> None:
        self._app = app
        self._choices = choices
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = new_id("req")
        scope["unstamped_send"] = send
        seen = self._traffic.note(scope)

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[self._choices.sandbox_header] = "1"
                if not scope.get("unstamped"):
                    headers[self._choices.request_id_header] = scope["request_id"]
                if seen is not None:
                    seen.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        finally:
            if seen is not None:
                seen.scenarios = scope.get("scenarios", [])
