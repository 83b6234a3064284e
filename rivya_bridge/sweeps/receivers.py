"""What happens in sweeps when a task ended, and when the workers' sweep has come by."""

from typing import Any

from rivya_bridge.sweeps.services.feeding import feed_sweeps, settle_try
from rivya_bridge.sweeps.stability.queue import note_result, ring_due
from rivya_bridge.tasks.models import Task


def settle(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that finishes the task; again is harmless."""
    settle_try(task)
    note_result(task)


def feed(**_: Any) -> None:
    feed_sweeps()


def ring_measuring(**_: Any) -> None:
    ring_due()
