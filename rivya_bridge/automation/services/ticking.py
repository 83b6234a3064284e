"""The scheduler: gives every time of every timetable its slot, which is unique by the two.

Times are derived from what was decided last, so that a scheduler that was away finds each one that it
missed. What is to run is written down as `queued` first and started from there, so that a scheduler
that dies between the two loses nothing, and two at once start nothing twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rivya_bridge.automation.models import Schedule, Slot, Timetable
from rivya_bridge.automation.services.slot_runs import run_queued
from rivya_bridge.automation.timing import first_after, times_after
from rivya_bridge.identifiers import new_id

S = Slot.Status

# A time that old was not met but missed: what happens then is the schedule's own choice.
PUNCTUAL = timedelta(minutes=2)
# So many times are decided in one transaction. More behind them are known by then, because which of
# the missed ones still run depends on those that follow: above the largest catch-up limit.
AT_ONCE = 200
KNOWN_AHEAD = 101
MOST_ROUNDS = 20


def tick_schedules(now: datetime | None = None) -> int:
    """One round over all schedules; returns how many times got their slot. The sweep calls it.

    A schedule that was decided beyond `now` was read by a clock that ran ahead: it is looked at too.
    """
    now = now or timezone.now()
    count = write_due_slots(Schedule, now)
    run_queued(now)
    return count


def write_due_slots(kind: type[Timetable], now: datetime) -> int:
    """Slots for every time of timetables of one kind that has come, `queued` where it is to run."""
    is_due = Q(next_at__lte=now) | Q(decided_until__gt=now)
    due = kind._default_manager.filter(is_due, is_enabled=True)
    return sum(_tick(kind, pk, now) for pk in list(due.values_list("pk", flat=True)))


def _tick(kind: type[Timetable], schedule_id: UUID, now: datetime) -> int:
    count = 0
    for _ in range(MOST_ROUNDS):
        decided, is_done = _decide(kind, schedule_id, now)
        count += decided
        if is_done:
            break
    return count


@transaction.atomic
def _decide(kind: type[Timetable], schedule_id: UUID, now: datetime) -> tuple[int, bool]:
    """Slots for the times behind the last decided one; how many, and whether that was all."""
    rows = kind._default_manager.select_for_update().filter(pk=schedule_id, is_enabled=True)
    schedule = rows.first()
    if schedule is None:
        return 0, True
    since = _undecided_since(schedule, now)
    moments = takewhile(lambda at: at <= now, times_after(schedule.cron, schedule.zone, since))
    known = list(islice(moments, AT_ONCE + KNOWN_AHEAD))
    is_done = len(known) < AT_ONCE + KNOWN_AHEAD
    mine = known if is_done else known[:AT_ONCE]
    count = _write_slots(schedule, mine, _to_run(schedule, known, now), now)
    until = mine[-1] if mine else since
    kind._default_manager.filter(pk=schedule_id).update(
        decided_until=until, next_at=first_after(schedule.cron, schedule.zone, until)
    )
    return count, is_done


def _undecided_since(schedule: Timetable, now: datetime) -> datetime:
    """The last decided time; after a clock that ran ahead was set back, a moment ago.

    What that clock had started stays started, because a slot is unique.
    """
    if schedule.decided_until <= now:
        return schedule.decided_until
    recent = now - PUNCTUAL
    return max(recent, schedule.enabled_at) if schedule.enabled_at <= now else recent


def _to_run(schedule: Timetable, known: Sequence[datetime], now: datetime) -> set[datetime]:
    """Those met in time, and of the missed ones what the catch-up rule says."""
    punctual = {moment for moment in known if now - moment <= PUNCTUAL}
    late = [moment for moment in known if moment not in punctual]
    if schedule.catch_up == Schedule.CatchUp.ALL:
        return punctual | set(late[-schedule.catch_up_limit :])
    if schedule.catch_up == Schedule.CatchUp.LATEST and not punctual:
        return set(late[-1:])
    return punctual


def _write_slots(
    schedule: Timetable, moments: Sequence[datetime], run: set[datetime], now: datetime
) -> int:
    """One row for each time that has none; a miss noted by a clock that ran ahead is taken back."""
    if not moments:
        return 0
    here = schedule.slots.filter(due_at__gte=moments[0], due_at__lte=moments[-1])
    known = set(here.values_list("due_at", flat=True))
    premature = here.filter(status=S.MISSED, decided_at__gt=now, due_at__in=run)
    count: int = premature.update(status=S.QUEUED, reason="", decided_at=now)
    slots = [_slot(schedule, at, at in run, now) for at in moments if at not in known]
    schedule.slots.bulk_create(slots, ignore_conflicts=True)
    return count + len(slots)


def _slot(schedule: Timetable, due_at: datetime, runs: bool, now: datetime) -> Any:
    status, reason = S.QUEUED, ""
    if not runs:
        late = max(1, int((now - due_at).total_seconds() // 60))
        rules = {
            "skip": "missed times are skipped",
            "latest": "only the latest missed time is run",
            "all": f"at most {schedule.catch_up_limit} missed times are run",
        }
        status = S.MISSED
        reason = (
            f"Found {late:,} minutes late, because nothing was running at that time: "
            f"{rules[schedule.catch_up]}."
        )
    return schedule.slots.model(
        id=new_id(due_at),  # lists are in the order of the times, also of those caught up with
        schedule=schedule,
        due_at=due_at,
        status=status,
        reason=reason,
        decided_at=now,
    )
