"""What one decoding may take. Plain Python: both sides know it."""

import ctypes
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory_bytes` on top of the program itself, `seconds` by the clock, `file_bytes` written."""

    memory_bytes: int = 1024 * MEGABYTE
    seconds: float = 25.0
    file_bytes: int = 0


def apply(limits: Limits) -> None:
    """Binds this process, which does one decoding and ends. The kernel enforces all of it."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    cpu = max(1, int(limits.seconds) + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    if sys.platform == "linux":
        most = _address_space() + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def end_with_parent() -> None:
    """Lets the kernel kill this process when the one that forked it ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
