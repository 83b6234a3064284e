"""Webhook endpoints, deliveries, events: every route, and secrets that stay unseen."""

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from rivya_bridge.rivya import (
    BadAnswer,
    OutcomeUnknown,
    Rivya,
    RivyaError,
    ServerFailure,
    WebhookEndpoint,
    WebhookUrlRejected,
)
from tests.samples import sample

from .payloads import as_json, refusal
from .scripted_server import Reply, ScriptedServer, answer, raw, reset

URL = "https://example.com/hooks/rivya"
SECRET = "whsec_12sample0000000000000000000abc123"

Endpoint = dict[str, Any]


def json_of(name: str, status: int = 200, **changes: Any) -> Reply:
    return answer(status, as_json(sample(name) | changes))


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("webhook/created", 201))
    endpoint = client.webhooks.create(URL, ["generation.failed"], "Prod")
    request = server.requests[0]
    assert request.line == "POST /api/v1/webhooks HTTP/1.1"
    assert json.loads(request.body) == {
        "name": "Prod",
        "url": URL,
        "event_types": ["generation.failed"],
    }
    assert (endpoint.id, endpoint.name, endpoint.url) == ("whend_1a", "Prod", URL)
    assert (endpoint.status, endpoint.failure_count) == ("active", 0)
    assert endpoint.event_types == ("generation.succeeded", "generation.failed")
    assert endpoint.secret_preview == "whsec_12...abc123"
    assert endpoint.signing_secret == SECRET
    assert endpoint.created_at is not None
    assert endpoint.disabled_at is None


def test_both_events_are_the_usual_wish(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("webhook/created"))
    client.webhooks.create(URL)
    assert json.loads(server.requests[0].body) == {
        "url": URL,
        "event_types": ["generation.succeeded", "generation.failed"],
    }


def test_endpoints_are_listed(server: ScriptedServer, client: Rivya) -> None:
    entries = [*sample("webhook/list")["data"], {"id": None}, None]
    server.play(answer(body=as_json({"data": entries})))
    first, second = client.webhooks.list()
    assert server.requests[0].line == "GET /api/v1/webhooks HTTP/1.1"
    assert (first.id, first.signing_secret) == ("whend_1a", None)
    assert (second.name, second.status) == ("", "revoked")
    assert second.revoked_at is not None


def test_an_endpoint_is_read(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("webhook/disabled"))
    endpoint = client.webhooks.retrieve("whend/1a")
    assert server.requests[0].line == "GET /api/v1/webhooks/whend%2F1a HTTP/1.1"
    assert (endpoint.status, endpoint.failure_count) == ("disabled", 3)
    assert endpoint.raw == sample("webhook/disabled")


def test_only_what_is_given_is_changed(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("webhook/disabled"), answer(204, ""))
    assert client.webhooks.update("whend_1a", status="disabled").status == "disabled"
    assert server.requests[0].line == "PATCH /api/v1/webhooks/whend_1a HTTP/1.1"
    assert server.requests[0].body == b'{"status":"disabled"}'
    assert client.webhooks.update("whend_1a", name="", event_types=["x"]).id == "whend_1a"
    assert server.requests[1].body == b'{"event_types":["x"],"name":""}'


@pytest.mark.parametrize(
    "reply", [json_of("webhook/revoked"), answer(204, ""), answer(200, '{"deleted":true}')]
)
def test_any_success_is_a_deletion(server: ScriptedServer, client: Rivya, reply: Reply) -> None:
    server.play(reply)
    client.webhooks.delete("whend_1a")
    assert server.requests[0].line == "DELETE /api/v1/webhooks/whend_1a HTTP/1.1"


@pytest.mark.parametrize(
    "body", [sample("webhook/rotated"), {"signing_secret": sample("webhook/rotated")["signing_secret"]}]
)  # fmt: skip
def test_a_new_secret_is_in_the_answer(server: ScriptedServer, client: Rivya, body: object) -> None:
    server.play(answer(body=as_json(body)))
    endpoint = client.webhooks.rotate_secret("whend_1a")
    assert server.requests[0].line == "POST /api/v1/webhooks/whend_1a/rotate-secret HTTP/1.1"
    assert endpoint.id == "whend_1a"
    assert endpoint.signing_secret == "whsec_34sample0000000000000000000def456"


