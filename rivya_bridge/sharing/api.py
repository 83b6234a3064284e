"""The HTTP API's routes for imports and exports."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.comparison.selectors import get_comparison
from rivya_bridge.experiments.api import ExperimentOut
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Conflict
from rivya_bridge.sharing.bulk.looking import receive_runs
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.pages.building import comparison_page, findings_page
from rivya_bridge.sharing.portable.services import receive_experiment
from rivya_bridge.sharing.portable.writing import exported_file, file_name
from rivya_bridge.sharing.refusing import refusal_of
from rivya_bridge.sharing.staging import discard, get_staged
from rivya_bridge.sharing.views.pages import as_download
from rivya_bridge.sharing.working import carry_on_now, stop

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


class ImportOut(Schema):
    """A file that was sent. While `status` is looking, importing or undoing it is worked on: `stage`
    says at what, and `done_count` of `total_count` how far that is."""

    id: UUID
    name: str
    status: str
    stage: str
    done_count: int
    total_count: int
    experiment_id: UUID | None
    refusal: str
    rows: list[ImportedRowOut]


@router.post(
    "/experiments/import",
    response={201: ExperimentOut, 202: ImportOut},
    summary="Restore an experiment",
)
def import_one(
    request: HttpRequest, file: File[UploadedFile], again: bool = False
) -> Status[Experiment | dict[str, Any]]:
    """Multipart field `file`: a ZIP of the export. 409 when it is here already, unless `again` is
    true. Nothing is sent or spent: API runs come back as history. 202 when it takes longer than a
    moment: `GET /imports/{id}` says how far it is, and at the end which experiment it made."""
    staged = carry_on_now(receive_experiment(file, file.name or "", straight=True, again=again))
    if staged.is_in_work:
        return Status(202, _import_out(staged))
    discard(staged)
    if staged.refusal:
        raise refusal_of(staged)
    return Status(201, Experiment.objects.get(pk=staged.outcome["experiment"]))


@router.get("/imports/{uuid:import_id}", response=ImportOut, summary="How far an import is")
def show_import(request: HttpRequest, import_id: UUID) -> dict[str, Any]:
    return _import_out(get_staged(import_id))


@router.delete("/imports/{uuid:import_id}", response={204: None}, summary="Cancel an import")
def cancel_import(request: HttpRequest, import_id: UUID) -> Status[None]:
    """What is being made of it is taken back, and the file forgotten; 409 once it is imported."""
    staged = get_staged(import_id)
    stop(staged, seconds=settings.IMPORT_AT_ONCE_SECONDS)
    left = Staged.objects.filter(pk=staged.pk).first()
    if left and left.status == Staged.Status.DONE:
        raise Conflict("It is imported already: nothing was canceled.")
    if left and left.status == Staged.Status.READY:
        discard(left)
    return Status(204, None)


def _import_out(staged: Staged) -> dict[str, Any]:
    made = staged.outcome.get("experiment")
    return {
        "id": staged.pk,
        "name": staged.name,
        "status": staged.status,
        "stage": staged.get_stage_display() if staged.is_in_work else "",
        "done_count": staged.done_count,
        "total_count": staged.total_count,
        "experiment_id": made or staged.experiment_id,
        "refusal": staged.refusal.get("message", ""),
        "rows": [_row_out(row) for row in staged.rows.all()],
    }


@router.post(
    "/experiments/{uuid:experiment_id}/runs/import",
    response={200: ImportedRunsOut, 201: ImportedRunsOut, 202: ImportOut},
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
    over. 202 when it takes longer than a moment: `GET /imports/{id}` says how far it is."""
    ensure_catalog()
    experiment = get_experiment(experiment_id)
    asked = {"straight": not dry_run, "good_only": good_only}
    sent = receive_runs(experiment, file, file.name or "", model=model, prompt=prompt, **asked)
    staged = carry_on_now(sent)
    if staged.is_in_work:
        return Status(202, _import_out(staged))
    rows = [_row_out(row) for row in staged.rows.all()]
    discard(staged)
    if staged.refusal:
        raise refusal_of(staged)
    recorded = sum(row["run_id"] is not None for row in rows)
    return Status(201 if recorded else 200, {"recorded": recorded, "rows": rows})


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
