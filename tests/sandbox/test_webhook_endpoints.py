"""Managing webhook endpoints over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Clock, refusal

URL = "/api/v1/webhooks"
BOTH = ["generation.succeeded", "generation.failed"]
BAD = (400, "validation_failed")
OTHER = {"Authorization": "Bearer rvya_sk_sandbox_other"}


def body(**fields: Any) -> dict[str, Any]:
    return {"url": "https://example.com/hooks", "event_types": BOTH, **fields}


@pytest.fixture
def created(api: httpx.Client) -> dict[str, Any]:
    return dict(api.post(URL, json=body(name="Prod")).json())


def test_it_works(api: httpx.Client, clock: Clock) -> None:
    answer = api.post(URL, json=body(name="Prod"))

    assert answer.status_code == 201
    made = answer.json()
    secret = made.pop("signing_secret")
    assert made["id"].startswith("whend_") and secret.startswith("whsec_")
    assert made["secret_preview"] == f"{secret[:8]}...{secret[-6:]}"
    assert made["created_at"] == made["updated_at"]
    assert {key: made[key] for key in made if key not in ("id", "created_at", "updated_at")} == {
        "object": "webhook_endpoint",
        "name": "Prod",
        "url": "https://example.com/hooks",
        "event_types": BOTH,
        "status": "active",
        "secret_preview": made["secret_preview"],
        "last_success_at": None,
        "last_failure_at": None,
        "failure_count": 0,
        "disabled_at": None,
        "revoked_at": None,
    }
    assert api.get(f"{URL}/{made['id']}").json() == made
    clock.advance(1)
    newer = api.post(URL, json=body()).json()
    listed = api.get(URL).json()
    assert listed["object"] == "list"
    assert [entry["id"] for entry in listed["data"]][:2] == [newer["id"], made["id"]]
    assert all("signing_secret" not in entry for entry in listed["data"])
    assert secret not in api.get("/_sandbox/journal").text


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({}, "url is required"),
        ({"url": "https://example.com"}, "event_types is required"),
        (body(url=None), "url must be a string"),
        (body(url=["https://example.com"]), "url must be a string"),
        (body(event_types=[]), "event_types"),
        (body(event_types="generation.failed"), "event_types"),
        (body(event_types=["chat.done"]), "event_types may only name"),
        (body(event_types=[1]), "event_types may only name"),
        (body(event_types=[[]]), "event_types may only name"),
        (body(event_types=[BOTH[0], BOTH[0]]), "twice"),
        (body(name=None), "name must be a string"),
        (body(name="x" * 121), "120"),
        (body(status="disabled"), "status is not a field"),
        (body(secret="whsec_mine"), "secret is not a field"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_made(
    api: httpx.Client, sent: dict[str, Any], named: str
) -> None:
    before = api.get(URL).json()

    answer = api.post(URL, json=sent)

    assert refusal(answer) == BAD
    assert named in answer.json()["error"]["message"]
    assert api.get(URL).json() == before


def test_a_change_touches_what_it_names(
    api: httpx.Client, created: dict[str, Any], clock: Clock
) -> None:
    one = f"{URL}/{created['id']}"
    clock.advance(5)

    renamed = api.patch(one, json={"name": "New", "event_types": BOTH[:1]}).json()
    disabled = api.patch(one, json={"status": "disabled"}).json()
    clock.advance(5)
    again = api.patch(one, json={"status": "disabled"}).json()
    active = api.patch(one, json={"status": "active"}).json()

    assert (renamed["name"], renamed["event_types"]) == ("New", BOTH[:1])
    assert renamed["url"] == created["url"] and renamed["updated_at"] > created["updated_at"]
    assert disabled["status"] == "disabled" and disabled["disabled_at"]
    assert again["disabled_at"] == disabled["disabled_at"]
    assert (active["status"], active["disabled_at"]) == ("active", None)
    assert "signing_secret" not in active


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"status": "revoked"},
        {"status": None},
        {"name": 5},
        {"id": "whend_x"},
        {"event_types": []},
    ],
)
def test_a_bad_change_is_refused(
    api: httpx.Client, created: dict[str, Any], sent: dict[str, Any]
) -> None:
    before = api.get(f"{URL}/{created['id']}").json()

    assert refusal(api.patch(f"{URL}/{created['id']}", json=sent)) == BAD
    assert api.get(f"{URL}/{created['id']}").json() == before


def test_a_revoked_endpoint_stays_revoked(
    api: httpx.Client, created: dict[str, Any], clock: Clock
) -> None:
    one = f"{URL}/{created['id']}"

    revoked = api.delete(one).json()
    clock.advance(5)

    assert revoked["status"] == "revoked" and revoked["revoked_at"]
    assert api.delete(one).json() == revoked
    assert refusal(api.patch(one, json={"status": "active"})) == BAD
    assert refusal(api.post(f"{one}/rotate-secret")) == BAD
    assert refusal(api.post(f"{one}/test")) == BAD
    assert api.get(one).json() == revoked


def test_a_rotation_shows_the_new_secret_once(api: httpx.Client, created: dict[str, Any]) -> None:
    one = f"{URL}/{created['id']}"

    rotated = api.post(f"{one}/rotate-secret").json()

    assert rotated["signing_secret"] != created["signing_secret"]
    assert rotated["secret_preview"].endswith(rotated["signing_secret"][-6:])
    assert "signing_secret" not in api.get(one).json()
    assert refusal(api.post(f"{one}/rotate-secret", json={"secret": "x"})) == BAD


CALLS = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/rotate-secret"),
    ("POST", "/test"),
    ("GET", "/deliveries"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_foreign_or_unknown_endpoint_is_not_found(
    anonymous: httpx.Client, created: dict[str, Any], method: str, path: str
) -> None:
    sent = {"name": "mine"} if method == "PATCH" else None

    for endpoint_id in (created["id"], "whend_unknown"):
        answer = anonymous.request(method, f"{URL}/{endpoint_id}{path}", headers=OTHER, json=sent)
        assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", URL), ("POST", URL), ("GET", "/api/v1/webhook-events")]
    + [(method, f"{URL}/whend_x{path}") for method, path in CALLS],
)
def test_every_call_needs_the_scope(anonymous: httpx.Client, method: str, path: str) -> None:
    readonly = {"Authorization": "Bearer rvya_sk_sandbox_readonly"}

    assert refusal(anonymous.request(method, path)) == (401, "api_key_missing")
    assert refusal(anonymous.request(method, path, headers=readonly)) == (403, "api_scope_denied")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "²", "9999"])
def test_a_bad_limit_is_refused(api: httpx.Client, created: dict[str, Any], limit: str) -> None:
    for path in (f"{URL}/{created['id']}/deliveries", "/api/v1/webhook-events"):
        assert refusal(api.get(path, params={"limit": limit})) == BAD


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'{"url": NaN}'])
def test_a_body_that_is_no_object_is_refused(api: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    assert refusal(api.post(URL, content=content, headers=headers)) == BAD
