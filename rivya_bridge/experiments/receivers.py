"""What happens in experiments when a task has finished."""

from typing import Any

from django.db.models import F

from rivya_bridge.experiments.models import Experiment, Run, RunResult
from rivya_bridge.tasks.models import Task


def copy_outputs(*, task: Task, **_: Any) -> None:
    """Gives a run the files, or the answer, of its finished task and counts its charge; again is harmless.

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
    if outputs:
        Experiment.objects.filter(pk=run.experiment_id).update(preview=outputs[0][1])
    if task.answer_text:
        Run.objects.filter(pk=run.pk).update(result_text=task.answer_text)
    _count_credits(run, task.final_credits)


def _count_credits(run: Run, credits: int | None) -> None:
    """Adds the charge to the experiment's sum: once, because the run notes that it was added."""
    if credits and Run.objects.filter(pk=run.pk, counted_credits=None).update(
        counted_credits=credits
    ):
        Experiment.objects.filter(pk=run.experiment_id).update(
            spent_credits=F("spent_credits") + credits
        )
