"""Reads of drift schedules, their slots and what the checks came to."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Max, OuterRef, QuerySet, Subquery

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.refusals import Missing, Problem
from rivya_bridge.rehearsal.models import DriftSchedule, DriftSlot, Rehearsal, Verdict

HISTORY = 40


def drift_schedules(template: JobTemplate) -> QuerySet[DriftSchedule]:
    """Newest first, with their templates (one query)."""
    return template.drift_schedules.select_related("template__current_version").order_by("-id")


def get_drift_schedule(schedule_id: str | UUID) -> DriftSchedule:
    """One schedule with its template (one query). Raises Missing."""
    try:
        key = schedule_id if isinstance(schedule_id, UUID) else UUID(schedule_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    rows = DriftSchedule.objects.select_related("template__current_version")
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        text = f"There is no drift schedule {str(schedule_id)[:60]!r}."
        raise Missing(text, (Problem("drift_schedule", text),))
    return found


def drift_slots(schedule: DriftSchedule) -> QuerySet[DriftSlot]:
    """What became of its times, with the rehearsals (one query)."""
    return schedule.slots.select_related("rehearsal__version")


def judged_rehearsals(template: JobTemplate, kind: str = "") -> Sequence[Rehearsal]:
    """The newest finished rehearsals, of one kind or all, oldest first, each with its `distance`: the
    largest of its cases (one query)."""
    rows = Rehearsal.objects.filter(template=template, status="finished").select_related("version")
    rows = rows.filter(kind=kind) if kind else rows
    newest = rows.annotate(distance=Max("cases__distance")).order_by("-finished_at", "-id")
    return list(newest[:HISTORY])[::-1]


def drifting_checks(count: int) -> list[Rehearsal]:
    """The newest ended check of each template where that did not pass, newest first (one query)."""
    ended = Rehearsal.objects.filter(kind="drift", status="finished")
    newest = ended.filter(template=OuterRef("template")).order_by("-finished_at", "-id")
    rows = ended.exclude(verdict=Verdict.PASSED).filter(pk=Subquery(newest.values("pk")[:1]))
    return list(rows.select_related("template", "version").order_by("-finished_at")[:count])


def last_check(template: JobTemplate) -> Rehearsal | None:
    """The newest drift check that has ended."""
    rows = Rehearsal.objects.filter(template=template, kind="drift", status="finished")
    return rows.select_related("version").order_by("-finished_at", "-id").first()
