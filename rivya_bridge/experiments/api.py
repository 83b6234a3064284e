"""The HTTP API's routes for experiments and runs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict, StrictInt

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.experiments import services
from rivya_bridge.experiments.fields import MAX_FILES
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import (
    experiment_rows,
    get_experiment,
    get_run,
    get_runs,
    run_rows,
)
from rivya_bridge.files.api import content_url
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.web.pagination import keyset_page

router = Router(tags=["experiments"])


class ExperimentIn(Schema):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(description="1 to 200 characters")
    question: str = Field(
        "", description="what the experiment is to answer, at most 500 characters"
    )
    brief: str = Field("", description="at most 10,000 characters")
    category: str = Field("image", description="image, video, audio or chat")
    tags: list[str] = Field([], description="at most 20 of at most 40 characters")


class ExperimentOut(Schema):
    id: UUID
    title: str
    question: str
    brief: str
    category: str
    tags: list[str]
    status: str
    run_count: int
    created_at: datetime
    updated_at: datetime


class ExperimentPageOut(Schema):
    items: list[ExperimentOut]
    next: str | None


class RunIn(Schema):
    """`source` api sends it to Rivya; studio records what was done by hand."""

    model_config = ConfigDict(extra="forbid")

    source: Literal["studio", "api"]
    model: str = Field(description="a model id of the model list")
    prompt: str = ""
    params: dict[str, Any] = Field({}, description="the model's own keys")
    references: list[UUID] = Field([], max_length=MAX_FILES, description="ids of files, in order")
    results: list[UUID] = Field([], max_length=MAX_FILES, description="ids of files; studio only")
    result_text: str = Field("", description="studio only")
    credits: StrictInt | None = Field(None, description="what it cost; studio only")
    duration_seconds: float | None = Field(None, description="how long it took; studio only")
    rating: StrictInt | None = Field(None, description="1 to 5")
    verdict: str = Field("", description="accepted, rejected or empty")
    note: str = Field("", description="at most 5,000 characters")
    continues_from: UUID | None = Field(None, description="a run of the same experiment")


class RunChangeIn(Schema):
    """What a person says of a run; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    rating: StrictInt | None = None
    verdict: str | None = None
    note: str | None = None


class ResultOut(Schema):
    file_id: UUID
    kind: str
    mime_type: str
    sha256: str
    url: str


class RunOut(Schema):
    id: UUID
    experiment_id: UUID
    number: int
    source: str
    status: str
    model: str
    prompt: str
    params: dict[str, Any]
    references: list[ResultOut]
    results: list[ResultOut]
    result_text: str
    credits: int | None
    duration_seconds: float | None
    rating: int | None
    verdict: str
    note: str
    continues_from: UUID | None
    task_id: UUID | None
    created_at: datetime


class RunPageOut(Schema):
    items: list[RunOut]
    next: str | None


def _file_out(file: Any) -> dict[str, Any]:
    return {
        "file_id": file.pk,
        "kind": file.kind,
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "url": content_url(file.pk),
    }


def run_out(run: Run) -> dict[str, Any]:
    """A run in the API's words."""
    return {
        "id": run.pk,
        "experiment_id": run.experiment_id,
        "number": run.number,
        "source": run.source,
        "status": run.status,
        "model": run.model_id,
        "prompt": run.prompt,
        "params": run.params,
        "references": [_file_out(row.file) for row in run.references.all()],
        "results": [_file_out(row.file) for row in run.results.all()],
        "result_text": run.result_text,
        "credits": run.credits,
        "duration_seconds": run.duration_seconds,
        "rating": run.rating,
        "verdict": run.verdict,
        "note": run.note,
        "continues_from": run.continues_from_id,
        "task_id": run.task_id,
        "created_at": run.created_at,
    }


@router.get("/experiments", response=ExperimentPageOut, summary="Experiments, newest first")
def list_experiments(
    request: HttpRequest, status: str = "", category: str = "", q: str = "", cursor: str = ""
) -> dict[str, Any]:
    page = keyset_page(experiment_rows(status=status, category=category, query=q), cursor)
    return {"items": page.items, "next": page.next_cursor}


