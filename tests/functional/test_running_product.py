"""The product that tests start: nothing of it outlives a test run that is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.product import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
MOST_SECONDS = 120

TEST_RUN = """
import sys
from pathlib import Path
from tests.browser.product import running_product

with running_product(Path(sys.argv[1])):
    sys.stdin.read()
"""


def processes_of(folder: Path) -> list[int]:
    """Those whose data folder lies there."""
    mark, found = f"BRIDGE_DATA_DIR={folder}/data".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


@pytest.fixture
def test_run(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", TEST_RUN, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()
    for left in processes_of(tmp_path):
        os.kill(left, signal.SIGKILL)


def test_it_ends_with_a_test_run_that_is_killed(
    test_run: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """The supervisor does; that its programs end with it is its own test."""
    wait_until(lambda: bool(processes_of(tmp_path)), "a process of the product")
    test_run.kill()
    test_run.wait()
    wait_until(lambda: not processes_of(tmp_path), "the end of the product")
