"""The feeder: keeps a rehearsal's jobs in flight, and ends it when every case is judged.

Rows are the truth: one case is taken under the rehearsal's lock in one short transaction, and its job
has a key of its own, so that a feeder that dies, comes twice or not at all charges nothing twice.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from rivya_bridge.automation.checking import VersionCheck
from rivya_bridge.automation.models import Job
from rivya_bridge.automation.services.storing import store_job
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.models import Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.selectors.rehearsals import committed_credits
from rivya_bridge.rehearsal.services.ringing import ring_on_commit, ring_unjudged
from rivya_bridge.rehearsal.signals import rehearsal_finished
from rivya_bridge.rehearsal.verdicts import Judgement, not_comparable, worst
from rivya_bridge.tasks.models import TERMINAL, Task

S = RehearsalCase.Status
# So many jobs of one rehearsal are open at once: a rehearsal gives way to real work.
AT_ONCE = 3


def feed_rehearsals() -> None:
    """One round over all running rehearsals. The sweep calls it."""
    settle_cases()
    running = Rehearsal.objects.filter(status=Rehearsal.Status.RUNNING).order_by("pk")
    for rehearsal_id in list(running.values_list("pk", flat=True)):
        feed(rehearsal_id)
    ring_unjudged()


def feed_on_commit(rehearsal_id: UUID) -> None:
    """Feeds after the commit, so that nobody waits for the sweep; what fails then, the sweep repeats."""
    transaction.on_commit(lambda: feed(rehearsal_id), robust=True)


def feed(rehearsal_id: UUID) -> None:
    """Starts cases until the places are taken; ends the rehearsal when nothing is left to come."""
    rows = Rehearsal.objects.select_related("version", "template")
    known = rows.filter(pk=rehearsal_id, status=Rehearsal.Status.RUNNING).first()
    if known is None:
        return
    try:
        check = VersionCheck(known.version)
    except Refusal as refusal:
        _give_up(rehearsal_id, refusal.message)
        check = None
    while _feed_one(known, check):
        pass


@dataclass(frozen=True, slots=True)
class _Place:
    """The locked rehearsal and the case whose turn it is."""

    rehearsal: Rehearsal
    case: RehearsalCase


@transaction.atomic
def _feed_one(known: Rehearsal, check: VersionCheck | None) -> bool:
    """One case becomes one job, or is not comparable; False when there is nothing to do now."""
    place = _take_place(known.pk)
    if place is None or check is None:
        return False
    case = place.case
    if not _is_affordable(place):
        text = f"It did not run: the budget of {place.rehearsal.credit_cap:,} credits is used up."
        put_down(case, not_comparable(text), S.WAITING)
        return True
    job = check.check(case.golden.inputs)
    if job.problems:
        reasons = " ".join(problem.message for problem in job.problems)
        text = f"Version {known.version.number} cannot run it: {reasons}"
        put_down(case, not_comparable(text), S.WAITING)
        return True
    made = store_job(
        check.model,
        job,
        version=known.version,
        template=known.template,
        source=Job.Source.REHEARSAL,
        intent_key=f"rehearsal:{known.pk}:{case.ordinal}",
        group=(_group_label(known), f"/rehearsals/{known.pk}/"),
    )
    RehearsalCase.objects.filter(pk=case.pk).update(status=S.STARTED, job=made)
    return True


def _group_label(rehearsal: Rehearsal) -> str:
    kind = rehearsal.get_kind_display()
    return f"{rehearsal.template.name} · {kind} of version {rehearsal.version.number}"


def _take_place(rehearsal_id: UUID) -> _Place | None:
    """The next case if a place is free; ends the rehearsal when all are judged."""
    running = Rehearsal.objects.select_for_update().filter(pk=rehearsal_id, status="running")
    rehearsal = running.first()
    if rehearsal is None:
        return None
    if rehearsal.cases.filter(status=S.STARTED).count() >= AT_ONCE:
        return None
    case = rehearsal.cases.filter(status=S.WAITING).select_related("golden").first()
    if case is not None:
        return _Place(rehearsal, case)
    if not rehearsal.cases.exclude(status=S.JUDGED).exists():
        _finish(rehearsal)
    return None


def _is_affordable(place: _Place) -> bool:
    """Against what has been charged and what open jobs are expected to cost."""
    cap = place.rehearsal.credit_cap
    if cap is None:
        return True
    waiting = place.rehearsal.cases.filter(status=S.WAITING)
    ahead = waiting.aggregate(sum=Coalesce(Sum("estimated_credits"), 0))["sum"]
    mine = Rehearsal.objects.filter(pk=place.rehearsal.pk)
    begun = committed_credits(mine) - ahead
    return bool(begun + place.case.estimated_credits <= cap)


def _give_up(rehearsal_id: UUID, reason: str) -> None:
    for case in RehearsalCase.objects.filter(rehearsal=rehearsal_id, status=S.WAITING):
        put_down(case, not_comparable(reason), S.WAITING)


def put_down(case: RehearsalCase, judgement: Judgement, source: str) -> bool:
    """Writes the verdict of a case that still stands at `source`; whether it did."""
    row = RehearsalCase.objects.filter(pk=case.pk, status=source)
    return bool(
        row.update(
            status=S.JUDGED,
            verdict=judgement.verdict,
            distance=judgement.distance,
            detail=judgement.detail,
            reason=judgement.reason,
            judged_at=timezone.now(),
        )
    )


def _finish(rehearsal: Rehearsal) -> None:
    rehearsal.status, rehearsal.finished_at = Rehearsal.Status.FINISHED, timezone.now()
    rehearsal.verdict = verdict_of(rehearsal)
    rehearsal.save(update_fields=["status", "finished_at", "verdict"])
    rehearsal_finished.send(sender=Rehearsal, rehearsal=rehearsal)


def verdict_of(rehearsal: Rehearsal) -> str:
    """The worst of its cases, as they stand now (one query)."""
    return worst(case.final_verdict for case in rehearsal.cases.all())


def cancel_waiting(rehearsal: Rehearsal) -> None:
    """Cases that have not begun are left out; what Rivya has is finished and judged. Again is harmless."""
    _give_up(rehearsal.pk, "It did not run: a person stopped the rehearsal.")
    feed_on_commit(rehearsal.pk)


# --- Ends of jobs ---------------------------------------------------------------------------------


def settle_case(task: Task) -> None:
    """A case whose job has ended is to be judged. Called inside the transaction that finishes the
    task; again is harmless."""
    if task.origin != Task.Origin.JOB or task.status not in TERMINAL:
        return
    case = RehearsalCase.objects.filter(job=task.origin_id, status=S.STARTED).first()
    if case is None:
        return
    with transaction.atomic():
        mine = RehearsalCase.objects.filter(pk=case.pk, status=S.STARTED)
        if mine.update(status=S.JUDGING):
            ring_on_commit(case.pk)
            feed_on_commit(case.rehearsal_id)


def settle_cases() -> None:
    """Cases whose task ended unnoticed: none as long as every end sends its signal (one query)."""
    ended = RehearsalCase.objects.filter(status=S.STARTED, job__task__status__in=TERMINAL)
    for case in ended.select_related("job__task")[:200]:
        if case.job is not None:
            settle_case(case.job.task)
