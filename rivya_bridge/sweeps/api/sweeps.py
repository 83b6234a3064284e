"""The HTTP API's routes for sweeps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import read_idempotency_key
from rivya_bridge.experiments.fields import MAX_FILES
from rivya_bridge.experiments.selectors import get_experiment, get_runs
from rivya_bridge.refusals import Refusal
from rivya_bridge.sweeps import services
from rivya_bridge.sweeps.cell_lines import cell_names, cell_out
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.plans import USUAL_AT_ONCE, read_plan
from rivya_bridge.sweeps.selectors import (
    Progress,
    cells_page,
    get_sweep,
    progress_by_id,
    progress_of,
    sweep_rows,
)
from rivya_bridge.sweeps.services import SweepCheck
from rivya_bridge.web.errors import refusal_envelope
from rivya_bridge.web.pagination import keyset_page

router = Router()
MOST_NAMED = 500


class ReplacementIn(Schema):
    model_config = ConfigDict(extra="forbid")

    search: str = Field(description="words that stand in every prompt; they are one of the values")
    alternatives: list[str] = Field(description="what takes their place")


class SweepIn(Schema):
    """Whatever has several values is an axis: models, prompts, params, replacements, references."""

    model_config = ConfigDict(extra="forbid")

    models: list[str] = Field(description="ids of the model list, 1 to 20")
    prompts: list[str] = Field([], description="whole prompts, at most 100")
    params: dict[str, Any] = Field(
        {}, description='by key: a value, a list, or a text such as "1, 2, .., 10"'
    )
    replacements: list[ReplacementIn] = Field([], description="at most 3")
    references: list[UUID] = Field([], max_length=MAX_FILES, description="ids of files, in order")
    each_reference: bool = Field(False, description="each file alone, as an axis")
    with_and_without: bool = Field(False, description="references on and off, as an axis")
    skip: list[str] = Field([], description='rules such as "SKIP: flux-2-pro & 16:9"')
    repeats: int = Field(1, description="runs of each cell, 1 to 20")
    title: str = Field("", description="at most 200 characters; made from the axes without")
    concurrency: int = Field(USUAL_AT_ONCE, description="runs at once, 1 to 50")
    credit_cap: int | None = Field(None, description="it pauses before it would cost more")
    continues_from: UUID | None = Field(
        None, description="a run of the same experiment that its runs continue"
    )


class SweepOut(Schema):
    """`runs` counts by status; `note` says why it paused by itself. Credits are whole."""

    id: UUID
    experiment_id: UUID
    title: str
    status: str
    url: str
    axes: list[dict[str, Any]]
    repeats: int
    concurrency: int
    credit_cap: int | None
    cell_count: int
    skipped_count: int
    estimated_credits: int
    spent_credits: int
    continues_from: UUID | None
    runs: dict[str, int]
    note: str
    created_at: datetime
    finished_at: datetime | None


class SweepPageOut(Schema):
    items: list[SweepOut]
    next: str | None


class InvalidCellOut(Schema):
    values: dict[str, str]
    message: str


class SweepDryRunOut(Schema):
    dry_run: bool
    ok: bool
    axes: list[dict[str, Any]]
    cell_count: int
    skipped_count: int
    run_count: int
    estimated_credits: int
    invalid: list[InvalidCellOut]
    notes: list[str]
    error: Any


class CellOut(Schema):
    """`values` by the axes' keys; `skipped` says why it was left out."""

    number: int
    values: dict[str, str]
    status: str
    model: str
    prompt: str
    params: dict[str, Any]
    references: list[str]
    estimated_credits: int
    credits: int
    runs: list[UUID]
    skipped: str
    error: str


class CellPageOut(Schema):
    items: list[CellOut]
    next: str | None


class RetryIn(Schema):
    model_config = ConfigDict(extra="forbid")

    cells: list[int] | None = Field(
        None, max_length=MOST_NAMED, description="numbers of cells; all failed ones without"
    )


class SweepChangeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    concurrency: int | None = None
    credit_cap: int | None = None


def sweep_out(sweep: Sweep, progress: Progress | None = None) -> dict[str, Any]:
    names = (
        "title", "status", "axes", "repeats", "concurrency", "credit_cap", "cell_count",
        "skipped_count", "estimated_credits", "spent_credits", "note", "created_at",
        "finished_at", "experiment_id",
    )  # fmt: skip
    return {
        "id": sweep.pk,
        "url": f"/sweeps/{sweep.pk}/",
        "continues_from": sweep.continues_from_id,
        "runs": (progress or progress_of(sweep)).counts,
        **{name: getattr(sweep, name) for name in names},
    }


