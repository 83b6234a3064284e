"""The course of a generation as a pure function of its record and the time.

    queued -> processing -> succeeded | failed

Nothing has to run for it: a record holds when it starts and when it ends, so a restart
changes nothing. The dispatcher of webhooks only sleeps until the next end. Durations are
assumed (Choices); states are documented on the docs/api-generation-status page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from .choices import Choices

Clock = Callable[[], float]
"""Unix time in seconds."""

TERMINAL = frozenset({"succeeded", "failed"})


@dataclass(frozen=True)
class Course:
    """When a generation leaves the queue and when it ends, in Unix milliseconds."""

    starts_ms: int
    ends_ms: int


@dataclass(frozen=True)
class State:
    """Where a generation stands: progress from 0 to 1, charge in whole credits."""

    status: str
    progress: float
    charge: int
    changed_ms: int

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL


def milliseconds(clock: Clock) -> int:
    """The clock's time in Unix milliseconds."""
    return int(clock() * 1000)


def plan_course(
    task_id: str,
    category: str,
    created_ms: int,
    choices: Choices,
    given: tuple[float | None, float | None] = (None, None),
) -> Course:
    """Spread the queue and work times of `task_id` around the category's usual time.

    `given` names both in seconds where they are not to be the usual ones.
    """
    digest = hashlib.sha256(task_id.encode()).digest()
    waiting, working = given
    if waiting is None:
        waiting = choices.queued_seconds * digest[0] / 255
    if working is None:
        working = choices.processing_seconds[category] * (0.8 + 0.4 * digest[1] / 255)
    starts_ms = created_ms + round(waiting / choices.speed * 1000)
    return Course(starts_ms, starts_ms + round(working / choices.speed * 1000))


def state_at(now_ms: int, *, created_ms: int, course: Course, reserved: int, fails: bool) -> State:
    """The state at `now_ms`; a failed generation costs nothing."""
    if now_ms < course.starts_ms:
        return State("queued", 0.0, 0, created_ms)
    if now_ms < course.ends_ms:
        span = course.ends_ms - course.starts_ms
        progress = (now_ms - course.starts_ms) / span
        return State("processing", progress, 0, course.starts_ms)
    if fails:
        return State("failed", 1.0, 0, course.ends_ms)
    return State("succeeded", 1.0, reserved, course.ends_ms)
