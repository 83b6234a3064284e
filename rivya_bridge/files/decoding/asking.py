"""The server's side: asks a decoding program, starts it when needed, and says what went wrong."""

import atexit
import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rivya_bridge.files.decoding.limits import MEGABYTE, Limits
from rivya_bridge.files.decoding.wire import media_from_wire, shape_from_wire
from rivya_bridge.files.media import Media, NotMedia
from rivya_bridge.files.peaks import Shape
from rivya_bridge.refusals import Unavailable

COMMAND = (sys.executable, "-m", "rivya_bridge.files.decoding.child")
ROOT = Path(__file__).resolve().parents[3]
# Nothing of the server's environment, which may hold keys.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
PROGRAMS = 2
WAIT_SECONDS = 20.0
GRACE_SECONDS = 5.0
LIMITS = Limits()
COPY_LIMITS = Limits(file_bytes=1024 * MEGABYTE)


class Decoders:
    """A few decoding programs, each used by one thread at a time, started when first needed."""

    def __init__(self, programs: int = PROGRAMS, command: Sequence[str] = COMMAND) -> None:
        self._owner = os.getpid()
        self._free: queue.LifoQueue[_Program] = queue.LifoQueue()
        self._all = [_Program(command) for _ in range(programs)]
        for program in reversed(self._all):
            self._free.put(program)

    def ask(self, act: str, path: Path, limits: Limits, target: str = "") -> dict[str, Any]:
        """What the program found. Raises NotMedia, or Unavailable when no program answers."""
        try:
            program = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            text = "Many files are being checked just now. Nothing was kept; try again in a moment."
            raise Unavailable(text) from None
        try:
            request = {"act": act, "path": str(path), "target": target, "limits": asdict(limits)}
            answer = program.ask(json.dumps(request).encode(), limits.seconds + GRACE_SECONDS)
        finally:
            self._free.put(program)
        if "found" in answer:
            return dict(answer["found"])
        raise NotMedia(answer.get("refusal") or _ending(answer.get("ended", ""), limits))

    def close(self) -> None:
        """Ends the programs; the next question starts them again. A forked process leaves them alone."""
        if os.getpid() != self._owner:
            return
        for program in self._all:
            program.end()


def _ending(reason: str, limits: Limits) -> str:
    if reason == "memory":
        most = limits.memory_bytes // MEGABYTE
        return f"Decoding it takes more than {most} MB of memory, the limit. Make it smaller."
    if reason == "time":
        return f"Decoding it takes longer than {limits.seconds:g} s, the limit. Make it smaller."
    return "Its decoder broke off on it: it is damaged, or made to do harm. Export it again."


class _Program:
    """One decoding program. A broken or silent one is ended; a new one starts at the next question."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        for is_last in (False, True):
            answer = self._exchange(line, seconds)
            if answer is not None:
                return answer
            # It may have ended for want of questions just now: once more with a new one.
            if is_last:
                break
        raise Unavailable(
            "The program that checks files does not answer. Nothing was kept; try again in a moment."
        )

    def _exchange(self, line: bytes, seconds: float) -> dict[str, Any] | None:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            told = _read_line(process.stdout.fileno(), seconds)
        except OSError:
            told = b""
        if not told:
            self.end()
            return None
        answer: dict[str, Any] = json.loads(told)
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.end()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            text = f"The program that checks files does not start ({error.strerror}). Nothing was kept."
            raise Unavailable(text) from error
        return self._process

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)
        process.kill()
        process.wait()


def _close(pipe: Any) -> None:
    with contextlib.suppress(OSError):  # What was not yet written has nobody to read it any more.
        pipe.close()


def _read_line(handle: int, seconds: float) -> bytes:
    """One line, or b"" when the other side ended or stays silent."""
    pieces: list[bytes] = []
    while select.select([handle], [], [], seconds)[0]:
        piece = os.read(handle, 64 * 1024)
        if not piece:
            return b""
        pieces.append(piece)
        if piece.endswith(b"\n"):
            return b"".join(pieces)
    return b""


_lock = threading.Lock()
_decoders: dict[tuple[int, tuple[str, ...]], Decoders] = {}


def decoders(command: tuple[str, ...] = COMMAND) -> Decoders:
    """Those of this process that run `command`; a forked one gets its own."""
    with _lock:
        key = os.getpid(), command
        if key not in _decoders:
            _decoders[key] = Decoders(command=command)
            atexit.register(_decoders[key].close)
        return _decoders[key]


def inspect(path: Path, limits: Limits = LIMITS) -> Media:
    """`media.inspect` in a process of its own. Raises NotMedia, Unavailable."""
    return media_from_wire(decoders().ask("inspect", path, limits))


def measure(path: Path, limits: Limits = LIMITS) -> Shape:
    """`peaks.measure_file` likewise; NotMedia for a file without sound."""
    return shape_from_wire(decoders().ask("measure", path, limits))


def write_blind(path: Path, target: Path, limits: Limits = COPY_LIMITS) -> str:
    """`blind.write_blind` likewise: writes the copy and gives its media type."""
    return str(decoders().ask("blind", path, limits, str(target))["mime_type"])
