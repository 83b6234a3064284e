"""Writes the lines of several programs to one stream, each line with its program's name."""

import os
import select

_COLOURS = ("36", "33", "35", "32", "34")
_LONGEST_LINE = 64 * 1024


class PrefixedLog:
    """Lines become `web     | text`, coloured on a terminal.

    A stream that nobody reads, or that was closed, must never stop the programs: its lines are
    dropped, and counted once it is read again.
    """

    def __init__(self, names: list[str], stream_fd: int, colour: bool) -> None:
        self._fd = stream_fd
        self._rests: dict[str, bytes] = {}
        self._dropped = 0
        self._prefixes = {
            name: _prefix(name.ljust(max(map(len, names))), _COLOURS[at % len(_COLOURS)], colour)
            for at, name in enumerate(names)
        }

    def write(self, name: str, chunk: bytes) -> None:
        """Write the whole lines of `chunk`, and keep the rest until its end comes."""
        *lines, rest = (self._rests.get(name, b"") + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        self._rests[name] = rest
        for line in lines:
            self._write_line(self._prefixes[name] + line + b"\n")

    def say(self, name: str, sentence: str) -> None:
        """Write a sentence about the program, after what it left without a line's end."""
        if self._rests.get(name):
            self.write(name, b"\n")
        self.write(name, sentence.encode() + b"\n")

    def _write_line(self, line: bytes) -> None:
        # One wait for a slow reader; after that, nothing is waited for until it reads again.
        patience = 0.0 if self._dropped else 1.0
        if self._dropped and self._is_writable(0.0):
            line = b"(%d lines were dropped here)\n" % self._dropped + line
            self._dropped = 0
        # A pipe that polls as writable takes PIPE_BUF bytes without blocking.
        for start in range(0, len(line), select.PIPE_BUF):
            if not self._is_writable(patience):
                self._dropped += 1
                return
            try:
                os.write(self._fd, line[start : start + select.PIPE_BUF])
            except OSError:  # the reader is gone
                self._dropped += 1
                return

    def _is_writable(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(seconds * 1000))


def _prefix(name: str, colour: str, coloured: bool) -> bytes:
    text = f"\x1b[{colour}m{name} |\x1b[0m " if coloured else f"{name} | "
    return text.encode()
