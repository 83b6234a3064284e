"""The HTTP API's routes for batches."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, find_once, read_idempotency_key
from rivya_bridge.automation import services
from rivya_bridge.automation.api.table_body import DESCRIPTION, TableBody, received_table
from rivya_bridge.automation.exports import result_lines
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.models import Batch, BatchRow, Job, JobTemplate
from rivya_bridge.automation.selectors import (
    batch_rows,
    batch_rows_page,
    chosen_version,
    get_batch,
    get_template,
    progress_of,
    row_error,
    row_status,
)
from rivya_bridge.automation.services import BatchCheck, BatchOptions
from rivya_bridge.automation.services.batch_intake import USUAL_AT_ONCE
from rivya_bridge.files.api import content_url
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.web.errors import refusal_envelope
from rivya_bridge.web.pagination import keyset_page

router = Router()


class BatchQuery(Schema):
    name: str = Field("Batch", description="at most 200 characters")
    concurrency: int = Field(USUAL_AT_ONCE, description="jobs at once, 1 to 50")
    credit_cap: int | None = Field(None, description="the most that the batch may cost")
    label: str = Field("", description="the version it names; the current one without")
    leave_out_invalid: bool = Field(False, description="start without the rows that have problems")
    dry_run: bool = Field(False, description="only say what is wrong and what it would cost")


class BatchOut(Schema):
    """`rows` counts by status; `note` says why it paused by itself. Credits are whole."""

    id: UUID
    template: str
    version: int
    name: str
    status: str
    concurrency: int
    credit_cap: int | None
    row_count: int
    invalid_count: int
    estimated_credits: int
    spent_credits: int
    rows: dict[str, int]
    held: int
    note: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class BatchPageOut(Schema):
    items: list[BatchOut]
    next: str | None


class CellProblemOut(Schema):
    row: int
    line: int
    column: str
    value: str
    message: str
    limit: Any


class BatchDryRunOut(Schema):
    dry_run: bool
    ok: bool
    row_count: int
    invalid_count: int
    estimated_credits: int
    problems: list[CellProblemOut]
    notices: list[str] = Field(description="what would wait for another day under a cap")
    error: Any


class BatchRowOut(Schema):
    """`status` of an open row is its task's. `problems` name the cells that do not fit."""

    ordinal: int
    line: int
    attempt: int
    status: str
    inputs: dict[str, Any]
    job: UUID | None
    task: UUID | None
    credits: int | None
    results: list[str]
    problems: list[dict[str, Any]]
    error: str | None


class BatchRowPageOut(Schema):
    items: list[BatchRowOut]
    next: str | None


class BatchChangeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    concurrency: int | None = None
    credit_cap: int | None = None


def batch_out(batch: Batch) -> dict[str, Any]:
    progress = progress_of(batch)
    names = (
        "name", "status", "concurrency", "credit_cap", "row_count", "invalid_count", "note",
        "estimated_credits", "spent_credits", "created_at", "started_at", "finished_at",
    )  # fmt: skip
    return {
        "id": batch.pk,
        "template": batch.template.slug,
        "version": batch.version.number,
        **{name: getattr(batch, name) for name in names},
        "rows": progress.counts,
        "held": progress.held,
    }


def _row_out(row: BatchRow) -> dict[str, Any]:
    task = row.job.task if row.job else None
    outputs = task.outputs.all() if task else ()
    return {
        "ordinal": row.ordinal,
        "line": row.line,
        "attempt": row.attempt,
        "status": row_status(row),
        "inputs": row.inputs,
        "job": row.job_id,
        "task": task.pk if task else None,
        "credits": task.final_credits if task else None,
        "results": [content_url(output.file_id) for output in outputs if output.file_id],
        "problems": row.problems,
        "error": row_error(row) or None,
    }


@router.post(
    "/templates/{slug}/batches",
    response={200: BatchDryRunOut | BatchOut, 201: BatchOut},
    summary="Start a batch, or only say what is wrong with it and what it would cost",
    openapi_extra=DESCRIPTION,
)
def create_batch(
    request: HttpRequest,
    slug: str,
    options: Annotated[BatchQuery, Query()],
    key: IdempotencyKey = None,
) -> Status[dict[str, Any]]:
    """The body is `{"rows": [{...}]}`, CSV with a header of input names, or JSON Lines. Every row is
    checked before anything starts: problems are a 422 that names them, and nothing is stored. The
    same Idempotency-Key and body answer with the same batch (200); another body is a 409."""
    template = get_template(slug)
    once = read_idempotency_key(key)
    chosen = BatchOptions(options.name, options.concurrency, options.credit_cap, options.label)
    with received_table(request) as table:
        if options.dry_run:
            return Status(200, _dry_run(template, table, chosen, options.leave_out_invalid))
        body = {**options.dict(exclude={"dry_run"}), "rows": table.sha256}
        scope = scope_of(request, f"batches:{template.pk}")
        earlier = find_once(scope, once, body)
        if earlier:
            return Status(200, batch_out(get_batch(earlier)))
        batch = _add(template, table, chosen)
    return _start(batch, scope, once, body, options.leave_out_invalid)


