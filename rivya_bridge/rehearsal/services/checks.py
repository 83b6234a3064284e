"""Drift checks: the clock's times become rehearsals within the budget, or rows that say why not."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from rivya_bridge.automation.selectors import chosen_version
from rivya_bridge.automation.services.ticking import write_due_slots
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.models import DriftSchedule, DriftSlot, Rehearsal
from rivya_bridge.rehearsal.selectors.rehearsals import committed_credits
from rivya_bridge.rehearsal.services.starting import (
    RehearsalPlan,
    plan_rehearsal,
    running_rehearsal,
    start_rehearsal,
)

S = DriftSlot.Status


def tick_drift(now: datetime | None = None) -> int:
    """One round over all drift schedules; returns how many checks began. The sweep calls it."""
    now = now or timezone.now()
    write_due_slots(DriftSchedule, now)
    waiting = DriftSlot.objects.filter(status=S.QUEUED).order_by("due_at")
    return sum(
        _run(slot_id, now) == S.STARTED for slot_id in list(waiting.values_list("pk", flat=True))
    )


@transaction.atomic
def _run(slot_id: UUID, now: datetime) -> str:
    """What became of a queued slot, under its schedule's lock."""
    found = DriftSlot.objects.filter(pk=slot_id, status=S.QUEUED).first()
    if found is None:
        return ""
    rows = DriftSchedule.objects.select_for_update(of=("self",)).select_related("template")
    schedule = rows.get(pk=found.schedule_id)
    slot = DriftSlot.objects.filter(pk=slot_id, status=S.QUEUED).first()
    if slot is None:
        return ""
    if not schedule.is_enabled:
        return _decide(slot, S.SKIPPED, "The schedule was switched off before it could start.", now)
    return _check(schedule, slot, now)


def _check(schedule: DriftSchedule, slot: DriftSlot, now: datetime) -> str:
    try:
        version = chosen_version(schedule.template, schedule.label)
        if running := running_rehearsal(version):
            text = f"A rehearsal of version {running.version.number} was still running."
            return _decide(slot, S.SKIPPED, text, now)
        plan = plan_rehearsal(schedule.template, version)
        if text := over_budget(schedule, plan, slot.due_at):
            return _skip(schedule, slot, text, now)
        if plan.problems:
            raise Refusal.of(plan.problems)
        made, _ = start_rehearsal(
            schedule.template,
            version,
            kind=Rehearsal.Kind.DRIFT,
            intent_key=f"drift:{schedule.pk}:{slot.due_at.isoformat()}",
            credit_cap=schedule.credits_per_check,
            author="drift schedule",
        )
    except Refusal as refusal:
        DriftSchedule.objects.filter(pk=schedule.pk).update(note=refusal.message)
        return _decide(slot, S.REFUSED, refusal.message, now)
    DriftSlot.objects.filter(pk=slot.pk).update(
        status=S.STARTED, rehearsal=made, reason="", decided_at=now
    )
    DriftSchedule.objects.filter(pk=schedule.pk).update(note="")
    return S.STARTED


def over_budget(schedule: DriftSchedule, plan: RehearsalPlan, at: datetime) -> str:
    """Why a check at that time would break the budget, in a sentence; "" when it would not."""
    cost = plan.estimated_credits
    if cost > schedule.credits_per_check:
        return (
            f"About {cost:,} credits are expected, above the budget of "
            f"{schedule.credits_per_check:,} for one check."
        )
    spent = month_credits(schedule, at)
    if spent + cost > schedule.credits_per_month:
        month = at.astimezone(ZoneInfo(schedule.zone))
        return (
            f"About {cost:,} credits are expected and {spent:,} of the {schedule.credits_per_month:,} "
            f"for {month:%B %Y} are used."
        )
    return ""


def month_credits(schedule: DriftSchedule, at: datetime) -> int:
    """What the checks of that calendar month, in the schedule's zone, have cost or are expected to."""
    there = at.astimezone(ZoneInfo(schedule.zone))
    first = there.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    rows = Rehearsal.objects.filter(
        drift_slot__schedule=schedule, drift_slot__due_at__gte=first, drift_slot__due_at__lt=later
    )
    return committed_credits(rows)


def _skip(schedule: DriftSchedule, slot: DriftSlot, text: str, now: datetime) -> str:
    DriftSchedule.objects.filter(pk=schedule.pk).update(note=f"A check was skipped: {text}")
    return _decide(slot, S.SKIPPED, text, now)


def _decide(slot: DriftSlot, status: str, reason: str, now: datetime) -> str:
    DriftSlot.objects.filter(pk=slot.pk, status=S.QUEUED).update(
        status=status, reason=reason, decided_at=now
    )
    return status
