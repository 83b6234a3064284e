"""Writing a run with its number and its files; the callers hold the transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment, Run, RunReference
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem


def store_run(experiment: Experiment, references: Sequence[StoredFile], **fields: Any) -> Run:
    """A run under the experiment's next number, with its references in order."""
    run = Run.objects.create(experiment=experiment, number=_next_number(experiment), **fields)
    RunReference.objects.bulk_create(
        RunReference(run=run, file=file, position=position)
        for position, file in enumerate(references)
    )
    count_verdict(experiment.pk, "", run.verdict)
    return run


def count_verdict(experiment_id: UUID, earlier: str, verdict: str) -> None:
    """Moves the experiment's counts with one run's verdict, in the caller's transaction."""
    if earlier == verdict:
        return
    steps = {earlier: -1, verdict: 1}
    changes = {f"{word}_count": F(f"{word}_count") + step for word, step in steps.items() if word}
    Experiment.objects.filter(pk=experiment_id).update(**changes)


def _next_number(experiment: Experiment) -> int:
    """The UPDATE holds the experiment's row until the commit, so that two writers get two numbers."""
    row = Experiment.objects.filter(pk=experiment.pk)
    row.update(run_count=F("run_count") + 1, updated_at=timezone.now())
    experiment.run_count = row.values_list("run_count", flat=True).get()
    return experiment.run_count


def check_lineage(
    problems: list[Problem], experiment: Experiment, continues_from: Run | None
) -> None:
    """A run continues one of its own experiment."""
    if continues_from is not None and continues_from.experiment_id != experiment.pk:
        message = "continues_from must be a run of the same experiment."
        problems.append(Problem("continues_from", message))
