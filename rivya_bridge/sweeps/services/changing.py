"""What a person decides about a sweep: pause, go on, cancel the rest, run cells again.

Every change is one conditional UPDATE, so that two people or two clicks at once do it once.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.sweeps.models import Sweep, SweepTry
from rivya_bridge.sweeps.plans import LARGEST_CAP, MOST_AT_ONCE
from rivya_bridge.sweeps.selectors import NOT_SENT
from rivya_bridge.sweeps.services.feeding import feed_on_commit
from rivya_bridge.tasks.services import cancel_task, note_run_again

S = Sweep.Status
T = SweepTry.Status


def pause_sweep(sweep: Sweep) -> Sweep:
    """No further run starts; those at Rivya are finished. Raises Conflict when it does not run."""
    _move(sweep, S.PAUSED, {S.RUNNING}, "paused", note="Paused by a person.")
    return sweep


def resume_sweep(sweep: Sweep) -> Sweep:
    """Raises Conflict when it is not paused."""
    with transaction.atomic():
        _move(sweep, S.RUNNING, {S.PAUSED}, "resumed", note="")
        feed_on_commit(sweep.pk)
    return sweep


def cancel_sweep(sweep: Sweep) -> int:
    """Cancels the tries that wait and the runs that were not sent; what Rivya has is finished.

    Returns how many waited. Raises Conflict when it is over.
    """
    with transaction.atomic():
        now = timezone.now()
        _move(sweep, S.CANCELED, {S.RUNNING, S.PAUSED}, "canceled", finished_at=now, note="")
        waiting = sweep.tries.filter(status=T.WAITING)
        count = waiting.update(status=T.CANCELED, changed_at=now)
    unsent = sweep.tries.filter(NOT_SENT, status=T.STARTED)
    for task_id in list(unsent.values_list("run__task_id", flat=True)):
        try:
            cancel_task(task_id)
            count += 1
        except Conflict:  # it was sent or ended just now
            continue
    return count


def retry_cells(
    sweep: Sweep, numbers: Sequence[int] | None = None, *, canceled: bool = False
) -> int:
    """Runs again what failed in all cells, or with `canceled` what was canceled, or what either in the
    cells named.

    What succeeded never runs again, and each try is repeated once however often it is asked. Returns how
    many. Raises Conflict when there is none, Refusal for a number that no cell has.
    """
    wanted = Q(status=T.CANCELED if canceled else T.FAILED)
    if numbers is not None:
        _check_numbers(sweep, numbers)
        wanted = Q(status__in=[T.FAILED, T.CANCELED], cell__number__in=numbers)
    count = _retry(sweep.pk, wanted)
    if not count:
        where = "of these cells" if numbers is not None else "of this sweep"
        what = "was canceled" if canceled else "has failed"
        raise Conflict(f"No run {where} {what}: there is nothing to run again.")
    sweep.refresh_from_db()
    return count


def _check_numbers(sweep: Sweep, numbers: Sequence[int]) -> None:
    wanted = [number for number in numbers if 0 < number < 2**31]
    known = set(sweep.cells.filter(number__in=wanted).values_list("number", flat=True))
    if unknown := [number for number in numbers if number not in known]:
        text = f"This sweep has no cell {unknown[0]}: cells are numbered from 1."
        raise Refusal.field("cells", text, sweep.cell_count)


@transaction.atomic
def _retry(sweep_id: UUID, wanted: Q) -> int:
    """Under the sweep's own lock. A failure that is run again needs no person any more."""
    sweep = Sweep.objects.select_for_update().get(pk=sweep_id)
    again = list(sweep.tries.filter(wanted).select_related("run").order_by("ordinal"))
    if not again:
        return 0
    last = sweep.tries.aggregate(last=Max("ordinal"))["last"]
    ids = [one.pk for one in again]
    SweepTry.objects.filter(pk__in=ids).update(status=T.RETRIED, changed_at=timezone.now())
    SweepTry.objects.bulk_create(
        SweepTry(sweep=sweep, cell_id=one.cell_id, ordinal=last + number, attempt=one.attempt + 1)
        for number, one in enumerate(again, start=1)
    )
    tasks = [one.run.task_id for one in again if one.run is not None and one.run.task_id]
    note_run_again(tasks, "Its cell of the sweep is run again: another try takes its place.")
    over = Sweep.objects.filter(pk=sweep_id, status__in=[S.FINISHED, S.CANCELED])
    over.update(status=S.RUNNING, finished_at=None, note="")
    feed_on_commit(sweep_id)
    return len(again)


def change_sweep(
    sweep: Sweep, *, concurrency: int | None = None, credit_cap: int | None = None
) -> Sweep:
    """Another number of runs at once, or another cap. Raises Refusal beyond the limits."""
    limits = {"concurrency": MOST_AT_ONCE, "credit_cap": LARGEST_CAP}
    given = {"concurrency": concurrency, "credit_cap": credit_cap}
    changes = {name: value for name, value in given.items() if value is not None}
    problems = [
        Problem(name, f"{name} must be a whole number from 1 to {limits[name]:,}.", limits[name])
        for name, value in changes.items()
        if not 1 <= value <= limits[name]
    ]
    if problems:
        raise Refusal.of(problems)
    if changes:
        with transaction.atomic():
            Sweep.objects.filter(pk=sweep.pk).update(**changes)
            feed_on_commit(sweep.pk)
        sweep.refresh_from_db()
    return sweep


def _move(sweep: Sweep, to: str, sources: set[S], done: str, **fields: object) -> None:
    row = Sweep.objects.filter(pk=sweep.pk, status__in=sources)
    if not row.update(status=to, **fields):
        status = Sweep.objects.filter(pk=sweep.pk).values_list("status", flat=True).first()
        text = f"This sweep cannot be {done} now: it is {status or 'gone'}. Reload the page."
        raise Conflict(text, (Problem("sweep", text),))
    sweep.refresh_from_db()
