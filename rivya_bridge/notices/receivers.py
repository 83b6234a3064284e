"""What is heard from below, and passed on."""

from typing import Any

from rivya_bridge.automation.models import Batch
from rivya_bridge.notices.services import telling
from rivya_bridge.notices.services.ringing import ring_due_deliveries
from rivya_bridge.rehearsal.models import Rehearsal
from rivya_bridge.tasks.models import Task


def tell_of_job(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that finishes the task."""
    telling.tell_of_job(task, f"job.{task.status}")


def tell_of_held_job(*, task: Task, **_: Any) -> None:
    """Called inside the transaction that holds the task."""
    telling.tell_of_job(task, "job.held")


def tell_of_batch(*, batch: Batch, **_: Any) -> None:
    """Called inside the transaction that finishes the batch."""
    telling.tell_of_batch(batch)


def tell_of_rehearsal(*, rehearsal: Rehearsal, **_: Any) -> None:
    """Called inside the transaction that finishes the rehearsal."""
    telling.tell_of_rehearsal(rehearsal)


def ring_due(**_: Any) -> None:
    ring_due_deliveries()
