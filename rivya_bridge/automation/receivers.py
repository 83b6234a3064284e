"""What happens in automation when a task ended, and when the sweep has come by."""

from typing import Any

from rivya_bridge.automation.services.day_caps import over_day_cap, release_within_day_caps
from rivya_bridge.automation.services.failure_routes import route_failure
from rivya_bridge.automation.services.feeding import feed_batches, settle_row
from rivya_bridge.automation.services.ticking import tick_schedules
from rivya_bridge.tasks.models import Task


def settle_batch_row(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that finishes the task; again is harmless."""
    settle_row(task)


def route_failed_job(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that finishes the task; again is harmless."""
    route_failure(task)


def hold_over_day_cap(*, task: Task, **_: Any) -> tuple[str, str] | None:
    return over_day_cap(task)


def go_on(**_: Any) -> None:
    release_within_day_caps()


def feed(**_: Any) -> None:
    feed_batches()


def tick(**_: Any) -> None:
    tick_schedules()
