"""One streamed chat turn: opened, read event by event, and stopped from any thread.

A stream that has begun never raises: it ends with exactly one of TurnCompleted, TurnFailed and
TurnIncomplete, because what arrived until then is worth keeping.
"""

from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

from rivya_bridge.rivya import _failures, _turns
from rivya_bridge.rivya._bodies import BodyDamaged, pieces
from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._deadline import StreamDeadline
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya.choices import (
    NO_ROUTE_STATUSES,
    STREAM_CAP_BYTES,
    STREAM_MEDIA_TYPE,
    STREAM_SESSION_KEY,
)
from rivya_bridge.rivya.errors import RivyaError, StatusError
from rivya_bridge.rivya.sse import EventTooLarge, SseDecoder, SseEvent
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.chat import (
    ChatEvent,
    EndReason,
    StreamSession,
    TextDelta,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnIncomplete,
    read_completion,
)

_ENDS: Final = (TurnCompleted, TurnFailed, TurnIncomplete)


class ChatStream:
    """The events of one turn. A context manager to be iterated once, by one thread.

        with client.chat.stream(body, idempotency_key=key) as stream:
            for event in stream:
                ...

    Entering sends the request; whatever goes wrong until the stream begins is raised then, as
    RivyaError. The time limits begin when the object is made. `text`, `session_id` and `end` hold
    what has arrived so far and may be read by other threads.
    """

    def __init__(self, http: HttpPath, call: Call, whole: Call | None = None) -> None:
        limits = http.timeouts
        self.session_id: str | None = None
        self.end: TurnEnd | None = None
        self._http = http
        self._call = call
        self._whole = whole
        self._deadline = StreamDeadline(limits.stream, limits.stream_stall, http.clocks.monotonic)
        self._decoder = SseDecoder()
        self._response: httpx.Response | None = None
        self._texts: list[str] = []
        self._iterator = self._events()

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[ChatEvent]:
        return self._iterator

    @property
    def text(self) -> str:
        """All text that has arrived so far."""
        return "".join(self._texts)

    def stop(self) -> None:
        """End the stream now, from any thread; the reader gets a TurnIncomplete("stopped").

        The vendor has no way to cancel a turn: it may finish it and charge for it.
        """
        self._deadline.cut()

    def close(self) -> None:
        """Close the connection; for the thread that iterates. Leaving the block does it too."""
        self._deadline.cut()
        self._iterator.close()
        if self._response is not None:
            self._response.close()

    def _open(self) -> None:
        if self._response is not None or self.end is not None:
            return
        try:
            self._response = self._opened()
            if not _is_stream(self._response):
                self._read_whole(self._response)
        except RivyaError as error:
            if not self._deadline.is_cut:
                raise
            self.end = TurnIncomplete("stopped", "", None, spent=error.spent, error=error)

    def _opened(self) -> httpx.Response:
        """The answer of the stream's route, or of the other one where a server has no streams."""
        try:
            return self._http.open(self._call, self._deadline)
        except StatusError as error:
            is_missing = error.http_status in NO_ROUTE_STATUSES
            if self._whole is None or not is_missing or error.spent != "no":
                raise
            self._call = self._whole
            return self._http.open(self._whole, self._deadline)

    def _read_whole(self, response: httpx.Response) -> None:
        """Take a plain JSON turn from a server that does not stream. Raises BadAnswer."""
        answer = self._http.read(self._call, response, self._deadline)
        completion = read_completion(answer.data, answer.meta)
        self.session_id = completion.session_id
        self.end = TurnCompleted(completion)

    def _events(self) -> Generator[ChatEvent, None, None]:
        self._open()
        try:
            if self.end is None:
                yield from self._streamed()
            if self.end is not None:
                yield self.end
        finally:
            if self._response is not None:
                self._response.close()

    def _streamed(self) -> Iterator[ChatEvent]:
        """Every event but the end, which is left in `end`."""
        try:
            for piece in self._pieces():
                for sse in self._decoder.feed(piece):
                    event = self._event(sse)
                    if isinstance(event, _ENDS):
                        self.end = event
                        return
                    if event is not None:
                        yield event
            self.end = self._cut_off("ended")
        except EventTooLarge:
            self.end = self._incomplete("too_large")
        except (httpx.TransportError, BodyDamaged) as error:
            self.end = self._cut_off(self._reason(error))

    def _pieces(self) -> Iterator[bytes]:
        """The bytes as they arrive, within every limit. Raises EventTooLarge, httpx errors."""
        assert self._response is not None
        source, size = pieces(self._response), 0
        while True:
            with self._deadline.applied():
                piece = next(source, None)
            if piece is None:
                return
            size += len(piece)
            if size > STREAM_CAP_BYTES:
                raise EventTooLarge(f"the stream is larger than {STREAM_CAP_BYTES} bytes")
            yield piece
            if self._deadline.is_over:
                raise httpx.ReadTimeout("the stream took too long")

    def _event(self, sse: SseEvent) -> ChatEvent | None:
        payload = _turns.payload_of(sse.data)
        if payload is None:
            return None
        event = self._meaning(payload)
        if event is not None or _turns.shows_progress(payload):
            self._deadline.news()
        return event

    def _meaning(self, payload: dict[str, Any]) -> ChatEvent | None:
        if (error := _turns.error_of(payload)) is not None:
            return self._failed(error, payload)
        if _turns.is_final(payload):
            return self._finished(payload)
        session_id = fields.identifier(payload.get(STREAM_SESSION_KEY))
        self.session_id = session_id or self.session_id
        if text := _turns.text_of_payload(payload):
            self._texts.append(text)
            return TextDelta(text)
        if session_id is None:
            return None
        turn_id = fields.identifier(payload.get("id"))
        return StreamSession(session_id, turn_id, fields.text(payload.get("model")) or "")

    def _finished(self, payload: dict[str, Any]) -> TurnCompleted:
        assert self._response is not None
        meta = self._http.meta(self._response)
        completion = read_completion(payload, meta, streamed_text=self.text)
        self.session_id = completion.session_id or self.session_id
        return TurnCompleted(completion)

    def _failed(self, error: dict[str, Any], payload: dict[str, Any]) -> TurnFailed:
        assert self._response is not None
        failure = _failures.failed_turn(
            error,
            payload,
            self._http.meta(self._response),
            told=self.text,
            mask=self._http.masked,
        )
        return TurnFailed(failure, self.text)

    def _cut_off(self, reason: EndReason) -> TurnEnd:
        """The end of a stream that broke off: an end that lacks only its empty line still counts.

        A JSON object that can be parsed has arrived whole; a piece of text proves nothing.
        """
        try:
            leftover = self._decoder.leftover()
        except EventTooLarge:
            return self._incomplete("too_large")
        event = self._event(leftover) if leftover is not None else None
        if isinstance(event, TurnCompleted | TurnFailed):
            return event
        return self._incomplete(reason)

    def _reason(self, error: Exception) -> EndReason:
        if not isinstance(error, httpx.TimeoutException):
            return "broken"
        if not self._deadline.is_over:
            return "idle"
        return "stalled" if self._deadline.has_stalled else "deadline"

    def _incomplete(self, reason: EndReason) -> TurnIncomplete:
        why: EndReason = "stopped" if self._deadline.is_cut else reason
        return TurnIncomplete(why, self.text, self.session_id)


def _is_stream(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", STREAM_MEDIA_TYPE).partition(";")[0]
    return bool(kind.strip().lower() == STREAM_MEDIA_TYPE)
