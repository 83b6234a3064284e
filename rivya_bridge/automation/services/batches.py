"""What a person decides about a batch: start, pause, go on, cancel the rest, retry what failed.

Every change is one conditional UPDATE, so that two people or two clicks at once do it once.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from rivya_bridge.automation.fields import read_whole
from rivya_bridge.automation.models import Batch, BatchRow, Job
from rivya_bridge.automation.services.batch_check import start_problems
from rivya_bridge.automation.services.batch_intake import CHUNK, MOST_AT_ONCE, remove_batch
from rivya_bridge.automation.services.feeding import feed_on_commit
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.tasks.services import cancel_task, note_run_again

S = Batch.Status
R = BatchRow.Status


def start_batch(batch: Batch, *, leave_out: bool = False) -> Batch:
    """Lets a checked batch run; `leave_out` starts it without the rows that have problems.

    Raises Refusal with everything that forbids it, and then nothing was started or spent; Conflict
    when it was started or discarded before.
    """
    problems = start_problems(
        row_count=batch.row_count,
        invalid_count=batch.invalid_count,
        estimate=batch.estimated_credits,
        credit_cap=batch.credit_cap,
        leave_out=leave_out,
    )
    if batch.status == S.CHECKED and problems:
        raise Refusal.of(problems)
    with transaction.atomic():
        _move(batch, S.RUNNING, {S.CHECKED}, "started", started_at=timezone.now(), note="")
        feed_on_commit(batch.pk)
    return batch


def pause_batch(batch: Batch) -> Batch:
    """No further rows start; those at Rivya are finished. Raises Conflict when it does not run."""
    _move(batch, S.PAUSED, {S.RUNNING}, "paused", note="Paused by a person.")
    return batch


def resume_batch(batch: Batch) -> Batch:
    """Raises Conflict when it is not paused."""
    with transaction.atomic():
        _move(batch, S.RUNNING, {S.PAUSED}, "resumed", note="")
        feed_on_commit(batch.pk)
    return batch


def cancel_batch(batch: Batch) -> Batch:
    """Cancels the rows that wait, and the tasks that were not sent; what Rivya has is finished.

    Raises Conflict when it is not running or paused.
    """
    with transaction.atomic():
        _move(batch, S.CANCELED, {S.RUNNING, S.PAUSED}, "canceled", finished_at=timezone.now())
        batch.rows.filter(status=R.WAITING).update(status=R.CANCELED)
    unsent = Q(job__task__status="queued") | Q(job__task__status="held")
    rows = batch.rows.filter(unsent, status=R.STARTED, job__task__exposure="none")
    for task_id in list(rows.values_list("job__task_id", flat=True)):
        try:
            cancel_task(task_id)
        except Conflict:  # it ended just now
            continue
    return batch


def retry_failed(batch: Batch) -> int:
    """Puts a new attempt behind the last row for every failed one; returns how many.

    Each failed row is retried once by this, however often it is asked; what succeeded never runs
    again. Raises Conflict for a batch that is not running, paused or finished, and when none failed.
    """
    if batch.status not in (S.RUNNING, S.PAUSED, S.FINISHED):
        raise _cannot(batch, "retried")
    count = 0
    while made := _retry_some(batch.pk):
        count += made
    if not count:
        raise Conflict("No row of this batch has failed: there is nothing to retry.")
    batch.refresh_from_db()
    return count


@transaction.atomic
def _retry_some(batch_id: UUID) -> int:
    """Up to 500 failed rows in one transaction, under the batch's own lock."""
    open_states = [S.RUNNING, S.PAUSED, S.FINISHED]
    batch = Batch.objects.select_for_update().filter(pk=batch_id, status__in=open_states).first()
    if batch is None:
        return 0
    failed = list(batch.rows.filter(status=R.FAILED).order_by("ordinal")[:CHUNK])
    if not failed:
        return 0
    last = batch.rows.aggregate(last=Max("ordinal"))["last"]
    batch.rows.filter(pk__in=[row.pk for row in failed]).update(status=R.RETRIED)
    BatchRow.objects.bulk_create(
        _next_attempt(row, last + number) for number, row in enumerate(failed, start=1)
    )
    jobs = Job.objects.filter(pk__in=[row.job_id for row in failed if row.job_id])
    tasks = list(jobs.values_list("task_id", flat=True))
    note_run_again(tasks, "Its row of the batch is run again: another job takes its place.")
    Batch.objects.filter(pk=batch_id, status=S.FINISHED).update(status=S.RUNNING, finished_at=None)
    feed_on_commit(batch_id)
    return len(failed)


def _next_attempt(row: BatchRow, ordinal: int) -> BatchRow:
    return BatchRow(
        batch_id=row.batch_id,
        ordinal=ordinal,
        line=row.line,
        attempt=row.attempt + 1,
        status=R.WAITING,
        inputs=row.inputs,
        estimated_credits=row.estimated_credits,
        retry_of=row,
    )


def change_batch(
    batch: Batch, *, concurrency: int | None = None, credit_cap: int | None = None
) -> Batch:
    """Another number of jobs at once, or another cap. Raises Refusal beyond 1 to 50, or below 1."""
    problems: list[Problem] = []
    changes: dict[str, int] = {}
    if concurrency is not None:
        changes["concurrency"] = read_whole(
            problems, "concurrency", concurrency, least=1, most=MOST_AT_ONCE
        )
    if credit_cap is not None:
        changes["credit_cap"] = read_whole(
            problems, "credit_cap", credit_cap, least=1, most=100_000_000
        )
    if problems:
        raise Refusal.of(problems)
    if changes:
        with transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(**changes)
            feed_on_commit(batch.pk)
        batch.refresh_from_db()
    return batch


def discard_batch(batch: Batch) -> None:
    """Removes a batch that was never started. Raises Conflict for one that was."""
    _move(batch, S.CHECKING, {S.CHECKED, S.CHECKING}, "discarded")
    remove_batch(batch)


def _move(batch: Batch, to: str, sources: set[Batch.Status], done: str, **fields: object) -> None:
    row = Batch.objects.filter(pk=batch.pk, status__in=sources)
    if not row.update(status=to, **fields):
        raise _cannot(batch, done)
    batch.refresh_from_db()


def _cannot(batch: Batch, done: str) -> Conflict:
    status = Batch.objects.filter(pk=batch.pk).values_list("status", flat=True).first()
    text = f"This batch cannot be {done} now: it is {status or 'gone'}. Reload the page."
    return Conflict(text, (Problem("batch", text),))
