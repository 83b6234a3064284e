"""The feeder: keeps a batch's jobs in flight, as many at once as it may have, until no row waits.

Rows are the truth. A feeder locks the batch, counts what is open, and takes one row in one short
transaction; a second one at the same moment finds the row taken, and none at all costs only moments,
because the sweep calls again.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from rivya_bridge.automation.checking import CheckedJob, VersionCheck
from rivya_bridge.automation.models import Batch, BatchRow, Job
from rivya_bridge.automation.services.storing import store_job
from rivya_bridge.automation.signals import batch_finished
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import TERMINAL, Task

log = logging.getLogger(__name__)
R = BatchRow.Status
S = Batch.Status

# Of rows whose task ended: as the task's own words.
ENDS = {"succeeded": R.SUCCEEDED, "failed": R.FAILED, "canceled": R.CANCELED}


def feed_batches() -> int:
    """One round over all running batches; returns how many jobs it started. The sweep calls it."""
    settle_rows()
    running = Batch.objects.filter(status=S.RUNNING).order_by("pk")
    return sum(feed_batch(batch_id) for batch_id in list(running.values_list("pk", flat=True)))


def feed_on_commit(batch_id: UUID) -> None:
    """Feeds after the commit, so that nobody waits for the sweep; what fails then, the sweep repeats."""
    transaction.on_commit(lambda: feed_batch(batch_id), robust=True)


def feed_batch(batch_id: UUID) -> int:
    """Starts rows of a running batch until its places are taken; returns how many."""
    batch = Batch.objects.select_related("version", "template").filter(pk=batch_id).first()
    if batch is None or batch.status != S.RUNNING:
        return 0
    try:
        check = VersionCheck(batch.version)
    except Refusal as refusal:
        _pause(batch_id, f"Paused: {refusal.message}")
        return 0
    count = 0
    while _feed_one(batch_id, check, batch):
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class _Place:
    """The locked batch and the row whose turn it is."""

    batch: Batch
    row: BatchRow


@transaction.atomic
def _feed_one(batch_id: UUID, check: VersionCheck, known: Batch) -> bool:
    """One row becomes one job, or fails its checks; False when there is nothing to do now."""
    place = _take_place(batch_id)
    if place is None:
        return False
    batch, row = place.batch, place.row
    if not _is_affordable(batch, row):
        text = (
            f"Paused: the batch's cap of {batch.credit_cap:,} credits would be passed by row "
            f"{row.ordinal}. Raise the cap and resume, or cancel the rest."
        )
        _pause(batch_id, text)
        return False
    job = check.check(row.inputs)
    if any(problem.field == "model" for problem in job.problems):
        _pause(batch_id, f"Paused: {job.problems[0].message}")
        return False
    if job.problems:
        _fail(row, job)
        return True
    made = store_job(
        check.model,
        job,
        version=known.version,
        template=known.template,
        source=Job.Source.BATCH,
        intent_key=f"batch:{batch_id}:{row.ordinal}",
        group=(f"{known.template.name} · {batch.name}", f"/batches/{batch_id}/"),
    )
    BatchRow.objects.filter(pk=row.pk).update(status=R.STARTED, job=made)
    return True


def _take_place(batch_id: UUID) -> _Place | None:
    """The next row if a place is free; ends the batch when nothing waits and nothing is open."""
    batch = Batch.objects.select_for_update().filter(pk=batch_id, status=S.RUNNING).first()
    if batch is None:
        return None
    open_count = batch.rows.filter(status=R.STARTED).count()
    if open_count >= batch.concurrency:
        return None
    row = batch.rows.filter(status=R.WAITING).order_by("ordinal").first()
    if row is not None:
        return _Place(batch, row)
    if open_count == 0:
        batch.status, batch.finished_at = S.FINISHED, timezone.now()
        batch.save(update_fields=["status", "finished_at"])
        batch_finished.send(sender=Batch, batch=batch)
    return None


def _is_affordable(batch: Batch, row: BatchRow) -> bool:
    if batch.credit_cap is None:
        return True
    open_rows = batch.rows.filter(status=R.STARTED)
    expected = open_rows.aggregate(sum=Sum("estimated_credits"))["sum"] or 0
    return batch.spent_credits + expected + row.estimated_credits <= batch.credit_cap


def _pause(batch_id: UUID, text: str) -> None:
    Batch.objects.filter(pk=batch_id, status=S.RUNNING).update(status=S.PAUSED, note=text)


def _fail(row: BatchRow, job: CheckedJob) -> None:
    """What was right at the start is not any more, such as a file that was removed."""
    problems = [
        {"field": p.field, "message": p.message, "value": "", "limit": p.limit}
        for p in job.problems
    ]
    BatchRow.objects.filter(pk=row.pk, status=R.WAITING).update(status=R.FAILED, problems=problems)


# --- Ends -----------------------------------------------------------------------------------------


def settle_row(task: Task) -> None:
    """Gives a batch's row the end of its task, once, and the batch the charge.

    Called inside the transaction that finishes the task; again is harmless.
    """
    if task.origin != Task.Origin.JOB or task.status not in ENDS:
        return
    row = BatchRow.objects.filter(job=task.origin_id, status=R.STARTED).first()
    if row is None:
        return
    with transaction.atomic():
        mine = BatchRow.objects.filter(pk=row.pk, status=R.STARTED)
        if not mine.update(status=ENDS[task.status]):
            return
        if task.final_credits:
            Batch.objects.filter(pk=row.batch_id).update(
                spent_credits=F("spent_credits") + task.final_credits
            )
        feed_on_commit(row.batch_id)


def settle_rows() -> None:
    """Rows whose task ended unnoticed: none as long as every end sends its signal (one query)."""
    open_rows = BatchRow.objects.filter(status=R.STARTED, job__task__status__in=TERMINAL)
    for row in open_rows.select_related("job__task")[:200]:
        if row.job is not None:
            settle_row(row.job.task)