def test_an_answer_that_lost_the_secret_still_names_the_endpoint(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(json_of("webhook/endpoint"))
    assert client.webhooks.create(URL).signing_secret is None


def test_a_test_event_gives_its_delivery(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("delivery/succeeded"), answer(202, ""))
    delivery = client.webhooks.test("whend_1a", "generation.failed")
    assert server.requests[0].line == "POST /api/v1/webhooks/whend_1a/test HTTP/1.1"
    assert server.requests[0].body == b'{"event_type":"generation.failed"}'
    assert delivery is not None
    assert (delivery.id, delivery.event_id, delivery.endpoint_id) == (
        "whdel_5",
        "evt_77",
        "whend_1a",
    )
    assert (delivery.attempt, delivery.response_status, delivery.duration_ms) == (1, 200, 84)
    assert client.webhooks.test("whend_1a") is None
    assert server.requests[1].body == b"{}"


def test_deliveries_are_listed(server: ScriptedServer, client: Rivya) -> None:
    entries = [*sample("delivery/list")["data"], {}, "x"]
    server.play(answer(body=as_json({"data": entries})))
    pending, failed, succeeded = client.webhooks.deliveries("whend_1a", limit=100)
    line = "GET /api/v1/webhooks/whend_1a/deliveries?limit=100 HTTP/1.1"
    assert server.requests[0].line == line
    assert [one.status for one in (pending, failed, succeeded)] == [
        "pending",
        "failed",
        "succeeded",
    ]
    assert (pending.response_status, pending.duration_ms) == (None, None)
    assert failed.error == "The endpoint answered 500."
    assert failed.next_attempt_at is not None


def test_events_are_listed(server: ScriptedServer, client: Rivya) -> None:
    entries = [*sample("event/list")["data"], "generation.succeeded", {}, 5]
    server.play(answer(body=as_json({"data": entries})))
    failed, succeeded, kind, nothing = client.webhook_events.list()
    assert server.requests[0].line == "GET /api/v1/webhook-events HTTP/1.1"
    assert (failed.id, succeeded.id) == ("evt_78", "evt_77")
    assert failed.generation is not None
    assert failed.generation.id == "task_8s2"
    assert (kind.id, kind.type) == (None, "generation.succeeded")
    assert (nothing.id, nothing.type) == (None, "")


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_limit_has_limits(client: Rivya, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        client.webhooks.deliveries("whend_1a", limit)
    with pytest.raises(ValueError, match="1 to 100"):
        client.webhook_events.list(limit)


CALLS: list[Callable[[Rivya], object]] = [
    lambda client: client.webhooks.create("  "),
    lambda client: client.webhooks.create(URL, []),
    lambda client: client.webhooks.create(URL, name="x" * 121),
    lambda client: client.webhooks.update("whend_1a"),
    lambda client: client.webhooks.update(".."),
    lambda client: client.webhooks.retrieve(""),
    lambda client: client.webhooks.delete(""),
    lambda client: client.webhooks.rotate_secret("a\nb"),
    lambda client: client.webhooks.test("x" * 201),
]


@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_be_meant_is_not_sent(
    server: ScriptedServer, client: Rivya, call: Callable[[Rivya], object]
) -> None:
    with pytest.raises(ValueError, match=r"url|event_types|120|nothing|endpoint_id"):
        call(client)
    assert server.requests == []


def test_an_address_that_is_refused_has_its_own_error(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(answer(400, refusal("webhook_url_rejected")))
    with pytest.raises(WebhookUrlRejected) as caught:
        client.webhooks.create("http://localhost")
    assert "public https" in caught.value.sentence
    assert caught.value.spent == "no"


POSTS: list[Callable[[Rivya], object]] = [
    lambda client: client.webhooks.create(URL),
    lambda client: client.webhooks.rotate_secret("whend_1a"),
    lambda client: client.webhooks.test("whend_1a"),
]


@pytest.mark.parametrize("call", POSTS)
@pytest.mark.parametrize(("reply", "kind"), [(answer(503), ServerFailure), (reset, OutcomeUnknown)])
def test_a_post_without_a_key_is_never_repeated(
    server: ScriptedServer,
    client: Rivya,
    call: Callable[[Rivya], object],
    reply: Reply,
    kind: type[RivyaError],
) -> None:
    server.play(reply, json_of("webhook/created"))
    with pytest.raises(kind) as caught:
        call(client)
    assert len(server.requests) == 1
    assert caught.value.spent == "no"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.webhooks.update("whend_1a", name="x"),
        lambda client: client.webhooks.delete("whend_1a"),
        lambda client: client.webhooks.retrieve("whend_1a"),
    ],
)
def test_what_has_one_effect_is_repeated(
    server: ScriptedServer, client: Rivya, call: Callable[[Rivya], object]
) -> None:
    server.play(reset, answer(500), json_of("webhook/endpoint"))
    call(client)
    assert len(server.requests) == 3


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("secret", [SECRET, "plain-secret-without-a-prefix", 'with "quotes" \\ in'])
def test_no_text_ever_shows_a_signing_secret(
    server: ScriptedServer, client: Rivya, secret: str
) -> None:
    good = as_json(sample("webhook/created") | {"signing_secret": secret})
    bad = [
        answer(200, as_json({"signing_secret": secret, "secret": secret})),
        answer(200, good[:-1]),
        answer(200, good[: good.index("last_success")]),
        answer(400, good),
        answer(500, as_json({"error": {"code": "internal_error", "message": good}})),
        raw(HEAD + b"Content-Length: 9000\r\n\r\n" + good.encode()),
    ]
    server.play(answer(201, good), *bad)
    endpoint = client.webhooks.create(URL)
    assert endpoint.signing_secret == secret
    shown = repr(endpoint) + repr(endpoint.raw)
    for _ in bad:
        with pytest.raises(RivyaError) as caught:
            client.webhooks.create(URL)
        error = caught.value
        shown += "".join(traceback.format_exception(error)) + repr(vars(error)) + error.sentence
    assert len(server.requests) == 7
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown


@pytest.mark.parametrize("call", [lambda c: c.webhooks.list(), lambda c: c.webhook_events.list()])
def test_an_answer_without_a_list_is_bad(
    server: ScriptedServer, client: Rivya, call: Callable[[Rivya], object]
) -> None:
    server.play(answer(body="{}"))
    with pytest.raises(BadAnswer, match="list of"):
        call(client)


def test_null_everywhere_is_still_an_endpoint(server: ScriptedServer, client: Rivya) -> None:
    nulls = dict.fromkeys(sample("webhook/created")) | {"id": "whend_1a"}
    server.play(answer(body=as_json(nulls)))
    endpoint = client.webhooks.retrieve("whend_1a")
    assert isinstance(endpoint, WebhookEndpoint)
    assert (endpoint.url, endpoint.event_types, endpoint.status) == ("", (), "")


def test_the_contract_is_read_without_the_key(server: ScriptedServer, client: Rivya) -> None:
    server.play(json_of("openapi/document"))
    assert client.openapi() == sample("openapi/document")
    assert server.requests[0].line == "GET /api/v1/openapi.json HTTP/1.1"
    assert "authorization" not in server.requests[0].headers
