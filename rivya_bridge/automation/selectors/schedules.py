"""Reads of schedules and their slots."""

from datetime import datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from rivya_bridge.automation.models import JobTemplate, Schedule, ScheduleSlot
from rivya_bridge.automation.timing import times_after
from rivya_bridge.refusals import Missing, Problem


def get_schedule(schedule_id: str | UUID) -> Schedule:
    """One schedule with its template and current version (one query). Raises Missing."""
    try:
        key = schedule_id if isinstance(schedule_id, UUID) else UUID(schedule_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    schedule = schedule_rows().filter(pk=key).first() if key else None
    if schedule is None:
        text = f"There is no schedule {str(schedule_id)[:60]!r}."
        raise Missing(text, (Problem("schedule", text),))
    return schedule


def schedule_rows(template: JobTemplate | None = None) -> QuerySet[Schedule]:
    """Schedules, of one template or all, with their templates (one query)."""
    rows = Schedule.objects.select_related("template__current_version")
    return rows.filter(template=template) if template else rows


def slot_rows(schedule: Schedule) -> QuerySet[ScheduleSlot]:
    """What became of its times, with job and task (one query)."""
    return schedule.slots.select_related("job__task")


def next_moments(
    cron: str, zone: str, after: datetime, count: int = 5
) -> list[tuple[datetime, datetime]]:
    """The next times, each in the zone and in UTC; fewer when there are no more. No query."""
    there = ZoneInfo(zone)
    found = islice(times_after(cron, zone, after), count)
    return [(moment.astimezone(there), moment) for moment in found]
