"""What a person thinks of a run. What the API reported is never touched here."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.experiments import fields
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.services.storing import count_verdict
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text


def rate_run(run: Run, rating: int | None) -> Run:
    """1 to 5, or None to take the rating away. Raises Refusal."""
    problems: list[Problem] = []
    return _write(run, problems, rating=fields.read_rating(problems, rating))


def judge_run(run: Run, verdict: str) -> Run:
    """'accepted', 'rejected', or '' to undecide. Raises Refusal."""
    problems: list[Problem] = []
    verdict = fields.read_verdict(problems, verdict)
    with transaction.atomic():
        # The lock makes two judges follow each other, so that each counts what it changed.
        earlier = Run.objects.select_for_update().values_list("verdict", flat=True).get(pk=run.pk)
        _write(run, problems, verdict=verdict)
        count_verdict(run.experiment_id, earlier, verdict)
    return run


def annotate_run(run: Run, note: str) -> Run:
    """A note of at most 5,000 characters; '' removes it. Raises Refusal."""
    problems: list[Problem] = []
    note = read_text(problems, "note", note, most=fields.NOTE_LENGTH)
    return _write(run, problems, note=note)


def _write(run: Run, problems: list[Problem], **values: Any) -> Run:
    """Only the named columns, so that two people judging at once do not undo each other."""
    if problems:
        raise Refusal.of(problems)
    values["updated_at"] = timezone.now()
    Run.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)
    return run
