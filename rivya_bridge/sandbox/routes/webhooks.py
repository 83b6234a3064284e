"""/api/v1/webhooks, its endpoints' actions, and /api/v1/webhook-events.

Paths: docs/api-changelog; purposes: docs/api-webhooks; most answer shapes are assumed.
"""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..bodies import read_json_bytes
from ..checks import parse_json_object
from ..context import Sandbox, account_of, authorize
from ..errors import invalid
from ..webhooks import endpoints
from ..webhooks.records import EVENT_TYPES, Endpoint, recent_deliveries, recent_events

SCOPE = "webhooks:manage"
DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100


def list_webhooks(request: Request) -> JSONResponse:
    """All endpoints of the account, newest first."""
    sandbox = authorize(request, SCOPE)
    found = endpoints.list_endpoints(sandbox.store, account_of(request))
    return _listed([endpoint.shown() for endpoint in found])


async def create_webhook(request: Request) -> JSONResponse:
    """A new endpoint; the only answer besides a rotation that shows its secret."""
    sandbox = authorize(request, SCOPE)
    body = await _body(request, sandbox)
    endpoint = await run_in_threadpool(
        lambda: endpoints.create_endpoint(
            sandbox.store, account_of(request), body, sandbox.choices, sandbox.now_ms()
        )
    )
    status = sandbox.choices.created_webhook_status
    return JSONResponse(endpoint.shown(with_secret=True), status_code=status)


def show_webhook(request: Request) -> JSONResponse:
    """One endpoint."""
    return JSONResponse(_endpoint(request, authorize(request, SCOPE)).shown())


async def change_webhook(request: Request) -> JSONResponse:
    """Change name, url, event types or status."""
    sandbox = authorize(request, SCOPE)
    endpoint = await run_in_threadpool(_endpoint, request, sandbox)
    endpoints.refuse_revoked(endpoint)
    body = await _body(request, sandbox)
    changed = await run_in_threadpool(
        lambda: endpoints.change_endpoint(
            sandbox.store, endpoint, body, sandbox.choices, sandbox.now_ms()
        )
    )
    return JSONResponse(changed.shown())


def revoke_webhook(request: Request) -> JSONResponse:
    """End an endpoint for good and show it."""
    sandbox = authorize(request, SCOPE)
    now_ms = sandbox.now_ms()
    endpoint = _endpoint(request, sandbox)
    return JSONResponse(endpoints.revoke_endpoint(sandbox.store, endpoint, now_ms).shown())


async def rotate_webhook(request: Request) -> JSONResponse:
    """Issue a new secret and show it this once; the old one is dead at once."""
    sandbox = authorize(request, SCOPE)
    endpoint = await run_in_threadpool(_endpoint, request, sandbox)
    _check_empty(await _body(request, sandbox, optional=True))
    rotated = await run_in_threadpool(
        lambda: endpoints.rotate_secret(sandbox.store, endpoint, sandbox.now_ms())
    )
    return JSONResponse(rotated.shown(with_secret=True))


async def test_webhook(request: Request) -> JSONResponse:
    """Send a test event now and answer with the record of its delivery."""
    sandbox = authorize(request, SCOPE)
    endpoint = await run_in_threadpool(_endpoint, request, sandbox)
    endpoints.refuse_revoked(endpoint)
    body = await _body(request, sandbox, optional=True)
    event_type = body.pop("event_type", EVENT_TYPES[0])
    _check_empty(body)
    if event_type not in EVENT_TYPES:
        raise invalid(f"event_type must be one of: {', '.join(EVENT_TYPES)}.")
    send = sandbox.dispatcher.send_test
    return JSONResponse(await run_in_threadpool(send, endpoint, event_type))


def list_deliveries(request: Request) -> JSONResponse:
    """The attempts for one endpoint, newest first."""
    sandbox = authorize(request, SCOPE)
    sandbox.now_ms()
    endpoint = _endpoint(request, sandbox)
    return _listed(recent_deliveries(sandbox.store, endpoint.id, _limit(request)))


def list_events(request: Request) -> JSONResponse:
    """The account's events as they were sent, newest first (that it lists these is assumed)."""
    sandbox = authorize(request, SCOPE)
    sandbox.now_ms()
    return _listed(recent_events(sandbox.store, account_of(request), _limit(request)))


def _endpoint(request: Request, sandbox: Sandbox) -> Endpoint:
    endpoint_id = request.path_params["endpoint_id"]
    return endpoints.find_endpoint(sandbox.store, account_of(request), endpoint_id)


async def _body(request: Request, sandbox: Sandbox, *, optional: bool = False) -> dict[str, Any]:
    headers = request.headers
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if optional and is_empty:
        return {}
    return parse_json_object(await read_json_bytes(request, sandbox.choices.json_body_bytes))


def _check_empty(body: dict[str, Any]) -> None:
    for key in body:
        raise invalid(f"{key[:60]} is not a field of this request.")


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise invalid(f"limit must be a whole number from 1 to {LARGEST_LIMIT}.")
    if not 1 <= int(text) <= LARGEST_LIMIT:
        raise invalid(f"limit is {int(text)}; use 1 to {LARGEST_LIMIT}.")
    return int(text)


def _listed(data: list[dict[str, Any]]) -> JSONResponse:
    return JSONResponse({"object": "list", "data": data})


ROUTES = [
    Route("/api/v1/webhooks", list_webhooks, methods=["GET"]),
    Route("/api/v1/webhooks", create_webhook, methods=["POST"]),
    Route("/api/v1/webhooks/{endpoint_id}", show_webhook, methods=["GET"]),
    Route("/api/v1/webhooks/{endpoint_id}", change_webhook, methods=["PATCH"]),
    Route("/api/v1/webhooks/{endpoint_id}", revoke_webhook, methods=["DELETE"]),
    Route("/api/v1/webhooks/{endpoint_id}/rotate-secret", rotate_webhook, methods=["POST"]),
    Route("/api/v1/webhooks/{endpoint_id}/test", test_webhook, methods=["POST"]),
    Route("/api/v1/webhooks/{endpoint_id}/deliveries", list_deliveries, methods=["GET"]),
    Route("/api/v1/webhook-events", list_events, methods=["GET"]),
]
