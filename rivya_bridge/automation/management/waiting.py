"""Waiting on the command line until rows have ended; the worker does the work."""

import time
from collections.abc import Callable

LOOK_EVERY_SECONDS = 1.0

# Exit codes of the commands beside 0, and 1 for what was refused before anything started.
FAILED = 2


def wait_until(is_over: Callable[[], bool]) -> None:
    """Looks once a second; Ctrl-C ends the waiting and nothing else."""
    while not is_over():
        time.sleep(LOOK_EVERY_SECONDS)
