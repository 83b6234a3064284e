"""What a person decides of a case that did not pass: its result is the new golden one, or it stands
all the same, with a written reason."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.rehearsal.models import GoldenCase, Rehearsal, RehearsalCase, Verdict
from rivya_bridge.rehearsal.results import result_of_job
from rivya_bridge.rehearsal.services.feeding import verdict_of
from rivya_bridge.rehearsal.services.golden import write_case
from rivya_bridge.texts import read_text

REASON_LENGTH = 1_000
OVERRULABLE = (Verdict.DIFFERS, Verdict.UNCLEAR)


def accept_result(case: RehearsalCase, *, author: str = "") -> GoldenCase:
    """The case's result takes the place of the accepted one; the case then counts as passed.

    Again is harmless. Raises Refusal for a case without a result, Conflict when the golden case was
    replaced or removed in the meantime.
    """
    if case.accepted is not None:
        return case.accepted
    _check_judged(case)
    result = result_of_job(case.job) if case.job else None
    if not result or case.verdict not in (Verdict.DIFFERS, Verdict.UNCLEAR):
        text = f"Case {case.ordinal} is {case.get_verdict_display()}: there is no other result to accept."
        raise Refusal.field("case", text)
    old = case.golden
    try:
        with transaction.atomic():
            _lock(case)
            ended = GoldenCase.objects.filter(pk=old.pk, ended_at=None)
            if not ended.update(ended_at=timezone.now()):
                raise _replaced(case)
            made = write_case(
                old.template,
                result,
                old.inputs,
                name=old.name,
                tolerance=old.tolerance,
                job=case.job,
                replaces=old,
                author=author,
            )
            RehearsalCase.objects.filter(pk=case.pk).update(accepted=made)
            _judge_again(case.rehearsal_id)
    except IntegrityError as error:
        raise _replaced(case) from error
    return made


def overrule(case: RehearsalCase, reason: str, *, author: str = "") -> RehearsalCase:
    """The case counts as passed although it differs or was not comparable, for a written reason.

    A job that failed is no matter of opinion: rehearse again. Raises Refusal, and Conflict for a case
    that was decided before.
    """
    problems: list[Problem] = []
    reason = read_text(problems, "reason", reason, least=1, most=REASON_LENGTH).strip()
    if problems:
        raise Refusal.of(problems)
    _check_judged(case)
    if case.verdict not in OVERRULABLE:
        text = (
            f"Case {case.ordinal} {_state(case)}: only a case that differs or was not comparable can be "
            "overruled."
        )
        raise Refusal.field("case", text)
    with transaction.atomic():
        _lock(case)
        row = RehearsalCase.objects.filter(pk=case.pk, overruled_at=None, accepted=None)
        fields = {"overrule_reason": reason, "overruled_by": author}
        if not row.update(overruled_at=timezone.now(), **fields):
            text = f"Case {case.ordinal} was decided before. Reload the page."
            raise Conflict(text, (Problem("case", text),))
        _judge_again(case.rehearsal_id)
    case.refresh_from_db()
    return case


def _check_judged(case: RehearsalCase) -> None:
    if case.status != RehearsalCase.Status.JUDGED:
        text = f"Case {case.ordinal} is {case.status}: wait for its verdict."
        raise Refusal.field("case", text)


def _state(case: RehearsalCase) -> str:
    return "has passed" if case.verdict == Verdict.PASSED else "has failed, so rehearse it again"


def _lock(case: RehearsalCase) -> None:
    """Two decisions on one rehearsal come one after the other."""
    Rehearsal.objects.select_for_update().get(pk=case.rehearsal_id)


def _judge_again(rehearsal_id: UUID) -> None:
    rehearsal = Rehearsal.objects.get(pk=rehearsal_id)
    if rehearsal.status == Rehearsal.Status.FINISHED:
        rehearsal.verdict = verdict_of(rehearsal)
        rehearsal.save(update_fields=["verdict"])


def _replaced(case: RehearsalCase) -> Conflict:
    text = (
        f"The golden case {case.golden.name} was replaced or removed in the meantime: rehearse again, "
        "or overrule this case with a reason."
    )
    return Conflict(text, (Problem("golden_case", text),))
