"""Streamed turns: every event, every way to end, and nothing that hangs or is lost."""

import gzip
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.rivya import (
    BadAnswer,
    ChatEvent,
    ChatStream,
    ConnectionFailed,
    InsufficientCredits,
    NotFound,
    RateLimited,
    Rivya,
    RivyaError,
    ServerFailure,
    StreamSession,
    TextDelta,
    Timeouts,
    TurnCompleted,
    TurnFailed,
    TurnIncomplete,
)
from rivya_bridge.rivya.choices import STREAM_CAP_BYTES
from tests.samples import stream

from .conftest import KEY, NOW, MakeClient, Ticking
from .payloads import COMPLETION, as_json, refusal
from .scripted_server import Line, Reply, ScriptedServer, answer, drip, raw, reset, silence

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nX-Request-Id: req_s\r\n"
)
OPEN = HEAD + b"\r\n"
DELTA = b'data: {"delta":"Hel"}\n\n'


def sse(data: bytes) -> Reply:
    """A stream with its length, whole."""
    return answer(200, data, {"Content-Type": "text/event-stream"})


def chunked(*pieces: bytes) -> Reply:
    """A stream in exactly these chunks."""
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")


def begun(client: Rivya) -> ChatStream:
    return client.chat.stream(b'{"message":"Hi"}', idempotency_key="key-1")


def events(server: ScriptedServer, client: Rivya, reply: Reply) -> list[ChatEvent]:
    server.play(reply)
    with begun(client) as turn:
        found = list(turn)
        assert turn.end is found[-1]
    ends = [
        event for event in found if isinstance(event, TurnCompleted | TurnFailed | TurnIncomplete)
    ]
    assert ends == found[-1:]
    return found


def end(server: ScriptedServer, client: Rivya, reply: Reply) -> Any:
    return events(server, client, reply)[-1]


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    session, hel, lo, last = events(server, client, sse(stream("completed")))
    assert session == StreamSession("s_41", "chatcmpl_9", "gpt-5-2-chat")
    assert (hel, lo) == (TextDelta("Hel"), TextDelta("lo"))
    assert isinstance(last, TurnCompleted)
    assert last.completion.message.content == "Hello"
    assert last.completion.final_credits == 1
    assert last.completion.raw == COMPLETION
    request = server.requests[0]
    assert request.line == "POST /api/v1/chat/completions/stream HTTP/1.1"
    assert request.headers["accept"].startswith("text/event-stream")
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.body == b'{"message":"Hi"}'


@pytest.mark.parametrize(
    "name", ["completed_done", "crlf", "pings", "multiline", "other_spellings"]
)
def test_other_ways_to_say_it_are_understood(
    server: ScriptedServer, client: Rivya, name: str
) -> None:
    found = events(server, client, sse(stream(name)))
    text = "".join(event.text for event in found if isinstance(event, TextDelta))
    assert isinstance(found[-1], TurnCompleted)
    assert text == ("Grüße 👋" if name == "multiline" else "Hello")
    assert found[-1].completion.session_id == "s_41"


def whole_or_stream(client: Rivya) -> ChatStream:
    return client.chat.stream(b"{}", idempotency_key="key-1", whole_if_no_stream=True)


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_streams_is_asked_for_the_whole_turn(
    server: ScriptedServer, client: Rivya, status: int
) -> None:
    server.play(answer(status, refusal("not_found")), answer(body=as_json(COMPLETION)))
    with whole_or_stream(client) as turn:
        (last,) = list(turn)
    assert isinstance(last, TurnCompleted)
    assert (last.completion.message.content, turn.session_id) == ("Hello", "s_41")
    first, second = server.requests
    assert second.line == "POST /api/v1/chat/completions HTTP/1.1"
    assert (second.body, second.headers["idempotency-key"]) == (first.body, "key-1")


