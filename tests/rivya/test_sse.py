"""From bytes to events, however the bytes are cut."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.rivya.sse import EventTooLarge, SseDecoder, SseEvent
from tests.samples import stream


def decoded(*pieces: bytes, **caps: int) -> list[SseEvent]:
    decoder = SseDecoder(**caps)
    return [event for piece in pieces for event in decoder.feed(piece)]


def datas(*pieces: bytes) -> list[str]:
    return [event.data for event in decoded(*pieces)]


def test_it_works() -> None:
    assert decoded(b"event: delta\nid: 7\ndata: one\ndata: two\n\n") == [
        SseEvent("delta", "one\ntwo", "7")
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_is_one(end: bytes) -> None:
    assert datas(end.join([b"data: a", b"", b"data: b", b"data: c", b"", b""])) == ["a", "b\nc"]


def test_a_carriage_return_and_its_line_feed_may_come_apart() -> None:
    assert datas(b"data: a\r", b"\n\r", b"\ndata: b\r", b"", b"\n\r\n") == ["a", "b"]


def test_a_letter_may_come_apart() -> None:
    data = "data: Grüße 👋\n\n".encode()
    assert datas(*[bytes([byte]) for byte in data]) == ["Grüße 👋"]


def test_bytes_that_are_no_text_are_replaced_and_lose_nothing_else() -> None:
    assert datas(b"data: a\xff\xfeb\n\ndata: c\n\n") == ["a\ufffd\ufffdb", "c"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a \n\n", [" a "]),
        (b"data\n\n", [""]),
        (b"data: a: b\n\n", ["a: b"]),
        (b": ping\n\n: data: x\n\n", []),
        (b"data: a\n: between\ndata: b\n\n", ["a\nb"]),
        (b"event: x\n\ndata: a\n\n", ["a"]),
        (b"Data: a\nunknown: b\n data: c\n\n", []),
        (b"data: [DONE]\n\n", ["[DONE]"]),
        (b"\n\n\n", []),
        (b"data: cut", []),
        (b"data: cut\n", []),
    ],
)
def test_fields_are_read_as_the_specification_says(data: bytes, expected: list[str]) -> None:
    assert datas(data) == expected


def test_a_name_belongs_to_one_event_and_an_id_to_all_that_follow() -> None:
    first, second, third = decoded(
        b"id: 1\nevent: x\ndata: a\n\ndata: b\n\nid: \x00\ndata: c\nid: 3\n\n"
    )
    assert (first.name, first.id) == ("x", "1")
    assert (second.name, second.id) == ("message", "1")
    assert (third.name, third.id) == ("message", "3")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3000", 3000), ("-1", None), ("1.5", None), ("٣", None), ("", None), ("9" * 5000, None)],
)
def test_only_digits_are_a_wait(value: str, expected: int | None) -> None:
    decoder = SseDecoder()
    assert list(decoder.feed(f"retry: {value}\n\n".encode())) == []
    assert decoder.retry_milliseconds == expected


@pytest.mark.parametrize("data", [b"data: cut\n", b"data: cut", b"data: cut\r"])
def test_what_the_end_cuts_off_is_shown_on_request(data: bytes) -> None:
    decoder = SseDecoder()
    assert list(decoder.feed(b"data: a\n\n" + data)) == [SseEvent("message", "a")]
    assert decoder.leftover() == SseEvent("message", "cut")


def test_nothing_is_left_over_between_two_events() -> None:
    decoder = SseDecoder()
    list(decoder.feed(b"data: a\n\n: ping\n"))
    assert decoder.leftover() is None


@pytest.mark.parametrize("rest", [b"x" * 21, b":" + b"x" * 20 + b"\n"])
def test_a_line_has_a_cap(rest: bytes) -> None:
    found = []
    with pytest.raises(EventTooLarge, match="line is larger than 20"):
        for event in SseDecoder(line_cap_bytes=20).feed(
            b"data: a\n\ndata: " + b"b" * 14 + b"\n\n" + rest
        ):
            found.append(event.data)
    assert found == ["a", "b" * 14]


def test_an_event_has_a_cap() -> None:
    assert len(decoded(b"data: aaaa\n\n" * 5, event_cap_bytes=20)) == 5
    with pytest.raises(EventTooLarge, match="event is larger than 20"):
        decoded(b"data: aaaa\n" * 3, event_cap_bytes=20)


Outcome = tuple[list[SseEvent], bool, SseEvent | None, int | None]


def outcome(pieces: list[bytes]) -> Outcome:
    """Events, whether a cap ended them, what is left over and the wait asked for."""
    decoder = SseDecoder(line_cap_bytes=40, event_cap_bytes=60)
    events: list[SseEvent] = []
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                events.append(event)
        leftover = decoder.leftover()
    except EventTooLarge:
        return events, True, None, decoder.retry_milliseconds
    return events, False, leftover, decoder.retry_milliseconds


lines = st.sampled_from(
    [b"data: a", b"data:", b"data", b": c", b"event: e", b"id: 1", b"retry: 5", b"", b"",
     "data: ü👋".encode(), b"data: [DONE]", b"\xef\xbb\xbf", b"x" * 50, b"\xf0\x9f", b"\x00"]
)  # fmt: skip
ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
streams = st.lists(st.tuples(lines, ends).map(b"".join), max_size=20).map(b"".join)


@settings(max_examples=300)
@given(data=streams | st.binary(max_size=200), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_how_the_bytes_are_cut_changes_nothing(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    single = [data[at : at + 1] for at in range(len(data))]
    assert outcome(pieces) == outcome([data]) == outcome(single)


def test_the_samples_have_their_events() -> None:
    assert [event.name for event in decoded(stream("completed"))] == [
        "session",
        "delta",
        "delta",
        "completed",
    ]
    assert decoded(stream("crlf")) == decoded(stream("completed")) == decoded(stream("pings"))
    assert len(decoded(stream("cut_in_event"))) == 2