@router.post(
    "/experiments", response={200: ExperimentOut, 201: ExperimentOut}, summary="Start an experiment"
)
def create_experiment(
    request: HttpRequest, payload: ExperimentIn, key: IdempotencyKey = None
) -> Status[Experiment]:
    body = payload.dict()

    def make() -> str:
        return str(services.create_experiment(**body).pk)

    once = read_idempotency_key(key)
    made, is_new = do_once(scope_of(request, "experiments"), once, body, make)
    return Status(201 if is_new else 200, get_experiment(made))


@router.get("/experiments/{uuid:experiment_id}", response=ExperimentOut, summary="One experiment")
def read_experiment(request: HttpRequest, experiment_id: UUID) -> Experiment:
    return get_experiment(experiment_id)


@router.get(
    "/experiments/{uuid:experiment_id}/runs", response=RunPageOut, summary="Runs, newest first"
)
def list_runs(
    request: HttpRequest,
    experiment_id: UUID,
    source: str = "",
    model: str = "",
    verdict: str = "",
    status: str = "",
    cursor: str = "",
) -> dict[str, Any]:
    experiment = get_experiment(experiment_id)
    rows = run_rows(experiment, source=source, model=model, verdict=verdict, status=status)
    page = keyset_page(rows, cursor)
    return {"items": [run_out(run) for run in page.items], "next": page.next_cursor}


@router.post(
    "/experiments/{uuid:experiment_id}/runs",
    response={200: RunOut, 201: RunOut},
    summary="Record a Studio run, or run through the API",
)
def create_run(
    request: HttpRequest, experiment_id: UUID, payload: RunIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    """Errors name every field that breaks a rule; nothing is created or spent then."""
    experiment = get_experiment(experiment_id)
    body = payload.dict()

    def make() -> str:
        return str(_make_run(experiment, payload).pk)

    scope = scope_of(request, f"runs:{experiment.pk}")
    made, is_new = do_once(scope, read_idempotency_key(key), body, make)
    return Status(201 if is_new else 200, run_out(get_run(made)))


STUDIO_ONLY = ("results", "result_text", "credits", "duration_seconds")


def _make_run(experiment: Experiment, payload: RunIn) -> Run:
    references = get_files(payload.references, field="references")
    named = [payload.continues_from] if payload.continues_from else []
    earlier = next(iter(get_runs(named, field="continues_from")), None)
    common: dict[str, Any] = {
        "model_id": payload.model,
        "prompt": payload.prompt,
        "params": payload.params,
        "references": references,
        "continues_from": earlier,
        "note": payload.note,
    }
    if payload.source == "api":
        given = [name for name in STUDIO_ONLY if getattr(payload, name)]
        if given:
            text = "is only for Studio runs: an API run gets it from Rivya."
            raise Refusal.of([Problem(name, f"{name} {text}") for name in given])
        run = services.start_api_run(experiment, **common)
        services.rate_run(run, payload.rating)
        services.judge_run(run, payload.verdict)
        return run
    return services.record_studio_run(
        experiment,
        **common,
        results=get_files(payload.results, field="results"),
        result_text=payload.result_text,
        credits=payload.credits,
        duration_seconds=payload.duration_seconds,
        rating=payload.rating,
        verdict=payload.verdict,
    )


@router.get("/runs/{uuid:run_id}", response=RunOut, summary="One run")
def read_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    return run_out(get_run(run_id))


@router.patch("/runs/{uuid:run_id}", response=RunOut, summary="Rate, judge or annotate a run")
def change_run(request: HttpRequest, run_id: UUID, payload: RunChangeIn) -> dict[str, Any]:
    """All that is given is changed, or nothing."""
    run = get_run(run_id)
    given = payload.dict(exclude_unset=True)
    with transaction.atomic():
        if "rating" in given:
            services.rate_run(run, given["rating"])
        if "verdict" in given:
            services.judge_run(run, given["verdict"] or "")
        if "note" in given:
            services.annotate_run(run, given["note"] or "")
    return run_out(get_run(run_id))
