"""Reads of batches and their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet

from rivya_bridge.automation.models import Batch, BatchRow, JobTemplate
from rivya_bridge.refusals import Missing, Problem, Refusal
from rivya_bridge.tasks.models import TaskOutput
from rivya_bridge.web.pagination import PAGE_SIZE, Page

R = BatchRow.Status
# What a page of rows may be narrowed to; `held` are started rows whose task waits.
ROW_FILTERS = (*R.values, "held")
CHUNK = 500


def get_batch(batch_id: str | UUID) -> Batch:
    """One batch with template and version (one query). Raises Missing."""
    try:
        key = batch_id if isinstance(batch_id, UUID) else UUID(batch_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    rows = Batch.objects.select_related("template", "version")
    batch = rows.filter(pk=key).first() if key else None
    if batch is None:
        text = f"There is no batch {str(batch_id)[:60]!r}."
        raise Missing(text, (Problem("batch", text),))
    return batch


def batch_rows(template: JobTemplate | None = None) -> QuerySet[Batch]:
    """Batches, of one template or all, with template and version (one query)."""
    rows = Batch.objects.select_related("template", "version")
    return rows.filter(template=template) if template else rows


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Rows by status; `total` counts each row of the table once, `held` is the part of `started`
    whose task waits, with the sentence of one of them."""

    counts: dict[str, int]
    total: int
    ended: int
    held: int
    held_text: str

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.total if self.total else 0


def progress_of(batch: Batch) -> BatchProgress:
    """Live counts (two queries: from an index, and over the few open rows)."""
    found = batch.rows.values_list("status").annotate(Count("pk")).order_by()
    counts = {status: 0 for status in R.values} | dict(found)
    held = list(
        batch.rows.filter(status=R.STARTED, job__task__status="held").values_list(
            "job__task__reason_text", flat=True
        )
    )
    ended = counts[R.SUCCEEDED] + counts[R.FAILED] + counts[R.CANCELED]
    total = ended + counts[R.WAITING] + counts[R.STARTED]
    return BatchProgress(counts, total, ended, len(held), held[0] if held else "")


def batch_rows_page(
    batch: Batch, *, status: str = "", after: str | None = None, size: int = PAGE_SIZE
) -> Page[BatchRow]:
    """A page of rows in the table's order, with job, task and output files (two queries).

    The cursor is the last row's ordinal. Raises Refusal for a status or cursor that is none.
    """
    rows = _with_jobs(batch.rows.all())
    if status and status not in ROW_FILTERS:
        text = f"{status[:40]!r} is no status of a row: use one of {', '.join(ROW_FILTERS)}."
        raise Refusal.field("status", text)
    if status == "held":
        rows = rows.filter(status=R.STARTED, job__task__status="held")
    elif status:
        rows = rows.filter(status=status)
    start = _read_ordinal(after)
    found = list(rows.filter(ordinal__gt=start).order_by("ordinal")[: size + 1])
    items = found[:size]
    is_more = len(found) > size
    return Page(items, str(items[-1].ordinal) if is_more else None, start == 0)


def _with_jobs(rows: QuerySet[BatchRow]) -> QuerySet[BatchRow]:
    outputs = TaskOutput.objects.select_related("file")
    return rows.select_related("job__task").prefetch_related(
        Prefetch("job__task__outputs", outputs)
    )


def _read_ordinal(raw: str | None) -> int:
    if not raw:
        return 0
    if raw.isascii() and raw.isdigit() and len(raw) < 9:
        return int(raw)
    text = f"{raw[:40]!r} is no cursor: take it from the `next` of a list, or leave it out."
    raise Refusal.field("cursor", text)


def rows_in_chunks(batch: Batch, **narrowed: Any) -> Iterator[BatchRow]:
    """Every row in order, 500 at a time, so that a download takes no more memory than a page."""
    last = 0
    rows = _with_jobs(batch.rows.filter(**narrowed)).order_by("ordinal")
    while chunk := list(rows.filter(ordinal__gt=last)[:CHUNK]):
        yield from chunk
        last = chunk[-1].ordinal


def row_status(row: BatchRow) -> str:
    """As a person reads it: of a started row, where its task stands."""
    if row.status == R.STARTED and row.job is not None:
        return row.job.task.status
    return row.status


def row_error(row: BatchRow) -> str:
    """Why a row did not succeed, or '': its own problems, or what its task says."""
    if row.problems:
        return " ".join(problem["message"] for problem in row.problems)
    task = row.job.task if row.job else None
    if task is None or task.status not in ("held", "failed", "canceled"):
        return ""
    return task.error_message or task.reason_text
