"""Whole chat turns, their bodies, and sessions."""

import json
import math
from typing import Any

import pytest

from rivya_bridge.rivya import (
    BadAnswer,
    ChatCapabilities,
    ChatSessionConflict,
    DeadlineExceeded,
    OutcomeUnknown,
    Rivya,
    ServerFailure,
    Timeouts,
    read_capabilities,
)
from rivya_bridge.rivya.resources.chat import Chat
from rivya_bridge.rivya.types.model import read_models
from tests.samples import sample

from .conftest import MakeClient, Ticking
from .payloads import COMPLETION, as_json, refusal
from .scripted_server import Reply, ScriptedServer, answer, drip, reset, silence


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(COMPLETION), headers={"X-Request-Id": "req_c"}))
    turn = client.chat.complete(
        "gpt-5-2-chat",
        "Hi",
        session_id="s_41",
        attachments=["file_9ab"],
        enable_web_search=False,
        reasoning_effort="low",
        include_thoughts=True,
        client_request_id="turn-1",
        idempotency_key="key-1",
    )
    request = server.requests[0]
    assert request.line == "POST /api/v1/chat/completions HTTP/1.1"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "model": "gpt-5-2-chat",
        "message": "Hi",
        "session_id": "s_41",
        "attachments": [{"file_id": "file_9ab"}],
        "enable_web_search": False,
        "reasoning_effort": "low",
        "include_thoughts": True,
        "client_request_id": "turn-1",
    }
    assert (turn.id, turn.session_id, turn.model) == ("chatcmpl_9", "s_41", "gpt-5-2-chat")
    assert (turn.message.id, turn.message.role, turn.message.content) == (
        "m_2",
        "assistant",
        "Hello",
    )
    assert (turn.input_tokens, turn.output_tokens, turn.total_tokens) == (10, 2, 12)
    assert (turn.reserved_credits, turn.final_credits) == (3, 1)
    assert turn.meta.request_id == "req_c"
    assert turn.raw == COMPLETION


def test_what_is_not_given_is_not_sent() -> None:
    assert Chat.build_body("m", "ä") == '{"message":"ä","model":"m"}'.encode()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"model": ""}, "model"),
        ({"message": ""}, "message"),
        ({"message": "\ud800"}, "."),
        ({"session_id": ".."}, "session_id"),
        ({"attachments": ["a", ""]}, "attachments"),
        ({"client_request_id": "x" * 129}, "128"),
        ({"enable_web_search": math.nan}, "JSON"),
    ],
)
def test_a_body_that_cannot_be_sent_is_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Chat.build_body(**({"model": "m", "message": "Hi"} | changes))


def test_a_missing_key_is_made_up_and_differs_each_time(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(*[answer(body=as_json(COMPLETION))] * 2)
    client.chat.complete("m", "Hi")
    client.chat.complete("m", "Hi")
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 2


def test_a_turn_is_repeated_with_the_same_key_and_bytes(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(answer(500), reset, answer(body=as_json(COMPLETION)))
    body = b'{ "message": "Hi" }'
    assert client.chat.submit(body, idempotency_key="key-1").message.content == "Hello"
    assert {request.body for request in server.requests} == {body}
    assert {request.headers["idempotency-key"] for request in server.requests} == {"key-1"}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "error", "spent"),
    [
        (answer(409, refusal("chat_session_conflict")), ChatSessionConflict, "no"),
        (answer(500), ServerFailure, "unknown"),
        (reset, OutcomeUnknown, "unknown"),
        (answer(200, "{}"), BadAnswer, "unknown"),
        (answer(200, as_json(COMPLETION | {"message": {"content": None}})), BadAnswer, "unknown"),
        (answer(200, as_json(COMPLETION | {"message": "Hello"})), BadAnswer, "unknown"),
    ],
)
def test_a_turn_that_fails_says_what_may_be_spent(
    server: ScriptedServer, client: Rivya, reply: Reply, error: type[Exception], spent: str
) -> None:
    server.play(reply)
    with pytest.raises(error) as caught:
        client.chat.submit(b"{}", idempotency_key="key-1", max_retries=0)
    assert caught.value.spent == spent  # type: ignore[attr-defined]


