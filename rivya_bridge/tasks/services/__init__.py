"""Writes of the tasks app, one verb per module; `advance` is the way in for every doorbell."""

from rivya_bridge.tasks.services.create import create_task
from rivya_bridge.tasks.services.decide import (
    cancel_task,
    continue_task,
    mark_handled,
    note_retry,
    note_run_again,
)
from rivya_bridge.tasks.services.news import read_soon

__all__ = [
    "cancel_task",
    "continue_task",
    "create_task",
    "mark_handled",
    "note_retry",
    "note_run_again",
    "read_soon",
]
