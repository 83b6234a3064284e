"""Chat over real HTTP: turns, sessions, attachments, credits, idempotency."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox

from .conftest import FULL, Clock, png, refusal

URL = "/api/v1/chat/completions"
STREAM = f"{URL}/stream"
SESSIONS = "/api/v1/chat/sessions"
SEEING = "gpt-5-2-chat"
BLIND = "claude-sonnet-4-6-chat"
BAD = (400, "validation_failed")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[RunningSandbox]:
    """Answers come at once, and the clock stands still."""
    folder = tmp_path_factory.mktemp("chat")
    with running_sandbox(folder, clock=clock, balance=100_000) as running:
        yield running


def body(message: str = "Five ideas for wet slate", **fields: Any) -> dict[str, Any]:
    return {"model": SEEING, "message": message, **fields}


def ask(api: httpx.Client, message: str = "Five ideas for wet slate", **fields: Any) -> Any:
    answer = api.post(URL, json=body(message, **fields))
    assert answer.status_code == 200, answer.text
    return answer.json()


def credits(api: httpx.Client) -> int:
    return int(api.get("/api/v1/credits").json()["current_credits"])


def events(answer: httpx.Response) -> list[tuple[str, Any]]:
    """The events of a stream, comments left out."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        if not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_it_works(api: httpx.Client) -> None:
    before = credits(api)
    turn = ask(api)

    assert turn["object"] == "chat.completion"
    assert (turn["model"], turn["message"]["role"]) == (SEEING, "assistant")
    usage = turn["usage"]
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"] > 20
    assert turn["credits"]["reserved"] == 3
    assert 1 <= turn["credits"]["final"] <= 3
    assert credits(api) == before - turn["credits"]["final"]


def test_a_session_goes_on_and_can_be_read_again(api: httpx.Client) -> None:
    first = ask(api)
    second = ask(api, "Take number 2 and make it darker", session_id=first["session_id"])

    listed = api.get(SESSIONS).json()
    shown = api.get(f"{SESSIONS}/{first['session_id']}").json()

    assert second["session_id"] == first["session_id"] == listed["data"][0]["id"]
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"] * 2
    assert shown["messages"][3]["content"] == second["message"]["content"]
    assert shown["messages"][0]["attachments"] == []
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (body(messages=[]), BAD),
        ({"model": SEEING}, BAD),
        ({"message": "x"}, BAD),
        (body(" \n"), BAD),
        (body("x" * 20_001), BAD),
        (body(message=5), BAD),
        (body(session_id=5), BAD),
        (body(enable_web_search="yes"), BAD),
        (body(include_thoughts=1), BAD),
        (body(reasoning_effort="huge"), BAD),
        (body(reasoning_effort=["low"]), BAD),
        (body(attachments="x"), BAD),
        (body(attachments=[{"file_id": 5}]), BAD),
        (body(attachments=[{"file_id": "file_0"}] * 9), BAD),
        (body(client_request_id="x" * 129), BAD),
        (body(colour="red"), BAD),
        (body(model="z-image"), (400, "chat_model_not_supported")),
        (body(model="no-such-model"), (400, "chat_model_not_supported")),
        (body(session_id="s_nope"), (409, "chat_session_conflict")),
        (body(attachments=[{"file_id": "file_0"}]), (400, "chat_attachment_not_supported")),
        (
            body(attachments=[{"url": "https://a.example/b"}]),
            (400, "chat_attachment_not_supported"),
        ),
    ],
)
@pytest.mark.parametrize("route", [URL, STREAM])
def test_a_bad_request_is_refused_and_costs_nothing(
    api: httpx.Client, route: str, sent: dict[str, Any], answered: tuple[int, str]
) -> None:
    before = credits(api)

    assert refusal(api.post(route, json=sent)) == answered
    assert credits(api) == before


def test_a_session_belongs_to_one_model(api: httpx.Client) -> None:
    session = ask(api)["session_id"]

    answer = api.post(URL, json=body(session_id=session, model=BLIND))

    assert refusal(answer) == (409, "chat_session_conflict")


def test_an_unknown_session_is_not_found(api: httpx.Client) -> None:
    assert refusal(api.get(f"{SESSIONS}/s_nope")) == (404, "not_found")


def test_a_key_that_may_only_read_reads_sessions(
    api: httpx.Client, anonymous: httpx.Client
) -> None:
    headers = {"Authorization": "Bearer rvya_sk_sandbox_readonly"}
    session = ask(api)["session_id"]

    for route in (URL, STREAM):
        answer = anonymous.post(route, json=body(), headers=headers)
        assert refusal(answer) == (403, "api_scope_denied")
    assert anonymous.get(f"{SESSIONS}/{session}", headers=headers).status_code == 200
    assert refusal(anonymous.get(SESSIONS)) == (401, "api_key_missing")


def test_a_picture_is_seen(api: httpx.Client, upload: Callable[..., httpx.Response]) -> None:
    picture = upload(png((230, 90, 20), 120)).json()["id"]

    turn = ask(api, "Describe this picture", attachments=[{"file_id": picture}])
    after = ask(api, "And its light?", session_id=turn["session_id"])
    shown = api.get(f"{SESSIONS}/{turn['session_id']}").json()

    assert "120 × 120 px, square" in turn["message"]["content"]
    assert "orange" in turn["message"]["content"]
    assert "orange" in after["message"]["content"]
    assert shown["messages"][0]["attachments"] == [{"file_id": picture}]


