"""Writes of golden cases: made from what was accepted, measured otherwise, and taken away."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.experiments.models import Run
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.rehearsal.expectations import Result, expected_of
from rivya_bridge.rehearsal.models import GoldenCase, GoldenFile
from rivya_bridge.rehearsal.results import result_of_job, result_of_run
from rivya_bridge.rehearsal.services.fitting import fitting_of
from rivya_bridge.texts import read_text

MOST_CASES = 50
NAME_LENGTH = 120


def golden_from_run(
    template: JobTemplate, run: Run, *, name: str = "", tolerance: object = None, author: str = ""
) -> GoldenCase:
    """The inputs that repeat an accepted run, with its result. Nothing is sent or spent.

    Raises Refusal when the run is not accepted, has no result, or is none that the current version
    could have made; Conflict when it is golden already.
    """
    result = result_of_run(run)
    if run.verdict != Run.Verdict.ACCEPTED:
        text = f"Run {run.number} is not accepted: accept it on its page first."
        raise Refusal.field("run", text)
    _check_result(result, "run", f"Run {run.number}")
    fitting = fitting_of(template)
    inputs = fitting.inputs_of_run(run)
    usual = fitting.name_of(inputs) or f"Run {run.number}"
    fields = _fields(name, usual, tolerance)
    return _store(template, result, inputs, run=run, author=author, **fields)


def golden_from_job(
    template: JobTemplate, job: Job, *, name: str = "", tolerance: object = None, author: str = ""
) -> GoldenCase:
    """A job's inputs with its result, which is accepted by this. Raises as `golden_from_run`."""
    result = result_of_job(job)
    words = f"Job ··{job.pk.hex[-6:]}"
    if job.template_id != template.pk:
        raise Refusal.field(
            "job", f"{words} is a job of {job.template.slug}: choose one of its own."
        )
    if job.status != "succeeded":
        text = f"{words} is {job.status}: only a job that succeeded has a result to accept."
        raise Refusal.field("job", text)
    _check_result(result, "job", words)
    fitting = fitting_of(template)
    inputs = fitting.inputs_of_job(job)
    fields = _fields(name, fitting.name_of(inputs) or words, tolerance)
    return _store(template, result, inputs, job=job, author=author, **fields)


def _check_result(result: Result, field: str, words: str) -> None:
    if not result:
        raise Refusal.field(field, f"{words} has no result: there is nothing to compare with.")


def _fields(name: str, usual: str, tolerance: object) -> dict[str, Any]:
    problems: list[Problem] = []
    fields = {
        "name": read_text(problems, "name", name, most=NAME_LENGTH).strip() or usual,
        "tolerance": read_tolerance(problems, "tolerance", tolerance),
    }
    if problems:
        raise Refusal.of(problems)
    return fields


def read_tolerance(problems: list[Problem], field: str, value: object) -> float | None:
    """A distance from 0 to 1; None for nothing, and for what is none with a problem."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    text = f"{field} must be a distance from 0 (the same) to 1 (nothing in common), such as 0.15."
    problems.append(Problem(field, text, 1))
    return None


def _store(
    template: JobTemplate, result: Result, inputs: dict[str, Any], **fields: Any
) -> GoldenCase:
    try:
        with transaction.atomic():
            # Two at once count one after the other.
            JobTemplate.objects.select_for_update().get(pk=template.pk)
            _check_room(template)
            return write_case(template, result, inputs, **fields)
    except IntegrityError as error:
        field, words = ("run", "run") if "run" in fields else ("job", "job")
        text = f"This {words} is a golden case of {template.slug} already."
        raise Conflict(text, (Problem(field, text),)) from error


def _check_room(template: JobTemplate) -> None:
    if template.golden_cases.filter(ended_at=None).count() >= MOST_CASES:
        text = f"A template has at most {MOST_CASES} golden cases: remove one first."
        raise Refusal.field("golden_cases", text, MOST_CASES)


def write_case(
    template: JobTemplate, result: Result, inputs: dict[str, Any], **fields: Any
) -> GoldenCase:
    """The rows of a case, in the caller's transaction. Raises IntegrityError where it is golden."""
    case = GoldenCase.objects.create(
        template=template,
        inputs=inputs,
        category=result.kind,
        text="" if result.files else result.text,
        expected=expected_of(result),
        **fields,
    )
    GoldenFile.objects.bulk_create(
        GoldenFile(case=case, file=file, position=position)
        for position, file in enumerate(result.files)
    )
    return case


def change_tolerance(case: GoldenCase, tolerance: object) -> GoldenCase:
    """The case's own tolerance, or with None the template's; rehearsals that began keep theirs."""
    problems: list[Problem] = []
    value = read_tolerance(problems, "tolerance", tolerance)
    if problems:
        raise Refusal.of(problems)
    GoldenCase.objects.filter(pk=case.pk).update(tolerance=value)
    case.tolerance = value
    return case


def remove_golden_case(case: GoldenCase) -> None:
    """From now on it is not rehearsed; earlier rehearsals keep it. Again is harmless."""
    GoldenCase.objects.filter(pk=case.pk, ended_at=None).update(ended_at=timezone.now())
