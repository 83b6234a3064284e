"""A check names what a key may not do, and spends nothing."""

import httpx
import pytest

from rivya_bridge.connection.models import ConnectionCheck
from rivya_bridge.connection.selectors import as_connection
from rivya_bridge.connection.services import check_connection, save_connection, try_access
from rivya_bridge.rivya import Rivya
from tests.connection.conftest import save_at_sandbox

pytestmark = pytest.mark.django_db


def states(check: ConnectionCheck) -> dict[str, str]:
    return {one["scope"]: one["state"] for one in check.scopes}


def test_it_works(sandbox):
    before = httpx.get(f"{sandbox.base_url}/_sandbox/journal").json()
    check = check_connection(as_connection(save_at_sandbox("Full", "rvya_sk_sandbox_full")))
    assert check.problem == ""
    assert check.model_count > 50
    assert check.current_credits > 0
    assert check.missing == []
    held = {scope for scope, state in states(check).items() if state == "held"}
    assert held >= {
        "credits:read",
        "generations:read",
        "generations:create",
        "files:read",
        "files:create",
    }
    after = httpx.get(f"{sandbox.base_url}/_sandbox/journal").json()
    assert after["generations_count"] == before["generations_count"]
    assert after["charged_credits"] == before["charged_credits"]


def test_missing_scopes_are_named(readonly):
    check = check_connection(as_connection(readonly))
    assert {"generations:create", "files:create"} <= set(check.missing)
    assert states(check)["generations:read"] == "held"
    assert states(check)["models:read"] == "unknown"


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_a_key_that_is_not_in_force_is_a_sentence(sandbox, state):
    row = save_at_sandbox("Old", f"rvya_sk_sandbox_{state}")
    check = check_connection(as_connection(row))
    assert f"api_key_{state}" in check.problem
    assert check.scopes == []
    assert f"api_key_{state}" in try_access(row.base_url, f"rvya_sk_sandbox_{state}")


def test_a_server_that_does_not_answer_is_a_sentence_and_refuses_no_key(key_file):
    row = save_connection(name="Down", base_url="http://127.0.0.1:9", api_key="rvya_sk_x")
    check = check_connection(as_connection(row))
    assert "could not be reached" in check.problem
    assert try_access(row.base_url, "rvya_sk_x") == ""


def reply(status: int, text: str = "{}") -> httpx.Response:
    """As it comes over a socket: not read yet."""
    return httpx.Response(status, stream=httpx.ByteStream(text.encode()))


def answering(handler) -> Rivya:
    transport = httpx.MockTransport(handler)
    return Rivya(base_url="http://127.0.0.1:9", api_key="k", transport=transport, max_retries=0)


def test_what_a_proxy_forbids_is_not_taken_for_a_missing_scope():
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/credits"):
            return reply(200)
        return reply(403, "<h1>Forbidden</h1>")

    found = {one.scope: one.state for one in answering(handler).probe_scopes()}
    assert found["credits:read"] == "held"
    assert set(found.values()) == {"held", "unknown"}


def test_a_server_that_takes_an_empty_body_is_believed_and_sent_nothing_more():
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, request.content))
        return reply(200)

    assert len(answering(handler).probe_scopes()) == 9
    assert len(seen) == 8
    assert {content for method, _, content in seen if method == "POST"} == {b"{}"}


def test_a_server_that_goes_away_in_the_middle_leaves_the_rest_untold():
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if len(calls) > 2:
            raise httpx.ConnectError("gone")
        return reply(404, '{"error": {"code": "not_found"}}') if len(calls) == 2 else reply(200)

    found = {one.scope: one.state for one in answering(handler).probe_scopes()}
    assert found["generations:read"] == "held"
    assert found["webhooks:manage"] == "unknown"
    assert len(calls) == 3
