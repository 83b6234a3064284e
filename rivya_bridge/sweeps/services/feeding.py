"""The feeder: keeps a sweep's runs in flight, as many at once as it may have, until no try waits.

Rows are the truth. A feeder locks the sweep, counts what is open and takes one try in one short
transaction; a second one at the same moment finds the try taken, and none at all costs only moments,
because the workers' sweep of due rows calls again.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from rivya_bridge.experiments.services import start_api_run
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Refusal
from rivya_bridge.sweeps.models import Sweep, SweepTry
from rivya_bridge.tasks.models import TERMINAL, Task

S = Sweep.Status
T = SweepTry.Status
ENDS = {"succeeded": T.SUCCEEDED, "failed": T.FAILED, "canceled": T.CANCELED}
# What keeps every further run from starting, so that the sweep waits for a person.
MONEY = {"run_cap", "day_cap", "credits"}
MOST_SETTLED = 200


def feed_sweeps() -> int:
    """One round over all running sweeps; returns how many runs it started."""
    settle_tries()
    running = Sweep.objects.filter(status=S.RUNNING).order_by("pk")
    return sum(feed_sweep(sweep_id) for sweep_id in list(running.values_list("pk", flat=True)))


def feed_on_commit(sweep_id: UUID) -> None:
    """Feeds after the commit, so that nobody waits; what fails then, the next round repeats."""
    transaction.on_commit(lambda: feed_sweep(sweep_id), robust=True)


def feed_sweep(sweep_id: UUID) -> int:
    """Starts tries of a running sweep until its places are taken; returns how many."""
    count = 0
    while _feed_one(sweep_id):
        count += 1
    return count


@transaction.atomic
def _feed_one(sweep_id: UUID) -> bool:
    """One try becomes one run, or fails its checks; False when there is nothing to do now."""
    sweep = Sweep.objects.select_for_update().filter(pk=sweep_id, status=S.RUNNING).first()
    if sweep is None:
        return False
    one = _next_try(sweep)
    if one is None:
        return False
    if not _is_affordable(sweep, one):
        text = (
            f"Paused: the sweep's cap of {sweep.credit_cap:,} credits would be passed by cell "
            f"{one.cell.number}. Raise the cap and resume, or cancel the rest."
        )
        return _pause(sweep, text)
    try:
        _start(sweep, one)
    except Refusal as refusal:
        if any(problem.field in MONEY for problem in refusal.problems):
            return _pause(sweep, f"Paused: {refusal.message}")
        _change(one, T.WAITING, status=T.FAILED, problem=refusal.message)
    return True


def _next_try(sweep: Sweep) -> SweepTry | None:
    """The next try if a place is free; ends the sweep when nothing waits and nothing is open."""
    open_count = sweep.tries.filter(status=T.STARTED).count()
    if open_count >= sweep.concurrency:
        return None
    waiting = sweep.tries.filter(status=T.WAITING).select_related(
        "cell", "sweep__experiment", "sweep__continues_from"
    )
    one = waiting.order_by("ordinal").first()
    if one is None and open_count == 0:
        Sweep.objects.filter(pk=sweep.pk).update(status=S.FINISHED, finished_at=timezone.now())
    return one


def _is_affordable(sweep: Sweep, one: SweepTry) -> bool:
    if sweep.credit_cap is None:
        return True
    started = sweep.tries.filter(status=T.STARTED)
    expected = started.aggregate(sum=Sum("cell__estimated_credits"))["sum"] or 0
    return sweep.spent_credits + expected + one.cell.estimated_credits <= sweep.credit_cap


def _start(sweep: Sweep, one: SweepTry) -> None:
    """Raises Refusal, in a savepoint of its own."""
    cell = one.cell
    with transaction.atomic():
        run = start_api_run(
            one.sweep.experiment,
            model_id=cell.model_id,
            prompt=cell.prompt,
            params=cell.params,
            references=get_files(cell.references),
            continues_from=one.sweep.continues_from,
            intent_key=f"sweep:{sweep.pk}:{one.ordinal}",
        )
    _change(one, T.WAITING, status=T.STARTED, run=run)


def _change(one: SweepTry, expected: str, **values: object) -> bool:
    row = SweepTry.objects.filter(pk=one.pk, status=expected)
    return row.update(changed_at=timezone.now(), **values) == 1


def _pause(sweep: Sweep, text: str) -> bool:
    Sweep.objects.filter(pk=sweep.pk, status=S.RUNNING).update(status=S.PAUSED, note=text)
    return False


# --- Ends -----------------------------------------------------------------------------------------


def settle_try(task: Task) -> None:
    """Gives a try the end of its task, once, and the sweep the charge.

    Called inside the transaction that finishes the task; again is harmless.
    """
    if task.origin != Task.Origin.RUN or task.status not in ENDS:
        return
    one = SweepTry.objects.filter(run=task.origin_id, status=T.STARTED).first()
    if one is None:
        return
    with transaction.atomic():
        if not _change(one, T.STARTED, status=ENDS[task.status]):
            return
        if task.final_credits:
            Sweep.objects.filter(pk=one.sweep_id).update(
                spent_credits=F("spent_credits") + task.final_credits
            )
        feed_on_commit(one.sweep_id)


def settle_tries() -> None:
    """Tries whose task ended unnoticed: none as long as every end sends its signal (one query)."""
    ended = SweepTry.objects.filter(status=T.STARTED, run__task__status__in=TERMINAL)
    for one in ended.select_related("run__task")[:MOST_SETTLED]:
        if one.run is not None and one.run.task is not None:
            settle_try(one.run.task)