@pytest.mark.parametrize("reply", [answer(500), answer(409, refusal("chat_session_conflict"))])
def test_another_refusal_is_no_reason_to_use_the_other_route(
    server: ScriptedServer, make_client: MakeClient, reply: Reply
) -> None:
    server.play(reply)
    with pytest.raises(RivyaError), whole_or_stream(make_client(max_retries=0)):
        pass
    assert len(server.requests) == 1


def test_what_may_have_been_taken_by_the_stream_is_not_sent_to_the_other_route(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(reset, answer(404, refusal("not_found")))
    with pytest.raises(NotFound) as caught, whole_or_stream(client):
        pass
    assert caught.value.spent == "unknown"
    assert {one.line for one in server.requests} == {
        "POST /api/v1/chat/completions/stream HTTP/1.1"
    }


def test_bytes_may_come_one_by_one(server: ScriptedServer, client: Rivya) -> None:
    data = stream("multiline")
    found = events(server, client, chunked(*[bytes([byte]) for byte in data]))
    assert found == events(server, client, sse(data))


def test_a_packed_stream_is_unpacked(server: ScriptedServer, client: Rivya) -> None:
    headers = {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}
    reply = answer(200, gzip.compress(stream("completed")), headers)
    assert isinstance(end(server, client, reply), TurnCompleted)


def test_an_error_inside_the_stream_ends_it(server: ScriptedServer, client: Rivya) -> None:
    last = end(server, client, sse(stream("failed") + stream("completed")))
    assert isinstance(last, TurnFailed)
    assert type(last.error) is ServerFailure
    assert (last.error.code, last.error.request_id) == ("internal_error", "req_05")
    assert (last.error.spent, last.text) == ("unknown", "Hel")
    assert "The model stopped." in str(last.error)


@pytest.mark.parametrize(
    ("payload", "kind", "code"),
    [
        ({"error": {"code": "insufficient_credits"}}, InsufficientCredits, "insufficient_credits"),
        ({"error": {"code": "brand_new"}}, ServerFailure, "brand_new"),
        ({"error": {"code": 5, "message": 5}}, ServerFailure, "internal_error"),
        ({"error": "overloaded"}, ServerFailure, "internal_error"),
        ({"error": {}, "delta": "x"}, ServerFailure, "internal_error"),
        ({"error": {"message": KEY}}, ServerFailure, "internal_error"),
    ],
)
def test_any_error_payload_is_an_error(
    server: ScriptedServer, client: Rivya, payload: object, kind: type, code: str
) -> None:
    last = end(server, client, sse(f"data: {as_json(payload)}\n\n".encode()))
    assert isinstance(last, TurnFailed)
    assert (type(last.error), last.error.code) == (kind, code)
    # Only credits that never sufficed were surely never taken.
    assert last.error.spent == ("no" if kind is InsufficientCredits else "unknown")
    assert KEY not in str(last.error) + last.error.body


def test_credits_that_end_within_an_answer_may_have_been_taken(
    server: ScriptedServer, client: Rivya
) -> None:
    error = as_json({"error": {"code": "insufficient_credits"}})
    last = end(server, client, sse(f'data: {{"delta": "Hel"}}\n\ndata: {error}\n\n'.encode()))
    assert isinstance(last, TurnFailed)
    assert (last.text, last.error.spent) == ("Hel", "unknown")


@pytest.mark.parametrize(
    "data",
    [
        "[DONE]", "", "null", "[]", "5", "not json", '{"a":', '{"delta":NaN}', "{}", '{"delta":{}}',
        '{"delta":{"role":"assistant"}}', '{"delta":null,"text":5}', '{"delta":""}', '{"error":null}',
        '{"message":"Hi","usage":{}}', '{"message":{"content":"Hi"}}', '{"usage":{"total_tokens":5}}',
        '{"session_id":5}', '{"delta":["x"]}', '{"thinking":"..."}',
    ],
)  # fmt: skip
def test_everything_else_is_passed_over(server: ScriptedServer, client: Rivya, data: str) -> None:
    found = events(server, client, sse(DELTA + f"event: error\ndata: {data}\n\n".encode()))
    assert found == [TextDelta("Hel"), TurnIncomplete("ended", "Hel", None)]


def test_the_first_text_of_a_payload_counts(server: ScriptedServer, client: Rivya) -> None:
    payloads = [
        {"delta": "a", "content_delta": "x"},
        {"delta": {"content": "b"}, "text": "x"},
        {"delta": {"role": "r"}, "content_delta": "c", "text": "x"},
        {"text": "d", "session_id": "s_1"},
    ]
    data = "".join(f"data: {as_json(payload)}\n\n" for payload in payloads).encode()
    assert end(server, client, sse(data)) == TurnIncomplete("ended", "abcd", "s_1")


def test_a_final_without_its_text_takes_what_was_streamed(
    server: ScriptedServer, client: Rivya
) -> None:
    final = as_json(COMPLETION | {"message": {"role": "assistant"}})
    last = end(server, client, sse(DELTA + f"data: {final}\n\n".encode()))
    assert last.completion.message.content == "Hel"


def test_a_cut_stream_keeps_what_came(server: ScriptedServer, client: Rivya) -> None:
    for name in ("cut", "cut_in_event"):
        last = end(server, client, sse(stream(name)))
        assert last == TurnIncomplete("ended", "Hel", "s_41", spent="unknown")


def test_an_end_without_its_empty_line_still_counts(server: ScriptedServer, client: Rivya) -> None:
    assert isinstance(end(server, client, sse(stream("completed").rstrip())), TurnCompleted)
    assert isinstance(end(server, client, sse(stream("failed").rstrip())), TurnFailed)


@pytest.mark.parametrize(
    "reply",
    [
        raw(HEAD + b"Content-Length: 9999\r\n\r\n" + stream("cut")),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % 9999 + stream("cut")),
        answer(
            200,
            gzip.compress(stream("cut"))[:-6],
            {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"},
        ),
    ],
    ids=["length", "chunk", "gzip"],
)
def test_a_broken_connection_keeps_what_came(
    server: ScriptedServer, client: Rivya, reply: Reply
) -> None:
    assert end(server, client, reply) == TurnIncomplete("broken", "Hel", "s_41")


def silent_after(data: bytes) -> Reply:
    def reply(line: Line) -> None:
        line.send(OPEN + data)
        silence(line)

    return reply


def test_silence_ends_the_stream(server: ScriptedServer, make_client: MakeClient) -> None:
    client = make_client(timeout=Timeouts(stream_idle=0.5))
    assert end(server, client, silent_after(DELTA)) == TurnIncomplete("idle", "Hel", None)


@pytest.mark.parametrize(
    "noise", [b": ping\n\n", b"event: ping\ndata: {}\n\n", b"data: [DONE]\n\n"]
)
def test_keep_alive_alone_does_not_keep_it_alive(
    server: ScriptedServer, make_client: MakeClient, noise: bytes
) -> None:
    client = make_client(
        monotonic=Ticking(step=1.0), timeout=Timeouts(stream=10_000.0, stream_stall=50.0)
    )
    last = end(server, client, drip(OPEN + DELTA, noise))
    assert last == TurnIncomplete("stalled", "Hel", None)


@pytest.mark.parametrize(
    "sign", [b'data: {"delta":"x"}\n\n', b'data: {"delta":{"thinking":"x"}}\n\n']
)
def test_a_lively_stream_is_cut_at_its_whole_time_only(
    server: ScriptedServer, make_client: MakeClient, sign: bytes
) -> None:
    client = make_client(
        monotonic=Ticking(step=1.0), timeout=Timeouts(stream=500.0, stream_stall=50.0)
    )
    assert end(server, client, drip(OPEN, sign)).reason == "deadline"


@pytest.mark.parametrize(
    "data",
    [b"data: " + b"x" * 1_100_000, b"data: xxxxxxxxxxxxx\n" * 100_000],
    ids=["line", "event"],
)
def test_a_line_or_an_event_without_end_is_cut(
    server: ScriptedServer, client: Rivya, data: bytes
) -> None:
    assert end(server, client, sse(DELTA + data)) == TurnIncomplete("too_large", "Hel", None)


def test_an_event_that_only_its_cut_off_end_makes_too_large(
    server: ScriptedServer, client: Rivya
) -> None:
    data = b"data: " + b"x" * 600_000
    assert end(server, client, sse(data + b"\n" + data)).reason == "too_large"


def test_a_stream_without_end_is_cut(server: ScriptedServer, client: Rivya) -> None:
    comment = b":" + b" " * 65_534 + b"\n"
    bomb = gzip.compress(comment * (STREAM_CAP_BYTES // len(comment) + 1))
    headers = {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}
    assert end(server, client, answer(200, bomb, headers)).reason == "too_large"


def test_stop_wakes_a_reader_that_waits(server: ScriptedServer, client: Rivya) -> None:
    server.play(silent_after(stream("cut")))
    found: list[ChatEvent] = []
    got_text = threading.Event()
    turn = begun(client)

    def read() -> None:
        with turn:
            for event in turn:
                found.append(event)
                if isinstance(event, TextDelta):
                    got_text.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert got_text.wait(10)
    turn.stop()
    reader.join(10)
    assert not reader.is_alive()
    assert found[-1] == TurnIncomplete("stopped", "Hel", "s_41", spent="unknown")
    assert turn.text == "Hel"


def test_stop_wakes_a_reader_that_waits_for_the_beginning(
    server: ScriptedServer, client: Rivya
) -> None:
    asked = threading.Event()

    def reply(line: Line) -> None:
        asked.set()
        silence(line)

    server.play(reply)
    turn = begun(client)
    found: list[ChatEvent] = []
    reader = threading.Thread(target=lambda: found.extend(turn))
    reader.start()
    assert asked.wait(10)
    turn.stop()
    reader.join(10)
    assert not reader.is_alive()
    (last,) = found
    assert isinstance(last, TurnIncomplete)
    assert (last.reason, last.spent, last.text) == ("stopped", "unknown", "")
    assert len(server.requests) == 1


def test_stop_before_the_beginning_sends_nothing(server: ScriptedServer, client: Rivya) -> None:
    turn = begun(client)
    turn.stop()
    with turn:
        (last,) = turn
    assert isinstance(last, TurnIncomplete)
    assert (last.reason, last.spent) == ("stopped", "no")
    assert server.requests == []


def test_leaving_early_hangs_up(server: ScriptedServer, client: Rivya) -> None:
    hung_up = threading.Event()

    def reply(line: Line) -> None:
        line.send(OPEN + DELTA)
        if line.sock.recv(10) == b"":
            hung_up.set()

    server.play(reply)
    with begun(client) as turn:
        assert next(iter(turn)) == TextDelta("Hel")
    assert hung_up.wait(10)
    assert list(turn) == []


def test_a_stream_that_is_never_begun_sends_nothing(server: ScriptedServer, client: Rivya) -> None:
    begun(client).close()
    assert server.connections == 0


@pytest.mark.parametrize(
    ("reply", "error", "spent"),
    [
        (answer(402, refusal("insufficient_credits")), InsufficientCredits, "no"),
        (answer(429, refusal("rate_limited"), {"Retry-After": "99"}), RateLimited, "no"),
        (answer(200, "<html>", {"Content-Type": "text/html"}), BadAnswer, "unknown"),
        (answer(200, "{}"), BadAnswer, "unknown"),
        (answer(302, "", {"Location": "/x"}), BadAnswer, "unknown"),
    ],
)
def test_what_goes_wrong_before_the_stream_is_an_ordinary_error(
    server: ScriptedServer, client: Rivya, reply: Reply, error: type[Exception], spent: str
) -> None:
    server.play(reply)
    with pytest.raises(error) as caught, begun(client):
        pass
    assert caught.value.spent == spent  # type: ignore[attr-defined]
    assert len(server.requests) == 1


def test_the_beginning_is_repeated_with_the_same_key(
    server: ScriptedServer, client: Rivya, waits: list[float]
) -> None:
    server.play(answer(503), reset)
    assert isinstance(end(server, client, sse(stream("completed"))), TurnCompleted)
    assert {request.headers["idempotency-key"] for request in server.requests} == {"key-1"}
    assert {request.body for request in server.requests} == {b'{"message":"Hi"}'}
    assert waits == [1.0, 2.0]


def test_a_stream_that_broke_is_not_begun_again(server: ScriptedServer, client: Rivya) -> None:
    server.play(raw(HEAD + b"Content-Length: 99\r\n\r\n"), sse(stream("completed")))
    with begun(client) as turn:
        (last,) = turn
    assert last == TurnIncomplete("broken", "", None)
    assert len(server.requests) == 1


def test_an_unreachable_server_was_sent_nothing(make_client: MakeClient) -> None:
    with ScriptedServer() as gone:
        url = gone.url
    client = make_client(base_url=url, max_retries=0)
    with pytest.raises(ConnectionFailed) as caught, begun(client):
        pass
    assert caught.value.spent == "no"


def test_a_server_that_does_not_stream_is_understood(server: ScriptedServer, client: Rivya) -> None:
    (only,) = events(server, client, answer(body=as_json(COMPLETION)))
    assert isinstance(only, TurnCompleted)
    assert only.completion.message.content == "Hello"


def test_a_key_that_no_header_can_carry_is_refused(client: Rivya) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        client.chat.stream(b"{}", idempotency_key="ä")


class Pieces(httpx.BaseTransport):
    """Answers with a stream in exactly the pieces it holds; then it breaks, if it is told to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.breaks = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={"Content-Type": "text/event-stream"}, stream=PiecesStream(self)
        )


class PiecesStream(httpx.SyncByteStream):
    def __init__(self, source: Pieces) -> None:
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        yield from self._source.pieces
        if self._source.breaks:
            raise httpx.ReadError("cut")


fed = Pieces()


@pytest.fixture(scope="module")
def fed_client() -> Iterator[Rivya]:
    with Rivya(
        base_url="https://rivya.ai",
        api_key=KEY,
        transport=fed,
        clock=lambda: NOW,
        monotonic=Ticking(),
        max_retries=0,
    ) as client:
        yield client


def read_all(client: Rivya, pieces: list[bytes]) -> list[ChatEvent]:
    fed.pieces = pieces
    with begun(client) as turn:
        return list(turn)


values = st.sampled_from(["a", "", None, 5, True, {}, {"content": "b"}, [], {"code": "x"}])
keys = ["delta", "content_delta", "text", "message", "usage", "error", "session_id", "id"]
payloads = st.dictionaries(st.sampled_from(keys), values, max_size=4)
written = payloads.map(lambda value: f"data: {as_json(value)}\n\n".encode())
bytes_of_a_stream = st.lists(written | st.binary(max_size=12), max_size=6).map(b"".join)


@settings(max_examples=200)
@given(data=bytes_of_a_stream, cuts=st.lists(st.integers(0, 300), max_size=6), broken=st.booleans())
def test_any_bytes_in_any_pieces_have_the_same_events_and_one_end(
    fed_client: Rivya, data: bytes, cuts: list[int], broken: bool
) -> None:
    fed.breaks = broken
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[edges[n] : edges[n + 1]] for n in range(len(edges) - 1)]
    whole = read_all(fed_client, [data])
    assert repr(read_all(fed_client, pieces)) == repr(whole)
    *before, last = whole
    assert isinstance(last, TurnCompleted | TurnFailed | TurnIncomplete)
    assert all(isinstance(event, StreamSession | TextDelta) for event in before)
    if not isinstance(last, TurnCompleted):
        assert last.text == "".join(e.text for e in before if isinstance(e, TextDelta))
