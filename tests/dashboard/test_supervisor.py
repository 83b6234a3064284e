"""The supervisor with tiny stand-in programs, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from rivya_bridge.dashboard.supervisor import ALLOCATION, Patience

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30.0

# Supervises the programs that are given as name=code; "last:name" stops last.
SUPERVISE = """
import signal
import sys
from rivya_bridge.dashboard.prefixed_log import PrefixedLog
from rivya_bridge.dashboard.supervisor import Patience, Program, Supervisor

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests were started under
programs = []
for argument in sys.argv[1:]:
    name, code = argument.split("=", 1)
    last = name.startswith("last:")
    name = name.removeprefix("last:")
    programs.append(Program(name, (sys.executable, "-u", "-c", code), {"NAME": name}, last))
log = PrefixedLog([program.name for program in programs], sys.stderr.fileno(), colour=False)
patience = Patience(term=0.5, quit=0.5, first_delay=0.01, longest_delay=0.02)
Supervisor(programs, log, patience).run()
"""
# Every stand-in says first who it is, by adding its process id to a file.
HELLO = """
import os, signal, sys, time
def hello(name=os.environ["NAME"]):
    with open("pids", "a") as file: file.write(f"{name} {os.getpid()}\\n")
"""
SLEEPER = HELLO + "hello()\ntime.sleep(600)"
STUBBORN = (
    HELLO
    + "for number in (signal.SIGTERM, signal.SIGQUIT): signal.signal(number, signal.SIG_IGN)\n"
    + "hello()\ntime.sleep(600)"
)
PARENT = HELLO + "if os.fork() == 0: hello('grandchild')\nelse: hello()\ntime.sleep(600)"
TELLER = (
    HELLO
    + "def end(*_): open('order', 'a').write(os.environ['NAME'] + '\\n'); sys.exit(0)\n"
    + "signal.signal(signal.SIGTERM, end)\nhello()\ntime.sleep(600)"
)


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ALLOCATION}


class Supervised:
    """A running supervisor, the folder its programs write to, and what it has logged."""

    def __init__(self, folder: Path, programs: tuple[str, ...], settings: dict[str, str]) -> None:
        self.folder = folder
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, *programs],
                cwd=folder,
                env={**_inherited(), "PYTHONPATH": str(ROOT), **settings},
                stderr=log,
            )

    def pids(self, name: str) -> list[int]:
        """The processes that said hello under this name, oldest first."""
        path = self.folder / "pids"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.split()[0] == name]

    def all_pids(self) -> list[int]:
        """Every process that ever said hello."""
        return [int(line.split()[1]) for line in (self.folder / "pids").read_text().splitlines()]

    def log(self) -> str:
        """Everything logged until now."""
        return self.log_path.read_text()

    def signal(self, number: int) -> None:
        """Signal the supervisor alone."""
        self.process.send_signal(number)


Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def start_programs(*programs: str, **settings: str) -> Supervised:
        started.append(Supervised(tmp_path, programs, settings))
        return started[-1]

    yield start_programs
    for supervised in started:
        supervised.process.kill()
        supervised.process.wait()


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("The condition did not come to hold in time.")
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Zombies count as dead: they run nothing, and their new parent may take its time."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def assert_all_end(supervised: Supervised) -> None:
    wait_until(lambda: not any(map(is_alive, supervised.all_pids())))


def test_it_works(start: Start) -> None:
    supervised = start(f"web={SLEEPER}", f"worker={SLEEPER}")
    wait_until(lambda: supervised.pids("web") and supervised.pids("worker"))
    supervised.signal(signal.SIGINT)
    assert supervised.process.wait(DEADLINE_SECONDS) == 0
    assert_all_end(supervised)


def test_programs_share_few_heaps_unless_a_person_says_otherwise(start: Start) -> None:
    tell = f"{HELLO}hello(os.environ['MALLOC_ARENA_MAX'])\ntime.sleep(600)"
    for wanted in ({}, {"MALLOC_ARENA_MAX": "7"}):
        supervised = start(f"worker={tell}", **wanted)
        wait_until(partial(supervised.pids, wanted.get("MALLOC_ARENA_MAX", "2")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_stops_on_other_signals_too(start: Start, number: int) -> None:
    supervised = start(f"web={SLEEPER}")
    wait_until(lambda: supervised.pids("web"))
    supervised.signal(number)
    assert supervised.process.wait(DEADLINE_SECONDS) == 0
    assert_all_end(supervised)


def test_a_program_that_dies_is_started_again_and_the_others_go_on(start: Start) -> None:
    supervised = start(f"web={SLEEPER}", f"worker={SLEEPER}")
    wait_until(lambda: supervised.pids("web") and supervised.pids("worker"))
    os.kill(supervised.pids("web")[0], signal.SIGKILL)
    wait_until(lambda: len(supervised.pids("web")) == 2)
    assert len(supervised.pids("worker")) == 1
    assert is_alive(supervised.pids("worker")[0])
    assert "web    | ended (SIGKILL); starts again in 0.01 s" in supervised.log()


def test_a_program_that_always_dies_is_started_again_and_again(start: Start) -> None:
    supervised = start(f"web={HELLO}hello(); print('half a line', end=''); sys.exit(3)")
    wait_until(lambda: len(supervised.pids("web")) >= 4)
    assert "web | half a line\nweb | ended (exit 3); starts again in 0.01 s\n" in supervised.log()
    assert "starts again in 0.02 s" in supervised.log()


def test_what_a_dead_program_had_started_ends_before_it_starts_again(start: Start) -> None:
    supervised = start(f"web={PARENT}")
    wait_until(lambda: supervised.pids("web") and supervised.pids("grandchild"))
    os.kill(supervised.pids("web")[0], signal.SIGKILL)
    wait_until(lambda: not is_alive(supervised.pids("grandchild")[0]))


def test_a_program_that_ignores_term_and_quit_is_killed_with_its_children(start: Start) -> None:
    stubborn_parent = STUBBORN.replace("hello()\ntime", "os.fork()\nhello()\ntime")
    supervised = start(f"web={stubborn_parent}")
    wait_until(lambda: len(supervised.pids("web")) == 2)
    supervised.signal(signal.SIGTERM)
    assert supervised.process.wait(DEADLINE_SECONDS) == 0
    assert_all_end(supervised)


def test_the_children_of_a_program_that_ends_in_order_end_with_it(start: Start) -> None:
    supervised = start(f"web={PARENT}")
    wait_until(lambda: supervised.pids("web") and supervised.pids("grandchild"))
    supervised.signal(signal.SIGTERM)
    assert supervised.process.wait(DEADLINE_SECONDS) == 0
    assert_all_end(supervised)


def test_programs_that_others_need_stop_last(start: Start) -> None:
    supervised = start(f"last:sandbox={TELLER}", f"web={TELLER}", f"worker={TELLER}")
    names = ("sandbox", "web", "worker")
    wait_until(lambda: all(supervised.pids(name) for name in names))
    supervised.signal(signal.SIGTERM)
    assert supervised.process.wait(DEADLINE_SECONDS) == 0
    order = (supervised.folder / "order").read_text().split()
    assert sorted(order) == sorted(names)
    assert order[-1] == "sandbox"


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_the_programs_die_with_a_supervisor_that_is_killed(start: Start) -> None:
    supervised = start(f"web={STUBBORN}", f"worker={SLEEPER}")
    wait_until(lambda: supervised.pids("web") and supervised.pids("worker"))
    supervised.signal(signal.SIGKILL)
    supervised.process.wait(DEADLINE_SECONDS)
    assert_all_end(supervised)


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_the_web_server_dies_with_a_supervisor_that_is_killed_in_an_open_stream(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "endless.py").write_text(
        f"{HELLO}\nhello('served')\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    while True:\n"
        "        yield b'more'\n"
        "        open('streaming', 'w').close()\n"
        "        time.sleep(0.05)\n"
    )
    gunicorn = (
        "import sys; from gunicorn.app.wsgiapp import run; sys.path.insert(0, '.'); "
        "sys.argv = ['gunicorn', '-c', 'python:rivya_bridge.dashboard.gunicorn_settings', "
        "'--bind', 'unix:socket', 'endless:application']; run()"
    )
    supervised = start(f"web={gunicorn}")
    reader = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('socket')\n"
    reader += "s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\nwhile s.recv(100): pass"
    wait_until(lambda: supervised.pids("served"))
    client = subprocess.Popen([sys.executable, "-c", reader], cwd=tmp_path)
    try:
        wait_until((tmp_path / "streaming").exists)
        supervised.signal(signal.SIGKILL)
        assert_all_end(supervised)
    finally:
        client.kill()
        client.wait()


def test_a_reader_that_stopped_reading_the_log_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    chatter = f"{HELLO}hello()\nwhile True: print('x' * 1000)"
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, f"web={chatter}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    with process.stderr:
        wait_until((tmp_path / "pids").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_SECONDS) == 0


def test_the_delay_doubles_up_to_its_bound() -> None:
    patience = Patience(first_delay=0.5, longest_delay=30)
    assert [patience.delay(deaths) for deaths in (1, 2, 3, 6, 7, 8, 10_000)] == [
        0.5, 1, 2, 16, 30, 30, 30,
    ]  # fmt: skip