def _start(
    batch: Batch, scope: str, once: str | None, body: dict[str, Any], leave_out: bool
) -> Status[dict[str, Any]]:
    """Starts the batch unless the same key was first in the meantime; a spare one is removed."""

    def make() -> str:
        services.start_batch(batch, leave_out=leave_out)
        return str(batch.pk)

    try:
        made, is_new = do_once(scope, once, body, make)
    except Refusal as refusal:
        problems = [*refusal.problems, *_cell_problems(batch)]
        services.discard_batch(batch)
        raise type(refusal)(refusal.message, problems) from refusal
    if not is_new:
        services.discard_batch(batch)
    return Status(201 if is_new else 200, batch_out(get_batch(made)))


def _add(template: JobTemplate, table: TableBody, options: BatchOptions) -> Batch:
    rows, absent = table.rows(input_specs(chosen_version(template, options.label)))
    return services.add_batch(template, rows, options, source=Job.Source.API, absent=absent)


def _cell_problems(batch: Batch) -> list[Problem]:
    """The first 50 rows with problems, each cell as a field."""
    invalid = batch.rows.filter(status=BatchRow.Status.INVALID).order_by("ordinal")[:50]
    return [
        Problem(f"rows.{row.ordinal}.{one['field']}".rstrip("."), one["message"], one["limit"])
        for row in invalid
        for one in row.problems
    ]


def _dry_run(
    template: JobTemplate, table: TableBody, options: BatchOptions, leave_out: bool
) -> dict[str, Any]:
    rows, _ = table.rows(input_specs(chosen_version(template, options.label)))
    found: BatchCheck = services.check_batch(template, rows, options, leave_out=leave_out)
    refusal = Refusal.of(found.blockers) if found.blockers else None
    return {
        "dry_run": True,
        "ok": refusal is None,
        "row_count": found.row_count,
        "invalid_count": found.invalid_count,
        "estimated_credits": found.estimated_credits,
        "problems": [
            {
                "row": row.ordinal,
                "line": row.line,
                "column": one["field"],
                "value": one["value"],
                "message": one["message"],
                "limit": one["limit"],
            }
            for row, one in found.problems
        ],
        "notices": found.notices,
        "error": refusal_envelope(refusal)["error"] if refusal else None,
    }


@router.get("/templates/{slug}/batches", response=BatchPageOut, summary="Its batches, newest first")
def list_batches(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(batch_rows(get_template(slug)), cursor)
    return {"items": [batch_out(batch) for batch in page.items], "next": page.next_cursor}


@router.get("/batches/{uuid:batch_id}", response=BatchOut, summary="One batch with its counts")
def read_batch(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    return batch_out(get_batch(batch_id))


@router.patch("/batches/{uuid:batch_id}", response=BatchOut, summary="Change how it runs")
def change_batch(request: HttpRequest, batch_id: UUID, payload: BatchChangeIn) -> dict[str, Any]:
    return batch_out(services.change_batch(get_batch(batch_id), **payload.dict()))


@router.get("/batches/{uuid:batch_id}/rows", response=BatchRowPageOut, summary="Its rows, in order")
def list_rows(
    request: HttpRequest, batch_id: UUID, status: str = "", cursor: str = ""
) -> dict[str, Any]:
    """`status` is waiting, started, succeeded, failed, canceled, invalid, retried, or held."""
    page = batch_rows_page(get_batch(batch_id), status=status, after=cursor)
    return {"items": [_row_out(row) for row in page.items], "next": page.next_cursor}


@router.get("/batches/{uuid:batch_id}/results.csv", summary="Every row with its result, as CSV")
def read_results(request: HttpRequest, batch_id: UUID) -> StreamingHttpResponse:
    lines = result_lines(get_batch(batch_id), content_url)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


@router.post("/batches/{uuid:batch_id}/pause", response=BatchOut, summary="Start no further rows")
def pause(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    return batch_out(services.pause_batch(get_batch(batch_id)))


@router.post("/batches/{uuid:batch_id}/resume", response=BatchOut, summary="Let it go on")
def resume(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    return batch_out(services.resume_batch(get_batch(batch_id)))


@router.post("/batches/{uuid:batch_id}/cancel", response=BatchOut, summary="Cancel the rest")
def cancel(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    """What waits is canceled; what Rivya has is finished and charged."""
    return batch_out(services.cancel_batch(get_batch(batch_id)))


@router.post(
    "/batches/{uuid:batch_id}/retry-failed", response=BatchOut, summary="Try failed rows again"
)
def retry(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    """Each failed row gets one new attempt; what succeeded never runs again."""
    batch = get_batch(batch_id)
    services.retry_failed(batch)
    return batch_out(batch)