def test_only_pictures_for_models_that_see_are_taken(
    api: httpx.Client, upload: Callable[..., httpx.Response]
) -> None:
    unsupported = (400, "chat_attachment_not_supported")
    picture = upload(png()).json()["id"]
    wave = (
        b"RIFF"
        + (36 + 8000).to_bytes(4, "little")
        + b"WAVEfmt "
        + bytes.fromhex("10000000 0100 0100 401f0000 803e0000 0200 1000")
    )
    sound = upload(wave + b"data" + (8000).to_bytes(4, "little") + bytes(8000), "audio").json()

    blind = api.post(URL, json=body(model=BLIND, attachments=[{"file_id": picture}]))

    assert refusal(blind) == unsupported
    heard = api.post(URL, json=body(attachments=[{"file_id": sound["id"]}]))
    assert refusal(heard) == unsupported


def test_a_stream_tells_the_answer_word_by_word(api: httpx.Client) -> None:
    told = events(api.post(STREAM, json=body()))

    assert [name for name, _ in told[:2]] == ["session", "delta"]
    assert told[-1][0] == "completed"
    whole = told[-1][1]
    deltas = [data["delta"] for name, data in told if name == "delta"]
    assert len(deltas) > 10
    assert "".join(deltas) == whole["message"]["content"]
    assert told[0][1]["session_id"] == whole["session_id"]
    assert ask(api)["message"]["content"] == whole["message"]["content"]


@pytest.mark.parametrize("route", [URL, STREAM])
def test_the_same_key_is_one_turn_and_one_charge(api: httpx.Client, route: str) -> None:
    before = credits(api)
    headers = {"Idempotency-Key": f"once-{route}"}
    first = api.post(route, json=body(), headers=headers)
    again = api.post(route, json=dict(reversed(body().items())), headers=headers)
    other = api.post(route, json=body("Something else"), headers=headers)

    assert refusal(other) == (409, "idempotency_conflict")
    if route == STREAM:
        assert [name for name, _ in events(again)] == ["session", "delta", "completed"]
        assert events(again)[-1] == events(first)[-1]
        final = events(first)[-1][1]["credits"]["final"]
    else:
        assert again.json() == first.json()
        final = first.json()["credits"]["final"]
    assert credits(api) == before - final


def test_a_key_counts_for_its_route_only(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "both-routes"}
    whole = api.post(URL, json=body(), headers=headers).json()
    streamed = events(api.post(STREAM, json=body("Other"), headers=headers))[-1][1]

    assert streamed["id"] != whole["id"]
    journal = api.get("/_sandbox/journal").json()
    assert journal["chat_turns_by_key"]["both-routes"] == 2


def test_the_journal_tells_of_turns(api: httpx.Client) -> None:
    before = api.get("/_sandbox/journal").json()
    turn = ask(api)

    journal = api.get("/_sandbox/journal").json()

    assert journal["chat_turns_count"] == before["chat_turns_count"] + 1
    spent = journal["charged_credits"] - before["charged_credits"]
    assert spent == journal["chat_turns"][-1]["final"] == turn["credits"]["final"]
    assert sum(entry["amount"] for entry in journal["ledger"]) == journal["balance"]


@pytest.fixture
def slow(tmp_path: Path, clock: Clock) -> Iterator[httpx.Client]:
    """A sandbox whose answers take minutes, with a wallet for one of them."""
    choices = Choices(chat_thinking_seconds=100.0, chat_ping_seconds=0.02)
    with (
        running_sandbox(tmp_path, speed=1, clock=clock, balance=5, choices=choices) as running,
        httpx.Client(base_url=running.base_url, headers=FULL, timeout=30) as client,
    ):
        yield client


def test_a_turn_whose_listener_left_ends_and_is_charged(slow: httpx.Client, clock: Clock) -> None:
    headers = {"Idempotency-Key": "left"}
    with slow.stream("POST", STREAM, json=body(), headers=headers) as answer:
        lines = answer.iter_lines()
        opening = next(line for line in lines if line.startswith("data:"))
        assert ": ping" in lines
    session = json.loads(opening.removeprefix("data: "))["session_id"]
    running = slow.get(f"{SESSIONS}/{session}").json()
    early = slow.post(STREAM, json=body(), headers=headers)
    poor = slow.post(URL, json=body())
    clock.advance(600)
    ended = slow.get(f"{SESSIONS}/{session}").json()
    replayed = events(slow.post(STREAM, json=body(), headers=headers))[-1][1]

    assert [message["role"] for message in running["messages"]] == ["user"]
    assert refusal(early) == (409, "idempotency_conflict")
    assert refusal(poor) == (402, "insufficient_credits")
    assert ended["messages"][1]["content"] == replayed["message"]["content"]
    journal = slow.get("/_sandbox/journal").json()
    assert journal["chat_turns_by_key"] == {"left": 1}
    assert journal["balance"] == 5 - replayed["credits"]["final"]


def test_a_data_folder_from_before_chat_goes_on(tmp_path: Path, clock: Clock) -> None:
    import sqlite3

    with running_sandbox(tmp_path, clock=clock):
        pass
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as connection:
        connection.executescript("DROP TABLE chat_turn; DROP TABLE chat_session;")
    connection.close()

    with (
        running_sandbox(tmp_path, clock=clock) as running,
        httpx.Client(base_url=running.base_url, headers=FULL) as api,
    ):
        assert ask(api)["message"]["content"]
