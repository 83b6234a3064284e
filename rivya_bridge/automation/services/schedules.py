"""Writes of schedules: made, changed, switched on and off, removed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.automation.fields import read_whole
from rivya_bridge.automation.models import JobTemplate, Schedule
from rivya_bridge.automation.selectors.versions import chosen_version
from rivya_bridge.automation.services.jobs import preflight_job
from rivya_bridge.automation.timing import check_cron, check_zone, starting_at
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text

NAME_LENGTH = 120
MOST_CATCH_UP = 100
MOST_SCHEDULES = 200
# What may be missing now and there when the clock strikes: it is no fault of the schedule.
PASSING = frozenset({"credits"})


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """What a person chooses for a schedule; the fields are those of Schedule."""

    name: str
    cron: str
    zone: str = "UTC"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    overlap: str = "skip"
    catch_up: str = "skip"
    catch_up_limit: int = 10
    label: str = ""


def create_schedule(template: JobTemplate, options: ScheduleOptions) -> Schedule:
    """A schedule that is on, from the next time on. Raises Refusal with every problem."""
    fields = _checked(template, options)
    if template.schedules.count() >= MOST_SCHEDULES:
        text = f"A template has at most {MOST_SCHEDULES} schedules: remove one first."
        raise Refusal.field("template", text, MOST_SCHEDULES)
    now = timezone.now()
    return Schedule.objects.create(
        template=template, **starting_at(fields["cron"], fields["zone"], now), **fields
    )


def update_schedule(schedule: Schedule, options: ScheduleOptions) -> Schedule:
    """Another content from now on; earlier slots stay. Raises Refusal with every problem."""
    fields = _checked(schedule.template, options)
    now = timezone.now()
    fields |= {
        **starting_at(fields["cron"], fields["zone"], now),
        "refused_in_row": 0,
        "note": "",
    }
    with transaction.atomic():
        _locked(schedule)
        Schedule.objects.filter(pk=schedule.pk).update(**fields, updated_at=now)
    schedule.refresh_from_db()
    return schedule


def switch_schedule(schedule: Schedule, *, on: bool) -> Schedule:
    """On: from the next time behind now, so that times while it was off mean nothing. Again is harmless."""
    now = timezone.now()
    fields: dict[str, Any] = {"is_enabled": on, "updated_at": now}
    if on:
        fields |= {
            **starting_at(schedule.cron, schedule.zone, now),
            "refused_in_row": 0,
            "note": "",
        }
    Schedule.objects.filter(pk=schedule.pk, is_enabled=not on).update(**fields)
    schedule.refresh_from_db()
    return schedule


def delete_schedule(schedule: Schedule) -> None:
    """Removes the schedule with its slots; its jobs stay."""
    schedule.delete()


def _locked(schedule: Schedule) -> Schedule:
    return Schedule.objects.select_for_update().get(pk=schedule.pk)


def _checked(template: JobTemplate, options: ScheduleOptions) -> dict[str, Any]:
    problems: list[Problem] = []
    fields: dict[str, Any] = {
        "name": read_text(problems, "name", options.name, least=1, most=NAME_LENGTH).strip(),
        "cron": check_cron(problems, options.cron),
        "zone": check_zone(problems, options.zone),
        "overlap": _choice(problems, "overlap", options.overlap, Schedule.Overlap.values),
        "catch_up": _choice(problems, "catch_up", options.catch_up, Schedule.CatchUp.values),
        "catch_up_limit": read_whole(
            problems, "catch_up_limit", options.catch_up_limit, least=1, most=MOST_CATCH_UP
        ),
    }
    plan = preflight_job(chosen_version(template, options.label), options.inputs)
    problems += [problem for problem in plan.problems if problem.field not in PASSING]
    if problems:
        raise Refusal.of(problems)
    return fields | {"inputs": plan.inputs, "label": options.label}


def _choice(problems: list[Problem], name: str, value: str, options: list[str]) -> str:
    if value in options:
        return value
    text = f"{name} is {str(value)[:40]!r}: use one of {', '.join(options)}."
    problems.append(Problem(name, text))
    return options[0]
