"""From the bytes of an event stream to its events: pure, incremental, bounded.

Follows the specification of server-sent events (html.spec.whatwg.org, "Server-sent events"): lines
end with LF, CR or CRLF, a leading byte order mark is dropped, lines that begin with a colon are
comments, the values of several `data` lines are joined by LF, an empty line ends the event. An
event that the end of the stream cuts off is no event; `leftover` shows it to those who can tell
that nothing of it is missing. Nothing is known of the payload: `[DONE]` is data like any other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rivya_bridge.rivya.choices import STREAM_EVENT_CAP_BYTES, STREAM_LINE_CAP_BYTES

_LINE_END: Final = re.compile(rb"[\r\n]")
_BOM: Final = b"\xef\xbb\xbf"
_MILLISECONDS: Final = re.compile(r"\d{1,9}", re.ASCII)


class EventTooLarge(ValueError):
    """A line or an event is larger than its cap; the stream cannot be read any further."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. `name` is "message" where the stream names none; `id` is the latest one seen."""

    name: str
    data: str
    id: str = ""


class SseDecoder:
    """Takes the bytes of one stream in pieces of any size and gives its events.

    How the bytes are cut into pieces changes nothing. `retry_milliseconds`: the wait before a
    reconnection that the stream asks for, None if it does not.
    """

    def __init__(
        self,
        *,
        line_cap_bytes: int = STREAM_LINE_CAP_BYTES,
        event_cap_bytes: int = STREAM_EVENT_CAP_BYTES,
    ) -> None:
        self.retry_milliseconds: int | None = None
        self._line_cap = line_cap_bytes
        self._event_cap = event_cap_bytes
        self._line = bytearray()
        self._is_first_line = True
        self._skips_line_feed = False
        self._name = ""
        self._id = ""
        self._data: list[str] = []
        self._event_bytes = 0

    def feed(self, piece: bytes) -> Iterator[SseEvent]:
        """The events that this piece completes, to be taken to the end. Raises EventTooLarge."""
        start = 0
        if self._skips_line_feed and piece:
            start = piece.startswith(b"\n")
            self._skips_line_feed = False
        while (end := _LINE_END.search(piece, start)) is not None:
            self._extend(piece[start : end.start()])
            event = self._line_complete()
            if event is not None:
                yield event
            start = end.end()
            if end[0] == b"\r":
                if start == len(piece):
                    self._skips_line_feed = True
                elif piece.startswith(b"\n", start):
                    start += 1
        self._extend(piece[start:])

    def leftover(self) -> SseEvent | None:
        """The event that the end of the stream cut off, an unfinished last line included.

        The specification discards it. Harmless to call, but it ends the decoder's use.
        """
        if self._line:
            self._line_complete()
        return self._event()

    def _extend(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > self._line_cap:
            raise EventTooLarge(f"a line is larger than {self._line_cap} bytes")

    def _line_complete(self) -> SseEvent | None:
        raw = bytes(self._line)
        self._line.clear()
        if self._is_first_line:
            raw = raw.removeprefix(_BOM)
            self._is_first_line = False
        if not raw:
            return self._event()
        name, _, value = raw.decode("utf-8", errors="replace").partition(":")
        self._field(name, value.removeprefix(" "), len(raw))
        return None

    def _field(self, name: str, value: str, size: int) -> None:
        """Take one field; a comment has no name and is passed over like an unknown field."""
        if name == "data":
            self._event_bytes += size
            if self._event_bytes > self._event_cap:
                raise EventTooLarge(f"an event is larger than {self._event_cap} bytes")
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\x00" not in value:
            self._id = value
        elif name == "retry" and _MILLISECONDS.fullmatch(value):
            self.retry_milliseconds = int(value)

    def _event(self) -> SseEvent | None:
        """The event that ends here; None if it has no data."""
        name, data = self._name or "message", self._data
        self._name, self._data, self._event_bytes = "", [], 0
        return SseEvent(name, "\n".join(data), self._id) if data else None
