"""The client and the sandbox over a socket, route by route: what works, who may, and what is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from rivya_bridge.rivya import (
    AuthenticationFailed,
    ChatCompletion,
    ChatSession,
    Credits,
    Generation,
    Model,
    NotFound,
    RemoteFile,
    Rivya,
    RivyaError,
    ScopeDenied,
    TurnCompleted,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

from .calls import BOAT, CHAT_MODEL, HELLO, KEY, Place

READ_ONLY, OTHER = "rvya_sk_sandbox_readonly", "rvya_sk_sandbox_other"
REFUSED = ("rvya_sk_sandbox_revoked", "rvya_sk_sandbox_expired", "rvya_sk_sandbox_nobody")
TYPES = ["generation.succeeded"]


@dataclass(frozen=True)
class Things:
    """Ids of what belongs to the main account."""

    task: str
    file: str
    session: str
    endpoint: str


@dataclass(frozen=True)
class Route:
    """`call` is given a client, the place and the things; its answer is a `kind`, or a list of it."""

    name: str
    call: Callable[[Rivya, Place, Things], Any]
    kind: type
    needs: str = ""
    """The scope, "" for a public route."""
    asks_for: bool = False
    """Whether it names a thing that another account may not see."""


def _stream(client: Rivya, place: Place, things: Things) -> Any:
    body = client.chat.build_body(CHAT_MODEL, HELLO)
    with client.chat.stream(body, idempotency_key="stream-of-the-routes") as stream:
        for _ in stream:
            pass
    return stream.end


def _delete(client: Rivya, place: Place, things: Things) -> WebhookEndpoint:
    client.webhooks.delete(things.endpoint)
    return client.webhooks.retrieve(things.endpoint)


ROUTES = [
    Route("GET /models", lambda c, p, t: c.models.list(), Model),
    Route("GET /openapi.json", lambda c, p, t: c.openapi(), dict),
    Route("GET /credits", lambda c, p, t: c.credits.retrieve(), Credits, "credits:read"),
    Route(
        "POST /generations",
        lambda c, p, t: c.generations.create(BOAT["model"], BOAT["prompt"]),
        Generation,
        "generations:create",
    ),
    Route(
        "GET /generations/{taskId}",
        lambda c, p, t: c.generations.retrieve(t.task),
        Generation,
        "generations:read",
        asks_for=True,
    ),
    Route("POST /files", lambda c, p, t: c.files.upload(p.picture), RemoteFile, "files:create"),
    Route(
        "GET /files/{fileId}",
        lambda c, p, t: c.files.retrieve(t.file),
        RemoteFile,
        "files:read",
        asks_for=True,
    ),
    Route(
        "POST /chat/completions",
        lambda c, p, t: c.chat.complete(CHAT_MODEL, HELLO),
        ChatCompletion,
        "chat:create",
    ),
    Route("POST /chat/completions/stream", _stream, TurnCompleted, "chat:create"),
    Route("GET /chat/sessions", lambda c, p, t: c.chat.sessions.list(), ChatSession, "chat:read"),
    Route(
        "GET /chat/sessions/{sessionId}",
        lambda c, p, t: c.chat.sessions.retrieve(t.session),
        ChatSession,
        "chat:read",
        asks_for=True,
    ),
    Route("GET /webhooks", lambda c, p, t: c.webhooks.list(), WebhookEndpoint, "webhooks:manage"),
    Route(
        "POST /webhooks",
        lambda c, p, t: c.webhooks.create("https://example.com/hook", TYPES, "Another"),
        WebhookEndpoint,
        "webhooks:manage",
    ),
    Route(
        "GET /webhooks/{endpointId}",
        lambda c, p, t: c.webhooks.retrieve(t.endpoint),
        WebhookEndpoint,
        "webhooks:manage",
        asks_for=True,
    ),
    Route(
        "PATCH /webhooks/{endpointId}",
        lambda c, p, t: c.webhooks.update(t.endpoint, name="Renamed"),
        WebhookEndpoint,
        "webhooks:manage",
        asks_for=True,
    ),
    Route(
        "POST /webhooks/{endpointId}/rotate-secret",
        lambda c, p, t: c.webhooks.rotate_secret(t.endpoint),
        WebhookEndpoint,
        "webhooks:manage",
        asks_for=True,
    ),
    Route(
        "POST /webhooks/{endpointId}/test",
        lambda c, p, t: c.webhooks.test(t.endpoint),
        WebhookDelivery,
        "webhooks:manage",
        asks_for=True,
    ),
    Route(
        "GET /webhooks/{endpointId}/deliveries",
        lambda c, p, t: c.webhooks.deliveries(t.endpoint, limit=5),
        WebhookDelivery,
        "webhooks:manage",
        asks_for=True,
    ),
    Route(
        "GET /webhook-events",
        lambda c, p, t: c.webhook_events.list(limit=5),
        WebhookEvent,
        "webhooks:manage",
    ),
    Route(
        "DELETE /webhooks/{endpointId}",
        _delete,
        WebhookEndpoint,
        "webhooks:manage",
        asks_for=True,
    ),
]
by_name = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


@pytest.fixture
def things(place: Place) -> Things:
    with client_of(place, KEY) as client:
        session = client.chat.complete(CHAT_MODEL, HELLO).session_id
        endpoint = client.webhooks.create("https://example.com/hook", TYPES, "Contract")
        client.webhooks.test(endpoint.id)
    return Things(place.task_id, place.file_id, session, endpoint.id)


def client_of(place: Place, key: str) -> Rivya:
    return Rivya(base_url=place.base_url, api_key=key, max_retries=0)


@pytest.fixture
def client(place: Place) -> Iterator[Rivya]:
    with client_of(place, KEY) as client:
        yield client


def test_every_route_that_the_sandbox_describes_is_called(client: Rivya) -> None:
    paths = client.openapi()["paths"]
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method in methods
        if method in ("get", "post", "patch", "delete")
    }
    assert described == {route.name for route in ROUTES}
    assert len(ROUTES) == 20


@by_name
def test_it_works(client: Rivya, place: Place, things: Things, route: Route) -> None:
    answer = route.call(client, place, things)
    if isinstance(answer, list):
        assert answer
        answer = answer[0]
    assert isinstance(answer, route.kind)
    if route.name.startswith("DELETE"):
        assert answer.status == "revoked"


@by_name
def test_a_key_without_the_scope_is_told_so(place: Place, things: Things, route: Route) -> None:
    before = place.journal()
    with client_of(place, READ_ONLY) as client:
        if not route.needs or route.needs.endswith(":read"):
            route.call(client, place, things)
            return
        with pytest.raises(ScopeDenied) as caught:
            route.call(client, place, things)
    assert (caught.value.code, caught.value.spent) == ("api_scope_denied", "no")
    assert place.journal() == before


@by_name
@pytest.mark.parametrize("key", REFUSED)
def test_a_key_that_is_not_good_is_refused_except_where_none_is_needed(
    place: Place, things: Things, route: Route, key: str
) -> None:
    with client_of(place, key) as client:
        if not route.needs:
            assert route.call(client, place, things)
            return
        with pytest.raises(AuthenticationFailed) as caught:
            route.call(client, place, things)
    assert (caught.value.spent, caught.value.permanent) == ("no", False)
    assert key not in caught.value.sentence


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.asks_for], ids=lambda route: route.name
)
def test_what_belongs_to_another_account_is_not_there(
    place: Place, things: Things, route: Route
) -> None:
    with client_of(place, OTHER) as client, pytest.raises(RivyaError) as caught:
        route.call(client, place, things)
    assert isinstance(caught.value, NotFound), caught.value
    assert caught.value.spent == "no"


def test_no_answer_shows_a_key(place: Place, things: Things) -> None:
    with httpx.Client(base_url=place.base_url, trust_env=False) as api:
        for route in ROUTES:
            method, _, path = route.name.partition(" ")
            answer = api.request(
                method, f"/api/v1{path}", headers={"Authorization": f"Bearer {KEY}"}
            )
            assert KEY not in answer.text
