"""Who may use the control routes: this machine, or whoever has the control token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..bodies import read_json_bytes
from ..checks import parse_json_object
from ..context import Sandbox, origin, sandbox_of
from ..errors import ApiError

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105
BODY_BYTES = 64 * 1024

Body = dict[str, Any]
Work = Callable[[Sandbox, Request, Body], Any]
"""Does the work of a control route in a thread; its answer is sent as JSON."""


def controlled(path: str, work: Work, method: str = "GET", status: int = 200) -> Route:
    """A guarded route that reads an optional JSON object and answers with JSON."""

    @wraps(work)
    async def endpoint(request: Request) -> JSONResponse:
        check_guard(request)
        body = await _body(request) if method == "POST" else {}
        answer = await run_in_threadpool(work, sandbox_of(request), request, body)
        return JSONResponse(answer, status_code=status)

    return Route(path, endpoint, methods=[method])


def guarded(path: str, show: Callable[[Request], Awaitable[Response]], method: str) -> Route:
    """A guarded route for people, which reads and answers by itself."""

    @wraps(show)
    async def endpoint(request: Request) -> Response:
        check_guard(request)
        return await show(request)

    return Route(path, endpoint, methods=[method])


def check_guard(request: Request) -> None:
    """Raise ApiError unless the caller may control this sandbox.

    With a control token set, only the token counts. Without one the caller must be on this
    machine and must have named it by an address or as localhost, so that no foreign name can be
    bound to it; and a browser must be on one of the sandbox's own pages.
    """
    expected = sandbox_of(request).choices.control_token
    given = request.headers.get(TOKEN_HEADER, "")
    if expected and hmac.compare_digest(given.encode(), expected.encode()):
        return
    if expected and not _is_page(request):
        raise _forbidden(f"Send the control token in the header {TOKEN_HEADER}.")
    if request.client is None or not _is_loopback(request.client.host):
        raise _forbidden("Only this machine may control the sandbox. Start it with a token.")
    if not _is_plain_host(request.url.hostname or ""):
        raise _forbidden("Call the sandbox by its address or as localhost.")
    if request.method != "GET" and not _is_same_origin(request):
        raise _forbidden("This was sent from a page of another site. Use the sandbox's own page.")


def _is_page(request: Request) -> bool:
    """The home page and its forms, which serve a person at this machine."""
    return not request.url.path.startswith("/_sandbox/")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_plain_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site", "none")
    source = request.headers.get("origin")
    if site not in ("none", "same-origin"):
        return False
    if source is None:
        return True
    return source != "null" and urlsplit(source).geturl() == origin(request)


def _forbidden(message: str) -> ApiError:
    return ApiError("control_denied", message, status=403)


async def _body(request: Request) -> Body:
    headers = request.headers
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if is_empty:
        return {}
    return parse_json_object(await read_json_bytes(request, BODY_BYTES))
