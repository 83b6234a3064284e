"""One long day of calls that work and fail, searched for the key afterwards."""

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.rivya import OutcomeUnknown, Rivya, RivyaError, Timeouts, TurnFailed
from tests.samples import sample, stream

from .conftest import KEY, MakeClient
from .payloads import FILE, MODEL, QUEUED, SUCCEEDED, as_json, refusal
from .scripted_server import Reply, ScriptedServer, answer, raw, reset, silence

SECRET = sample("webhook/created")["signing_secret"]
CANARIES = ("canary_5d41402abc4b2a76", SECRET)
OURS = "rivya_bridge/rivya/"

Do = Callable[[Rivya], object]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Everything logged by anybody so far, at the lowest level."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield lambda: "\n".join(
        [record.getMessage() for record in caplog.records]
        + [repr(vars(record)) for record in caplog.records]
        + [caplog.text]
    )


def streamed(client: Rivya) -> list[Any]:
    with client.chat.stream(b"{}", idempotency_key="k") as turn:
        return [repr(turn), *turn]


def calls(path: Path) -> list[tuple[Do, Reply]]:
    """Every route with an answer that works."""
    endpoint, delivery = sample("webhook/created"), sample("delivery/succeeded")
    listed = {"data": []}
    given: list[tuple[Do, Any]] = [
        (lambda c: c.models.list(), {"data": [MODEL]}),
        (lambda c: c.openapi(), sample("openapi/document")),
        (lambda c: c.credits.retrieve(), sample("credits/balance")),
        (lambda c: c.generations.submit(b"{}", idempotency_key="k"), QUEUED),
        (lambda c: c.generations.retrieve("t"), SUCCEEDED),
        (lambda c: c.files.upload(path), FILE),
        (lambda c: c.files.retrieve("f"), FILE),
        (lambda c: c.chat.submit(b"{}", idempotency_key="k"), sample("chat/completion")),
        (lambda c: c.chat.sessions.list(), sample("chat/session_list")),
        (lambda c: c.chat.sessions.retrieve("s"), sample("chat/session")),
        (lambda c: c.webhooks.list(), sample("webhook/list")),
        (lambda c: c.webhooks.create("https://a.example"), endpoint),
        (lambda c: c.webhooks.retrieve("w"), endpoint),
        (lambda c: c.webhooks.update("w", name="x"), endpoint),
        (lambda c: c.webhooks.delete("w"), endpoint),
        (lambda c: c.webhooks.rotate_secret("w"), endpoint),
        (lambda c: c.webhooks.test("w"), delivery),
        (lambda c: c.webhooks.deliveries("w"), listed),
        (lambda c: c.webhook_events.list(), sample("event/list")),
    ]
    stream_headers = {"Content-Type": "text/event-stream"}
    return [
        *[(do, answer(body=as_json(body))) for do, body in given],
        (streamed, answer(200, stream("completed"), stream_headers)),
    ]


def echoes() -> list[Reply]:
    """Failures whose text repeats what the client sent, or what it must not show."""
    return [
        answer(401, refusal(f"code_{KEY}", f"{KEY} {SECRET}", KEY)),
        answer(500, f"<html>{KEY}{SECRET}</html>"),
        answer(200, f"{KEY} {SECRET}"),
        answer(200, as_json({KEY: SECRET, "signing_secret": SECRET})),
        answer(302, KEY, {"Location": "https://elsewhere.example/"}),
    ]


def breaks() -> list[Reply]:
    """Failures in which nothing but the client's own words can hold the key."""
    return [
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        raw(b"garbage"),
        reset,
    ]


def own_frames(error: BaseException) -> str:
    """The local variables of this package's frames, as an error page would print them."""
    shown = []
    seen: BaseException | None = error
    while seen is not None:
        frames = [frame for frame, _ in traceback.walk_tb(seen.__traceback__)]
        for frame in frames:
            if OURS in frame.f_code.co_filename:
                shown += [repr(value) for value in frame.f_locals.values()]
        seen = seen.__cause__ or seen.__context__
    return "".join(shown)


def test_nothing_shows_the_key_or_a_signing_secret(
    server: ScriptedServer,
    make_client: MakeClient,
    logged: Callable[[], str],
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    client = make_client(max_retries=0)
    routes = calls(path)
    shown = repr(client) + repr(vars(client)) + repr(client.chat.sessions)
    for do, reply in routes:
        server.play(reply)
        shown += repr(do(client))
    failed = 0
    for do, _ in routes:
        for reply in [*echoes(), *breaks()]:
            server.play(reply)
            try:
                do(client)
            except RivyaError as error:
                failed += 1
                shown += "".join(traceback.format_exception(error)) + repr(vars(error))
                shown += error.sentence
        for reply in breaks():
            server.play(reply)
            try:
                do(client)
            except RivyaError as error:
                shown += own_frames(error)
    server.play(silence)
    with pytest.raises(OutcomeUnknown) as caught:
        make_client(max_retries=0, timeout=Timeouts(read=0.05)).credits.retrieve()
    shown += "".join(traceback.format_exception(caught.value)) + own_frames(caught.value)
    assert len(routes) == 20
    assert failed > 120
    shown += logged()
    assert "send_request_headers" in shown
    for canary in CANARIES:
        assert canary not in shown


def test_an_error_inside_a_stream_hides_them_too(
    server: ScriptedServer, client: Rivya, logged: Callable[[], str]
) -> None:
    payload = {"error": {"code": KEY, "message": f"{KEY} {SECRET}", "requestId": KEY}}
    data = f"data: {as_json(payload)}\n\n"
    server.play(answer(200, data, {"Content-Type": "text/event-stream"}))
    with client.chat.stream(b"{}", idempotency_key="k") as turn:
        (last,) = turn
    assert isinstance(last, TurnFailed)
    shown = repr(last) + repr(vars(last.error)) + last.error.sentence + logged()
    for canary in CANARIES:
        assert canary not in shown
