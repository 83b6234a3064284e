"""What happens in experiments when a task has finished."""

from typing import Any

from rivya_bridge.experiments.models import Run, RunResult
from rivya_bridge.tasks.models import Task


def copy_outputs(*, task: Task, **_: Any) -> None:
    """Gives a run the files of its finished task; again is harmless.

    A signal receiver, called inside the transaction that finishes the task.
    """
    if task.origin != Task.Origin.RUN:
        return
    run = Run.objects.filter(pk=task.origin_id).first()
    if run is None:
        return
    outputs = task.outputs.filter(file__isnull=False).values_list("position", "file_id")
    RunResult.objects.bulk_create(
        [RunResult(run=run, file_id=file_id, position=position) for position, file_id in outputs],
        ignore_conflicts=True,
    )
