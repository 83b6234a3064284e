"""Writes of drift schedules: made, changed, switched on and off, removed."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.automation.fields import read_whole
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import chosen_version
from rivya_bridge.automation.timing import check_cron, check_zone, starting_at
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rehearsal.models import DriftSchedule

MOST_SCHEDULES = 10
MOST_CREDITS = 1_000_000


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """What a person chooses; the fields are those of DriftSchedule."""

    cron: str
    credits_per_check: int
    credits_per_month: int
    zone: str = "UTC"
    label: str = ""


def create_drift_schedule(template: JobTemplate, options: DriftOptions) -> DriftSchedule:
    """A schedule that is on, from the next time on. Raises Refusal with every problem."""
    fields = _checked(template, options)
    if template.drift_schedules.count() >= MOST_SCHEDULES:
        text = f"A template has at most {MOST_SCHEDULES} drift schedules: remove one first."
        raise Refusal.field("template", text, MOST_SCHEDULES)
    starts = starting_at(fields["cron"], fields["zone"], timezone.now())
    return DriftSchedule.objects.create(template=template, **starts, **fields)


def change_drift_schedule(schedule: DriftSchedule, options: DriftOptions) -> DriftSchedule:
    """Other times or another budget from now on; earlier slots stay. Raises Refusal as at first."""
    fields = _checked(schedule.template, options)
    now = timezone.now()
    if (fields["cron"], fields["zone"]) != (schedule.cron, schedule.zone):
        fields |= starting_at(fields["cron"], fields["zone"], now)
    with transaction.atomic():
        DriftSchedule.objects.select_for_update().get(pk=schedule.pk)
        DriftSchedule.objects.filter(pk=schedule.pk).update(**fields, note="", updated_at=now)
    schedule.refresh_from_db()
    return schedule


def switch_drift_schedule(schedule: DriftSchedule, *, on: bool) -> DriftSchedule:
    """On: from the next time behind now. Again is harmless."""
    now = timezone.now()
    fields: dict[str, Any] = {"is_enabled": on, "updated_at": now}
    if on:
        fields |= {**starting_at(schedule.cron, schedule.zone, now), "note": ""}
    DriftSchedule.objects.filter(pk=schedule.pk, is_enabled=not on).update(**fields)
    schedule.refresh_from_db()
    return schedule


def delete_drift_schedule(schedule: DriftSchedule) -> None:
    """Removes the schedule with its slots; its checks stay in the history."""
    schedule.delete()


def _checked(template: JobTemplate, options: DriftOptions) -> dict[str, Any]:
    problems: list[Problem] = []
    fields: dict[str, Any] = {
        "cron": check_cron(problems, options.cron),
        "zone": check_zone(problems, options.zone),
        "credits_per_check": _credits(problems, "credits_per_check", options.credits_per_check),
        "credits_per_month": _credits(problems, "credits_per_month", options.credits_per_month),
        "label": options.label,
    }
    if not problems and fields["credits_per_month"] < fields["credits_per_check"]:
        text = (
            f"credits_per_month is {fields['credits_per_month']}, less than one check may cost "
            f"({fields['credits_per_check']}): no check could ever start."
        )
        problems.append(Problem("credits_per_month", text, fields["credits_per_check"]))
    try:
        chosen_version(template, options.label)
    except Refusal as refusal:
        problems += refusal.problems
    if problems:
        raise Refusal.of(problems)
    return fields


def _credits(problems: list[Problem], field: str, value: object) -> int:
    return read_whole(problems, field, value, least=1, most=MOST_CREDITS)