def test_a_turn_may_take_longer_than_other_calls(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(
        monotonic=Ticking(step=1.0), timeout=Timeouts(operation=1.0, read=0.01, chat=90.0)
    )
    server.play(drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "))
    with pytest.raises(DeadlineExceeded, match="90 s"):
        client.chat.submit(b"{}", idempotency_key="key-1", max_retries=0)


def test_a_silent_turn_is_left(server: ScriptedServer, make_client: MakeClient) -> None:
    client = make_client(timeout=Timeouts(chat=0.05))
    server.play(silence)
    with pytest.raises(OutcomeUnknown):
        client.chat.submit(b"{}", idempotency_key="key-1", max_retries=0)


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"session_id": None}, "session_id", None),
        ({"id": 5}, "id", None),
        ({"model": None}, "model", ""),
        ({"usage": None}, "total_tokens", None),
        ({"usage": {"input_tokens": "10"}}, "input_tokens", None),
        ({"credits": []}, "final_credits", None),
        ({"credits": {"reserved": 3, "final": 1.2}}, "final_credits", 2),
        ({"created_at": "then"}, "created_at", None),
    ],
)
def test_a_text_that_was_paid_for_is_not_lost_over_another_field(
    server: ScriptedServer, client: Rivya, change: dict[str, Any], field: str, expected: object
) -> None:
    server.play(answer(body=as_json(COMPLETION | change)))
    turn = client.chat.submit(b"{}", idempotency_key="key-1")
    assert getattr(turn, field) == expected
    assert turn.message.content == "Hello"


def test_an_empty_text_is_a_text(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(COMPLETION | {"message": {"content": ""}})))
    message = client.chat.submit(b"{}", idempotency_key="key-1").message
    assert (message.content, message.role) == ("", "assistant")


def test_sessions_are_listed(server: ScriptedServer, client: Rivya) -> None:
    entries = [*sample("chat/session_list")["data"], {"id": None}, None]
    server.play(answer(body=as_json({"data": entries})))
    (session,) = client.chat.sessions.list()
    assert server.requests[0].line == "GET /api/v1/chat/sessions HTTP/1.1"
    assert (session.id, session.model, session.title) == ("s_41", "gpt-5-2-chat", None)
    assert session.messages == ()
    assert session.updated_at is not None


def test_a_session_has_its_messages(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(sample("chat/session"))))
    session = client.chat.sessions.retrieve("s/41")
    assert server.requests[0].line == "GET /api/v1/chat/sessions/s%2F41 HTTP/1.1"
    assert [(message.role, message.content) for message in session.messages] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
    ]


def test_attachments_are_read_in_both_spellings(server: ScriptedServer, client: Rivya) -> None:
    message = {"role": "user", "content": None, "attachments": [{"file_id": "f1"}, "f2", 5, {}]}
    server.play(answer(body=as_json(sample("chat/session") | {"messages": [message, None]})))
    (found,) = client.chat.sessions.retrieve("s_41").messages
    assert (found.attachments, found.content) == (("f1", "f2"), "")


@pytest.mark.parametrize("body", [{}, {"id": ""}])
def test_a_session_without_an_id_is_bad(
    server: ScriptedServer, client: Rivya, body: object
) -> None:
    server.play(answer(body=as_json(body)))
    with pytest.raises(BadAnswer):
        client.chat.sessions.retrieve("s_41")


def test_a_list_without_entries_is_bad(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body="{}"))
    with pytest.raises(BadAnswer, match="session list"):
        client.chat.sessions.list()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (sample("model/chat")["chat_capabilities"], (True, False, True, False, ("default",))),
        (None, (True, False, True, False, ("default",))),
        (
            {"streaming": False, "image_attachments": False, "thoughts": True},
            (False, False, False, True, ("default",)),
        ),
        (
            {"reasoning_effort": True, "web_search": True},
            (True, True, True, False, ("default", "minimal", "low", "medium", "high", "xhigh")),
        ),
        ({"reasoning_effort": ["low", 5]}, (True, False, True, False, ("low",))),
    ],
)
def test_what_a_model_can_do_in_a_chat(client: Rivya, said: Any, expected: Any) -> None:
    entry = sample("model/chat") | {"chat_capabilities": said}
    (model,) = read_models({"data": [entry]}, None)  # type: ignore[arg-type]
    assert read_capabilities(model) == ChatCapabilities(*expected)
