"""Keeps several programs running, starts again what dies, and leaves nothing behind.

Standard library only. One thread, one loop: it forwards the programs' lines, notices deaths,
starts again with a growing delay, and ends everything on INT, TERM or HUP. On Linux the programs
also die with a supervisor that is killed (PR_SET_PDEATHSIG).
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

# Runs in the new process before the program: asks the kernel for SIGKILL when the parent dies,
# checks that it did not die in between, and becomes the program.
_TETHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
_READ_BYTES = 65536
_SAME_WISH_SECONDS = 1.0


def tethered(command: Sequence[str]) -> list[str]:
    """`command` as one that ends with the process that starts it, however that ends (Linux).

    The kernel watches the thread that starts it, so that this has to be one that stays.
    """
    return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *command]


# glibc gives each of a worker's twenty threads a heap of its own, whose holes add up over thousands of jobs
# (mallopt(3), M_ARENA_MAX). A person's own setting wins.
ALLOCATION = {"MALLOC_ARENA_MAX": "2"}


class Log(Protocol):
    """Where the programs' output goes."""

    def write(self, name: str, chunk: bytes) -> None:
        """Take some bytes, perhaps parts of lines, of the program `name`."""

    def say(self, name: str, sentence: str) -> None:
        """Take a sentence about the program `name`."""


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    `environment` is added to the supervisor's own. Programs that others need while they finish are
    `stops_last`.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stops_last: bool = False


@dataclass(frozen=True)
class Patience:
    """Seconds: how long each signal may take, and how long to wait before starting again."""

    term: float = 6.0
    quit: float = 2.0
    kill: float = 2.0
    first_delay: float = 0.5
    longest_delay: float = 30.0
    steady: float = 60.0

    def delay(self, deaths: int) -> float:
        """The wait before starting again after `deaths` deaths in a row: doubling, bounded."""
        return float(min(self.first_delay * 2 ** min(deaths - 1, 16), self.longest_delay))


class _Child:
    """A program's process, if it runs, and its deaths in a row."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started_at = 0.0
        self.due_at = 0.0

    @property
    def pipe(self) -> int:
        assert self.process and self.process.stdout
        return self.process.stdout.fileno()

    def start(self, now: float) -> None:
        """Start in a session of its own: a terminal's Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(
            tethered(self.program.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**ALLOCATION, **os.environ, **self.program.environment},
            start_new_session=True,
        )
        os.set_blocking(self.pipe, False)
        self.started_at = now

    def signal(self, number: int) -> None:
        """Signal the program; a KILL goes to its whole group, so that its own children end too."""
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except (ProcessLookupError, PermissionError):  # already gone; macOS says "not permitted"
            return

    def read(self) -> bytes | None:
        """What the program has written since, at most 64 KiB; None if nothing, empty at the end."""
        try:
            return os.read(self.pipe, _READ_BYTES)
        except BlockingIOError:
            return None

    def close(self) -> None:
        """Forget the process, which has ended."""
        assert self.process and self.process.stdout
        self.process.stdout.close()
        self.process = None


class Supervisor:
    """Runs the programs until it is told to stop.

    `run` must be called in the main thread; `stop` and `deaths` may be called from any.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        log: Log,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._log = log
        self._patience = patience or Patience()
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._stop_asked_at: float | None = None
        self._is_hurried = False
        self._waker, self._wake_end = socket.socketpair()
        for end in (self._waker, self._wake_end):
            end.setblocking(False)

    def run(self) -> None:
        """Keep the programs running until a stop is asked for; return when all have ended."""
        self._selector.register(self._wake_end, selectors.EVENT_READ, None)
        try:
            with self._signals():
                while self._stop_asked_at is None:
                    self._start_due()
                    self._turn(self._seconds_to_next_start())
                self._stop_all()
        finally:
            self._kill_all()
            self._selector.close()
            self._waker.close()
            self._wake_end.close()

    def stop(self) -> None:
        """Ask for the end; asked again later, it comes at once.

        Once more within a second is the same wish: `timeout` and some shells signal twice.
        """
        now = self._clock()
        if self._stop_asked_at is None:
            self._stop_asked_at = now
        elif now - self._stop_asked_at >= _SAME_WISH_SECONDS:
            self._is_hurried = True
        try:
            self._waker.send(b"\0")
        except OSError:  # full, so that the loop wakes anyway; or closed, so that it has ended
            return

    def deaths(self, name: str) -> int:
        """How often in a row the program has died before running steadily."""
        return next(child.deaths for child in self._children if child.program.name == name)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def ask(number: int, frame: FrameType | None) -> None:
            self.stop()

        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: ask,
            signal.SIGTERM: ask,
            signal.SIGCHLD: lambda number, frame: None,  # wakes the loop
        }
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup stays nohup
            handlers[signal.SIGHUP] = ask
        earlier = {number: signal.signal(number, handlers[number]) for number in handlers}
        earlier_fd = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(earlier_fd)
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _start_due(self) -> None:
        now = self._clock()
        for child in self._children:
            if child.process is None and child.due_at <= now:
                child.start(now)
                self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _seconds_to_next_start(self) -> float:
        now = self._clock()
        waits = [child.due_at - now for child in self._children if child.process is None]
        return max(0.0, min([1.0, *waits]))

    def _turn(self, seconds: float) -> None:
        """Wait up to `seconds` for output, a death or a signal, and take note of it."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._wake_end.recv(_READ_BYTES)
            else:
                self._forward(key.data)
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process.returncode)

    def _forward(self, child: _Child) -> None:
        chunk = child.read()
        if chunk:
            self._log.write(child.program.name, chunk)
        elif chunk is not None:  # it closed its output; its death is noticed apart
            self._selector.unregister(child.pipe)

    def _bury(self, child: _Child, code: int) -> None:
        child.signal(signal.SIGKILL)  # what it started and left behind
        if child.pipe in self._selector.get_map():
            while chunk := child.read():
                self._log.write(child.program.name, chunk)
            self._selector.unregister(child.pipe)
        child.close()
        if self._stop_asked_at is not None:
            return
        now = self._clock()
        child.deaths = 1 if now - child.started_at >= self._patience.steady else child.deaths + 1
        delay = self._patience.delay(child.deaths)
        child.due_at = now + delay
        self._log.say(child.program.name, f"ended ({_reason(code)}); starts again in {delay:g} s")

    def _stop_all(self) -> None:
        for last in (False, True):
            wave = [child for child in self._children if child.program.stops_last is last]
            self._stop_wave(wave)

    def _stop_wave(self, wave: Sequence[_Child]) -> None:
        patience = self._patience
        for number, seconds in (
            (signal.SIGTERM, patience.term),
            (signal.SIGQUIT, patience.quit),
            (signal.SIGKILL, patience.kill),
        ):
            if self._is_hurried and number != signal.SIGKILL:
                continue
            for child in wave:
                child.signal(number)
            self._wait_for(wave, self._clock() + seconds, number)

    def _wait_for(self, wave: Sequence[_Child], deadline: float, number: int) -> None:
        """Until the wave has ended, the deadline has come, or somebody presses Ctrl-C again."""
        while any(child.process for child in wave):
            if self._is_hurried and number != signal.SIGKILL:
                return
            seconds = deadline - self._clock()
            if seconds <= 0:
                return
            self._turn(min(seconds, 1.0))

    def _kill_all(self) -> None:
        for child in self._children:
            if child.process is not None:
                child.signal(signal.SIGKILL)
                child.process.wait()
                child.close()


def _reason(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name
