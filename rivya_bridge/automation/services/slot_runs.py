"""Starting what is due: a queued slot becomes a job, or says why not."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from rivya_bridge.automation.checking import TEMPLATE_DAY_CAP
from rivya_bridge.automation.models import Job, Schedule, ScheduleSlot
from rivya_bridge.automation.selectors.versions import chosen_version
from rivya_bridge.automation.services.jobs import preflight_job
from rivya_bridge.automation.services.storing import store_job
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.refusals import Problem
from rivya_bridge.tasks.models import TERMINAL

S = ScheduleSlot.Status
MOST_WAITING = 100
# Later than that, a slot is one that is caught up with: it waits for its turn instead of giving way.
CAUGHT_UP = timedelta(minutes=2)
# After so many refused slots in a row a schedule is switched off, with the reason.
MOST_REFUSED = 3
# Only the newest started slots can have open jobs in numbers that matter.
LOOK_BACK = 100
PASSING = frozenset({"credits", "day_cap", TEMPLATE_DAY_CAP})


def run_queued(now: datetime) -> int:
    """Starts, skips or refuses what is queued, oldest first; returns how many jobs started."""
    waiting = ScheduleSlot.objects.filter(status=S.QUEUED).order_by("schedule_id")
    ids = list(waiting.values_list("schedule_id", flat=True).distinct())
    return sum(_run_queue(schedule_id, now) for schedule_id in ids)


def _run_queue(schedule_id: UUID, now: datetime) -> int:
    """One schedule's queue until its front has to wait; what is too much behind it is skipped."""
    count = 0
    while True:
        outcome = _run_front(schedule_id, now)
        count += outcome == S.STARTED
        if outcome is None:
            return count
        if outcome == S.QUEUED:
            _shorten(schedule_id, now)
            return count


@transaction.atomic
def _run_front(schedule_id: UUID, now: datetime) -> str | None:
    """What became of the oldest queued slot, under its schedule's lock; None when there is none."""
    rows = Schedule.objects.select_for_update(of=("self",)).select_related("template")
    schedule = rows.filter(pk=schedule_id).first()
    slots = ScheduleSlot.objects.filter(schedule=schedule_id, status=S.QUEUED)
    slot = slots.order_by("due_at").first()
    if schedule is None or slot is None:
        return None
    if not schedule.is_enabled:
        text = "The schedule was switched off before this one could start."
        return _decide(slot, S.SKIPPED, text, now)
    if schedule.overlap != Schedule.Overlap.PARALLEL and (job := _open_job(schedule)):
        return _give_way(schedule, slot, job, now)
    return _start(schedule, slot, now)


def _shorten(schedule_id: UUID, now: datetime) -> None:
    waiting = ScheduleSlot.objects.filter(schedule=schedule_id, status=S.QUEUED)
    extra = waiting.order_by("due_at").values_list("pk", flat=True)[MOST_WAITING:]
    text = f"{MOST_WAITING} earlier ones wait already, which is the limit."
    waiting.filter(pk__in=list(extra)).update(status=S.SKIPPED, reason=text, decided_at=now)


def _open_job(schedule: Schedule) -> Job | None:
    newest = schedule.slots.filter(status=S.STARTED).order_by("-due_at")
    for slot in newest.select_related("job__task")[:LOOK_BACK]:
        if slot.job is not None and slot.job.task.status not in TERMINAL:
            return slot.job
    return None


def _give_way(schedule: Schedule, slot: ScheduleSlot, job: Job, now: datetime) -> str:
    """Under `skip` the slot is over; under `queue`, or when it is caught up with, it stays."""
    is_late = slot.decided_at - slot.due_at > CAUGHT_UP
    if schedule.overlap == Schedule.Overlap.QUEUE or is_late:
        return S.QUEUED
    text = f"The job before it was still {job.task.status}: overlapping times are skipped."
    return _decide(slot, S.SKIPPED, text, now)


def _start(schedule: Schedule, slot: ScheduleSlot, now: datetime) -> str:
    template = schedule.template
    version = chosen_version(template, schedule.label)
    plan = preflight_job(version, schedule.inputs)
    if plan.problems:
        return _refuse(schedule, slot, plan.problems, now)
    job = store_job(
        get_model(version.model_id),
        plan,
        version=version,
        template=template,
        source=Job.Source.SCHEDULE,
        intent_key=f"schedule:{schedule.pk}:{slot.due_at.isoformat()}",
        group=(f"{template.name} · {schedule.name}", f"/schedules/{schedule.pk}/"),
        label=schedule.label,
    )
    ScheduleSlot.objects.filter(pk=slot.pk, status=S.QUEUED).update(
        status=S.STARTED, job=job, reason="", decided_at=now
    )
    Schedule.objects.filter(pk=schedule.pk).update(refused_in_row=0, note="")
    return S.STARTED


def _refuse(schedule: Schedule, slot: ScheduleSlot, problems: list[Problem], now: datetime) -> str:
    """Nothing is spent. What is wrong with the inputs needs a person; balance and caps pass."""
    text = " ".join(problem.message for problem in problems)
    mine = Schedule.objects.filter(pk=schedule.pk)
    if all(problem.field in PASSING for problem in problems):
        mine.update(note=text)
        return _decide(slot, S.REFUSED, text, now)
    count = schedule.refused_in_row + 1
    is_last = count >= MOST_REFUSED
    note = f"Switched off after {count} refused times in a row: {text}" if is_last else text
    mine.update(is_enabled=not is_last, refused_in_row=count, note=note)
    return _decide(slot, S.REFUSED, text, now)


def _decide(slot: ScheduleSlot, status: str, reason: str, now: datetime) -> str:
    ScheduleSlot.objects.filter(pk=slot.pk, status=S.QUEUED).update(
        status=status, reason=reason, decided_at=now
    )
    return status
