"""The HTTP API's routes for imports and exports."""

from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.comparison.selectors import get_comparison
from rivya_bridge.experiments.api import ExperimentOut
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sharing.bulk.looking import stage_runs
from rivya_bridge.sharing.bulk.recording import import_runs
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.pages.building import comparison_page, findings_page
from rivya_bridge.sharing.portable.services import import_received
from rivya_bridge.sharing.portable.writing import exported_file, file_name
from rivya_bridge.sharing.staging import discard
from rivya_bridge.sharing.views.pages import as_download

router = Router(tags=["experiments"])
FILE = {"200": {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
PAGE = {"200": {"content": {"text/html": {"schema": {"type": "string"}}}}}


class RowProblemOut(Schema):
    field: str
    message: str


class ImportedRowOut(Schema):
    """One row. `run_id` once it is recorded; `twin_id`: the run that is the same already."""

    row: str
    problems: list[RowProblemOut]
    run_id: UUID | None
    twin_id: UUID | None


class ImportedRunsOut(Schema):
    recorded: int
    rows: list[ImportedRowOut]


@router.get(
    "/experiments/{uuid:experiment_id}/export",
    summary="An experiment as ZIP",
    openapi_extra={"responses": FILE},
)
def export(request: HttpRequest, experiment_id: UUID) -> HttpResponseBase:
    """With its runs, files, votes, comparisons and task history; `POST /experiments/import` restores it."""
    experiment = get_experiment(experiment_id)
    name = f"{file_name(experiment)}.zip"
    file = exported_file(experiment)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@router.post("/experiments/import", response={201: ExperimentOut}, summary="Restore an experiment")
def import_one(
    request: HttpRequest, file: File[UploadedFile], again: bool = False
) -> Status[Experiment]:
    """Multipart field `file`: a ZIP of the export. 409 when it is here already, unless `again` is
    true. Nothing is sent or spent: API runs come back as history."""
    return Status(201, import_received(file, file.name or "", again=again))


@router.post(
    "/experiments/{uuid:experiment_id}/runs/import",
    response={200: ImportedRunsOut, 201: ImportedRunsOut},
    summary="Record many Studio runs",
)
def import_many(
    request: HttpRequest,
    experiment_id: UUID,
    file: File[UploadedFile],
    model: Form[str] = "",
    prompt: Form[str] = "",
    dry_run: bool = False,
    good_only: bool = False,
) -> Status[dict[str, Any]]:
    """Multipart field `file`: a ZIP, or a table (.csv, .json, .jsonl). `dry_run` only looks. Without
    `good_only` one bad row keeps all from being recorded. Rows that are there already are passed
    over."""
    ensure_catalog()
    experiment = get_experiment(experiment_id)
    with ExitStack() as stack:
        staged = stage_runs(experiment, file, file.name or "", model=model, prompt=prompt)
        stack.callback(discard, staged)
        bad = [row for row in staged.rows.all() if row.problems]
        if bad and not good_only and not dry_run:
            raise _bad_rows(bad)
        if not dry_run and (fresh := _fresh(staged)):
            import_runs(staged, fresh)
        rows = [_row_out(row) for row in staged.rows.all()]
    recorded = sum(row["run_id"] is not None for row in rows)
    return Status(201 if recorded else 200, {"recorded": recorded, "rows": rows})


def _fresh(staged: Staged) -> list[int]:
    """The good rows that are not there already."""
    return [
        row.position
        for row in staged.rows.all()
        if not row.problems and row.twin_id is None and "double_of" not in row.facts
    ]


def _bad_rows(rows: list[Any]) -> Refusal:
    problems = [
        Problem(f"{row.facts['line']}: {one['field']}", one["message"])
        for row in rows
        for one in row.problems
    ]
    text = f"{len(rows)} rows have problems, so that nothing was recorded: {problems[0].message}"
    return Refusal(text, problems[:50])


def _row_out(row: Any) -> dict[str, Any]:
    return {
        "row": row.facts["line"],
        "problems": row.problems,
        "run_id": row.run_id,
        "twin_id": row.twin_id,
    }


@router.get(
    "/experiments/{uuid:experiment_id}/findings.html",
    summary="An experiment's findings as one page",
    openapi_extra={"responses": PAGE},
)
def findings(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """One HTML file with its media in it, which loads nothing."""
    experiment = get_experiment(experiment_id)
    return as_download(findings_page(experiment), f"{file_name(experiment)}-findings")


@router.get(
    "/comparisons/{uuid:comparison_id}/export.html",
    summary="A comparison as one page",
    openapi_extra={"responses": PAGE},
)
def comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    """One HTML file with its media in it, which loads nothing."""
    one = get_comparison(comparison_id)
    return as_download(comparison_page(one), f"{file_name(one.experiment)}-comparison")
