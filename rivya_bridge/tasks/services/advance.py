"""The way in for every doorbell: carries a task as far as it can go now."""

import logging
from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from rivya_bridge.connection import one_connection
from rivya_bridge.tasks.models import Status, Task
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.poll import poll
from rivya_bridge.tasks.services.recovery import give_up_step
from rivya_bridge.tasks.services.save import save
from rivya_bridge.tasks.services.submit import submit
from rivya_bridge.tasks.services.transitions import CLAIMABLE, LostClaim, claim

log = logging.getLogger(__name__)

STEPS = {"queued": submit, "unconfirmed": submit, "running": poll, "saving": save}
# After its answer a task may go on at once (results to save), but a loop never holds a worker long.
MAX_STEPS = 4


def advance(task_id: UUID | str, statuses: Collection[str] = CLAIMABLE) -> None:
    """Claims the task and takes its next step, and the one after if that is due at once.

    Only in `statuses`: workers are rung for sending and saving, the poller reads what runs.
    Twice is harmless: whoever has no claim stops quietly. An error that no step foresaw is logged
    and counted as a lost step, so that the task neither strands nor runs hot.
    """
    for _ in range(MAX_STEPS):
        if Status.QUEUED in statuses and places.must_wait(task_id):
            return
        task = claim(task_id, timezone.now(), statuses)
        if task is None or not _step(task):
            return
        if task.status not in statuses or task.due_at > timezone.now():
            return


def _step(task: Task) -> bool:
    """One step, under one account throughout; False when nothing more is to be done here now."""
    try:
        with one_connection():
            STEPS[task.status](task)
    except LostClaim:
        return False
    except Exception as error:
        log.exception("A step of task %s broke.", task.pk)
        give_up_step(task, error)
        return False
    return True
