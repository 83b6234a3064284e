"""Which scopes a key holds, found out without spending or changing anything."""

import pytest

from rivya_bridge.rivya import AuthenticationFailed, Rivya, ServerFailure
from rivya_bridge.rivya.choices import SCOPES

from .conftest import MakeClient, Ticking
from .payloads import refusal
from .scripted_server import Reply, ScriptedServer, answer

HELD = answer(body='{"object": "list", "data": []}')
ABSENT = answer(404, refusal("not_found"))
INVALID = answer(400, refusal("validation_failed"))
DENIED = answer(403, refusal("api_scope_denied"))
# In the order in which they are asked for.
ASKED = (
    "credits:read",
    "generations:read",
    "generations:create",
    "files:read",
    "files:create",
    "chat:read",
    "chat:create",
    "webhooks:manage",
)
ALL_HELD = (HELD, ABSENT, INVALID, ABSENT, INVALID, HELD, INVALID, HELD)


def states(client: Rivya) -> dict[str, str]:
    return {one.scope: one.state for one in client.probe_scopes()}


def test_every_documented_scope_has_its_state(server: ScriptedServer, client: Rivya) -> None:
    server.play(*ALL_HELD)
    found = states(client)
    assert tuple(found) == SCOPES
    assert found == dict.fromkeys(ASKED, "held") | {"models:read": "unknown"}


def test_nothing_that_is_asked_for_can_spend_or_change(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(*ALL_HELD)
    client.probe_scopes()
    posts = [request for request in server.requests if request.line.startswith("POST")]
    assert {request.body for request in posts} == {b"{}"}
    assert not any("idempotency-key" in request.headers for request in posts)


@pytest.mark.parametrize("number", range(len(ASKED)))
def test_a_missing_scope_is_named(server: ScriptedServer, client: Rivya, number: int) -> None:
    replies: list[Reply] = list(ALL_HELD)
    replies[number] = DENIED
    server.play(*replies)
    missing = {scope for scope, state in states(client).items() if state == "missing"}
    assert missing == {ASKED[number]}


def test_a_key_that_is_refused_is_an_error(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(401, refusal("api_key_expired")))
    with pytest.raises(AuthenticationFailed):
        client.probe_scopes()
    assert len(server.requests) == 1


def test_a_first_call_that_fails_is_an_error(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(500))
    with pytest.raises(ServerFailure):
        client.probe_scopes()


@pytest.mark.parametrize(
    "reply", [answer(500), answer(418), answer(403, "Forbidden by the proxy"), answer(302)]
)
def test_an_answer_that_tells_nothing_leaves_the_scope_unknown(
    server: ScriptedServer, client: Rivya, reply: Reply
) -> None:
    server.play(HELD, reply, *ALL_HELD[2:])
    found = {one.scope: one for one in client.probe_scopes()}
    assert found["generations:read"].state == "unknown"
    assert found["generations:read"].reason
    assert found["webhooks:manage"].state == "held"


def test_a_time_limit_for_all_of_them_ends_the_questions(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    from rivya_bridge.rivya.resources.scopes import ALL_SECONDS, probe_scopes

    client = make_client()
    server.play(*ALL_HELD)
    found = probe_scopes(client._http, Ticking(step=ALL_SECONDS / 3))
    told = {state.scope for state in found if state.state == "held"}
    assert told == {"credits:read", "generations:read"}
    assert all(state.reason for state in found if state.state == "unknown")
