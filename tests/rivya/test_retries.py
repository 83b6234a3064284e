"""The one retry rule: what is repeated, when, and what is said when it was not enough."""

import socket

import pytest

from rivya_bridge.rivya import (
    ConnectionFailed,
    IdempotencyConflict,
    InsufficientCredits,
    OutcomeUnknown,
    RateLimited,
    Rivya,
    RivyaError,
    ServerFailure,
    Timeouts,
)

from .conftest import KEY, MakeClient, Ticking
from .payloads import QUEUED, SUCCEEDED, as_json, refusal
from .scripted_server import Reply, ScriptedServer, answer, reset

ACCEPTED = answer(202, as_json(QUEUED))


def test_it_works(server: ScriptedServer, client: Rivya, waits: list[float]) -> None:
    server.play(answer(500), reset, ACCEPTED)
    generation = client.generations.submit(b'{"a":1}', idempotency_key="key-1")
    assert generation.id == "task_8s1"
    assert {request.body for request in server.requests} == {b'{"a":1}'}
    assert {request.headers["idempotency-key"] for request in server.requests} == {"key-1"}
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize(("jitter", "expected"), [(0.0, [0.5, 1.0]), (1.0, [1.0, 2.0])])
def test_waits_grow_and_are_spread(
    server: ScriptedServer,
    make_client: MakeClient,
    waits: list[float],
    jitter: float,
    expected: list[float],
) -> None:
    client = make_client(random=lambda: jitter)
    with pytest.raises(ServerFailure):
        client.credits.retrieve()
    assert waits == expected
    assert len(server.requests) == 3


@pytest.mark.parametrize("value", ["7", "Mon, 11 May 2026 12:00:07 GMT"])
def test_the_server_says_how_long_to_wait(
    server: ScriptedServer, client: Rivya, waits: list[float], value: str
) -> None:
    server.play(answer(429, refusal("rate_limited"), {"Retry-After": value}), ACCEPTED)
    client.generations.submit(b"{}", idempotency_key="key-1")
    assert waits == [7.0]


@pytest.mark.parametrize("value", ["31", "86400"])
def test_a_longer_wish_is_handed_to_the_caller_and_not_cut_short(
    server: ScriptedServer, client: Rivya, waits: list[float], value: str
) -> None:
    server.play(answer(429, refusal("rate_limited"), {"Retry-After": value}))
    with pytest.raises(RateLimited) as caught:
        client.credits.retrieve()
    assert caught.value.retry_after == float(value)
    assert (waits, len(server.requests)) == ([], 1)


def test_no_wait_goes_beyond_the_deadline(
    server: ScriptedServer, make_client: MakeClient, waits: list[float]
) -> None:
    client = make_client(timeout=Timeouts(operation=6.0))
    server.play(answer(503, "{}", {"Retry-After": "7"}))
    with pytest.raises(ServerFailure):
        client.credits.retrieve()
    assert (waits, len(server.requests)) == ([], 1)


@pytest.mark.parametrize(
    "reply",
    [
        answer(400, refusal("validation_failed")),
        answer(401, refusal("api_key_revoked")),
        answer(402, refusal("insufficient_credits")),
        answer(409, refusal("idempotency_conflict")),
        answer(200, "<html>"),
        answer(302, "", {"Location": "/elsewhere"}),
    ],
)
def test_other_answers_are_not_repeated(
    server: ScriptedServer, client: Rivya, waits: list[float], reply: Reply
) -> None:
    server.play(reply, ACCEPTED)
    with pytest.raises(RivyaError):
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert (waits, len(server.requests)) == ([], 1)


@pytest.mark.parametrize("reply", [answer(500), answer(429), reset])
def test_no_retry_means_one_request(
    server: ScriptedServer, client: Rivya, waits: list[float], reply: Reply
) -> None:
    server.play(reply, ACCEPTED)
    with pytest.raises(RivyaError):
        client.generations.submit(b"{}", idempotency_key="key-1", max_retries=0)
    assert (waits, len(server.requests)) == ([], 1)


def test_a_refusal_after_a_lost_answer_leaves_the_doubt(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(reset, answer(402, refusal("insufficient_credits")))
    with pytest.raises(InsufficientCredits) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert caught.value.spent == "unknown"


def test_a_refusal_after_a_refusal_leaves_no_doubt(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(429), answer(402, refusal("insufficient_credits")))
    with pytest.raises(InsufficientCredits) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert caught.value.spent == "no"


def test_a_conflict_after_a_lost_answer_stays_a_conflict(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(reset, answer(409, refusal("idempotency_conflict")))
    with pytest.raises(IdempotencyConflict) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert caught.value.spent == "unknown"


def test_a_server_that_vanishes_after_taking_the_request_leaves_the_doubt(
    waits: list[float],
) -> None:
    with ScriptedServer() as server:
        server.play(reset)
        url = server.url
        client = Rivya(
            base_url=url,
            api_key=KEY,
            max_retries=1,
            monotonic=Ticking(),
            sleep=lambda _: server.close(),
        )
        with client, pytest.raises(OutcomeUnknown, match="earlier attempt") as caught:
            client.generations.submit(b"{}", idempotency_key="key-1")
        assert caught.value.spent == "unknown"
        assert caught.value.sent is not False


def test_a_refused_connection_was_provably_not_sent(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    client = Rivya(base_url=url, api_key=KEY, sleep=waits.append)
    with client, pytest.raises(ConnectionFailed) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert (caught.value.sent, caught.value.spent) == (False, "no")
    assert caught.value.retryable
    assert len(waits) == 2


def test_a_read_is_repeated_after_a_reset(server: ScriptedServer, client: Rivya) -> None:
    server.play(reset, answer(body=as_json(SUCCEEDED)))
    assert client.generations.retrieve("task_8s1").is_terminal
    assert len(server.requests) == 2
