"""Leases: who works on a row, until when, and whether that process still lives.

A lease's owner is written as ``boot.namespace:pid:start:nonce``. On the same machine a dead owner is known at
once, and its rows need not wait for the lease to end.
"""

import os
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.db.models import Q

LEASE = timedelta(seconds=60)
RENEW_AFTER = timedelta(seconds=10)
# A lease or due time further ahead than this was written under a clock that has jumped.
FAR_AHEAD = timedelta(minutes=20)


@lru_cache(maxsize=1)
def _boot() -> str:
    """This start of this machine, and the process namespace: containers share the first alone."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return "unknown"


def _start_of(pid: int) -> str | None:
    """When the process began, in clock ticks since boot; None if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def new_owner() -> str:
    """A name for one claim of this process, different each time."""
    return f"{_boot()}:{_process(os.getpid())}:{secrets.token_hex(6)}"


@lru_cache(maxsize=2)
def _process(pid: int) -> str:
    """This process and its start, which stay as they are while it lives."""
    return f"{pid}:{_start_of(pid) or 'unknown'}"


os.register_at_fork(after_in_child=_process.cache_clear)  # a number may come back


def owner_is_dead(owner: str) -> bool:
    """True only when the owner ran on this machine since its last start and is certainly gone."""
    boot, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    start = rest.partition(":")[0]
    if "unknown" in (boot, start) or not pid.isdecimal() or boot != _boot():
        return False
    return _start_of(int(pid)) != start


def lease_is_over(now: datetime) -> Q:
    """A lease that was not given back in time."""
    return Q(lease_until__lte=now) | Q(lease_until__gt=now + FAR_AHEAD)


def is_young(until: datetime | None, now: datetime) -> bool:
    """A lease of which nearly all is still to come: it need not be written again."""
    return until is not None and LEASE - RENEW_AFTER < until - now <= LEASE


def is_due(now: datetime, farthest: timedelta = FAR_AHEAD) -> Q:
    """Rows whose time has come, or lies further ahead than any is ever set."""
    return Q(due_at__lte=now) | Q(due_at__gt=now + farthest)
