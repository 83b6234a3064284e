"""What happens in rehearsal when a task ended, and when the sweep has come by."""

from typing import Any

from rivya_bridge.rehearsal.services.checks import tick_drift
from rivya_bridge.rehearsal.services.feeding import feed_rehearsals, settle_case
from rivya_bridge.tasks.models import Task


def settle(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that finishes the task; again is harmless."""
    settle_case(task)


def feed(**_: Any) -> None:
    feed_rehearsals()


def tick(**_: Any) -> None:
    tick_drift()