def _dry_out(check: SweepCheck) -> dict[str, Any]:
    axes = [axis.as_json() for axis in check.axes]
    invalid = [
        {"values": cell_names(axes, list(one.cell.place)), "message": one.reason}
        for one in check.invalid
    ]
    refusal = Refusal.of(check.blockers) if check.blockers else None
    return {
        "dry_run": True,
        "ok": refusal is None,
        "axes": axes,
        "cell_count": len(check.cells),
        "skipped_count": len(check.skipped),
        "run_count": check.run_count,
        "estimated_credits": check.estimate,
        "invalid": invalid,
        "notes": list(check.notes),
        "error": refusal_envelope(refusal)["error"] if refusal else None,
    }


@router.post(
    "/experiments/{uuid:experiment_id}/sweeps",
    response={200: SweepDryRunOut | SweepOut, 201: SweepOut},
    summary="Start a sweep, or only say what it would do and cost",
)
def create_sweep(
    request: HttpRequest,
    experiment_id: UUID,
    payload: SweepIn,
    key: IdempotencyKey = None,
    dry_run: bool = False,
    leave_out_invalid: bool = False,
) -> Status[Any]:
    """Everything is checked before anything is stored. With `dry_run` nothing is stored at all."""
    experiment = get_experiment(experiment_id)
    plan = read_plan(payload.dict())
    named = [payload.continues_from] if payload.continues_from else []
    earlier = next(iter(get_runs(named, field="continues_from")), None)
    if dry_run:
        services.refuse_other_lineage(experiment, earlier)
        return Status(200, _dry_out(services.check_sweep(plan, leave_out=leave_out_invalid)))
    sweep, is_new = services.start_sweep(
        experiment,
        plan,
        leave_out=leave_out_invalid,
        continues_from=earlier,
        intent_key=read_idempotency_key(key),
        scope=scope_of(request, f"sweeps:{experiment.pk}"),
    )
    return Status(201 if is_new else 200, sweep_out(sweep))


@router.get(
    "/experiments/{uuid:experiment_id}/sweeps",
    response=SweepPageOut,
    summary="Sweeps, newest first",
)
def list_sweeps(request: HttpRequest, experiment_id: UUID, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(sweep_rows(get_experiment(experiment_id)), cursor)
    progress = progress_by_id(page.items)
    items = [sweep_out(sweep, progress[sweep.pk]) for sweep in page.items]
    return {"items": items, "next": page.next_cursor}


@router.get("/sweeps/{uuid:sweep_id}", response=SweepOut, summary="One sweep")
def read_sweep(request: HttpRequest, sweep_id: UUID) -> dict[str, Any]:
    return sweep_out(get_sweep(sweep_id))


@router.get("/sweeps/{uuid:sweep_id}/cells", response=CellPageOut, summary="Cells in their order")
def list_cells(request: HttpRequest, sweep_id: UUID, cursor: str = "") -> dict[str, Any]:
    sweep = get_sweep(sweep_id)
    page = cells_page(sweep, cursor)
    return {"items": [cell_out(cell, sweep.axes) for cell in page.items], "next": page.next_cursor}


@router.post("/sweeps/{uuid:sweep_id}/retry", response=SweepOut, summary="Run failed cells again")
def retry_sweep(request: HttpRequest, sweep_id: UUID, payload: RetryIn) -> dict[str, Any]:
    """What succeeded never runs again; a canceled cell only when it is named."""
    sweep = get_sweep(sweep_id)
    services.retry_cells(sweep, payload.cells)
    return sweep_out(get_sweep(sweep_id))


@router.post("/sweeps/{uuid:sweep_id}/cancel", response=SweepOut, summary="Cancel what is not sent")
def cancel_sweep(request: HttpRequest, sweep_id: UUID) -> dict[str, Any]:
    services.cancel_sweep(get_sweep(sweep_id))
    return sweep_out(get_sweep(sweep_id))


@router.post("/sweeps/{uuid:sweep_id}/pause", response=SweepOut, summary="Start no further run")
def pause_sweep(request: HttpRequest, sweep_id: UUID) -> dict[str, Any]:
    return sweep_out(services.pause_sweep(get_sweep(sweep_id)))


@router.post("/sweeps/{uuid:sweep_id}/resume", response=SweepOut, summary="Go on")
def resume_sweep(request: HttpRequest, sweep_id: UUID) -> dict[str, Any]:
    return sweep_out(services.resume_sweep(get_sweep(sweep_id)))


@router.patch("/sweeps/{uuid:sweep_id}", response=SweepOut, summary="Change its pace or its cap")
def change_sweep(request: HttpRequest, sweep_id: UUID, payload: SweepChangeIn) -> dict[str, Any]:
    given = payload.dict(exclude_unset=True)
    return sweep_out(services.change_sweep(get_sweep(sweep_id), **given))
