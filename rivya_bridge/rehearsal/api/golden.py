"""The HTTP API's routes for golden cases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.authors import author_of
from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import get_job, get_template
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.files.api import content_url
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.models import GoldenCase
from rivya_bridge.rehearsal.selectors.golden import (
    Measure,
    get_golden_case,
    golden_cases,
    measure_of,
)

router = Router()


class GoldenFileOut(Schema):
    file_id: UUID
    kind: str
    mime_type: str
    sha256: str
    url: str


class GoldenCaseOut(Schema):
    """`tolerance` is what holds, `own_tolerance` the case's own or null. `expected` is what results
    are held to; its sizes are [least, most]."""

    id: UUID
    template: str
    name: str
    inputs: dict[str, Any]
    run: UUID | None
    job: UUID | None
    files: list[GoldenFileOut]
    text: str
    expected: dict[str, Any]
    tolerance: float
    own_tolerance: float | None
    replaces: UUID | None
    author: str
    created_at: datetime
    ended_at: datetime | None


class GoldenCaseIn(Schema):
    """Exactly one of `run` (accepted) and `job` (succeeded)."""

    model_config = ConfigDict(extra="forbid")

    run: UUID | None = None
    job: UUID | None = None
    name: str = Field("", description="at most 120 characters; named after its source if absent")
    tolerance: float | None = Field(None, description="0 to 1; the template's own if absent")


class ToleranceIn(Schema):
    model_config = ConfigDict(extra="forbid")

    tolerance: float | None = Field(description="0 to 1; null for the template's own")


def golden_out(case: GoldenCase, measure: Measure, slug: str) -> dict[str, Any]:
    return {
        "id": case.pk,
        "template": slug,
        "name": case.name,
        "inputs": case.inputs,
        "run": case.run_id,
        "job": case.job_id,
        "files": [
            {
                "file_id": row.file_id,
                "kind": row.file.kind,
                "mime_type": row.file.mime_type,
                "sha256": row.file.sha256,
                "url": content_url(row.file_id),
            }
            for row in case.files.all()
        ],
        "text": case.text,
        "expected": case.expected,
        "tolerance": measure.tolerance_of(case),
        "own_tolerance": case.tolerance,
        "replaces": case.replaces_id,
        "author": case.author,
        "created_at": case.created_at,
        "ended_at": case.ended_at,
    }


def _one(template: JobTemplate, case_id: str | UUID) -> dict[str, Any]:
    return golden_out(get_golden_case(template, case_id), measure_of(template), template.slug)


@router.get(
    "/templates/{slug}/golden-cases",
    response=list[GoldenCaseOut],
    summary="Its golden cases, in the order in which they were made",
)
def list_golden_cases(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    template = get_template(slug)
    measure = measure_of(template)
    return [golden_out(case, measure, slug) for case in golden_cases(template)]


@router.post(
    "/templates/{slug}/golden-cases",
    response={200: GoldenCaseOut, 201: GoldenCaseOut},
    summary="Make an accepted run or a job golden",
)
def add_golden_case(
    request: HttpRequest, slug: str, payload: GoldenCaseIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    """Nothing is sent or spent. 409 when it is golden already."""
    template = get_template(slug)

    def make() -> str:
        given: dict[str, Any] = {
            "name": payload.name,
            "tolerance": payload.tolerance,
            "author": author_of(request),
        }
        if payload.run is not None and payload.job is None:
            return str(services.golden_from_run(template, get_run(payload.run), **given).pk)
        if payload.job is not None and payload.run is None:
            return str(services.golden_from_job(template, get_job(payload.job), **given).pk)
        text = "Give either run, an accepted run, or job, a job that succeeded."
        raise Refusal.field("run", text)

    scope = scope_of(request, f"golden:{template.pk}")
    made, is_new = do_once(scope, read_idempotency_key(key), payload.dict(), make)
    return Status(201 if is_new else 200, _one(template, made))


@router.get(
    "/templates/{slug}/golden-cases/{uuid:case_id}",
    response=GoldenCaseOut,
    summary="One golden case, ended or not",
)
def read_golden_case(request: HttpRequest, slug: str, case_id: UUID) -> dict[str, Any]:
    return _one(get_template(slug), case_id)


@router.patch(
    "/templates/{slug}/golden-cases/{uuid:case_id}",
    response=GoldenCaseOut,
    summary="Give it a tolerance of its own",
)
def change_golden_case(
    request: HttpRequest, slug: str, case_id: UUID, payload: ToleranceIn
) -> dict[str, Any]:
    template = get_template(slug)
    services.change_tolerance(get_golden_case(template, case_id), payload.tolerance)
    return _one(template, case_id)


@router.delete(
    "/templates/{slug}/golden-cases/{uuid:case_id}",
    response={204: None},
    summary="Rehearse it no longer; earlier rehearsals keep it",
)
def remove_golden_case(request: HttpRequest, slug: str, case_id: UUID) -> Status[None]:
    services.remove_golden_case(get_golden_case(get_template(slug), case_id))
    return Status(204, None)
