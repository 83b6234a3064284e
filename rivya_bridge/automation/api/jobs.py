"""The HTTP API's routes for templates and jobs."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.selectors import (
    chosen_version,
    get_job,
    get_template,
    job_rows,
    template_rows,
)
from rivya_bridge.automation.services import (
    day_budget,
    preflight_job,
    set_day_cap,
    set_delivery,
    set_failure_route,
    start_job,
    update_template,
)
from rivya_bridge.files.api import content_url
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.api import ExplanationOut, TaskOut, task_out
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.web.errors import refusal_envelope
from rivya_bridge.web.pagination import keyset_page
from rivya_bridge.webhooks.selectors import how_learned

router = Router()


class TemplateOut(Schema):
    """A template with its current version's content."""

    id: UUID
    slug: str
    name: str
    description: str
    version: int
    model: str
    category: str
    prompt: str
    variables: list[dict[str, Any]]
    fixed_params: dict[str, Any]
    exposed_params: list[dict[str, Any]]
    file_slots: list[dict[str, Any]]
    expected: dict[str, Any]
    credit_cap: int
    delivery: str = Field(description="poll, poll_and_webhook, or webhook with polling behind it")
    failure_route: str = Field(description="person, or retry")
    retries: int
    day_cap: int | None = Field(description="the most that its jobs may spend in a day (UTC)")
    created_at: datetime


class TemplateDetailOut(TemplateOut):
    """`spent_today` counts towards `day_cap`: charged today, reserved at Rivya, or set aside."""

    spent_today: int


class TemplatePageOut(Schema):
    items: list[TemplateOut]
    next: str | None


class TemplateChangeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    description: str | None = None
    delivery: str | None = None
    failure_route: str | None = None
    retries: int | None = None
    day_cap: int | None = Field(None, description="1 to 1,000,000; null lifts it")


class JobIn(Schema):
    model_config = ConfigDict(extra="forbid")

    label: str = Field("", description="the version it names; the current one without")
    inputs: dict[str, Any] = Field(
        {}, description="by name: variables, exposed params, and file ids for slots"
    )


class JobResultOut(Schema):
    file_id: UUID
    kind: str
    mime_type: str
    url: str


class JobOut(Schema):
    id: UUID
    template: str
    version: int
    label: str
    status: str
    inputs: dict[str, Any]
    source: str
    task: TaskOut
    answer: str = Field(description="of a chat turn, what the model wrote; else empty")
    results: list[JobResultOut]
    created_at: datetime


class JobDetailOut(JobOut):
    """`explanation` is there for what is held, failed or canceled; `learned` tells how its end was."""

    explanation: ExplanationOut | None
    learned: str


class JobPageOut(Schema):
    items: list[JobOut]
    next: str | None


class DryRunOut(Schema):
    """What a job would send and cost; `ok` is false when something stands in its way."""

    dry_run: bool
    ok: bool
    estimated_credits: int | None
    request: Any
    error: Any


def template_out(template: JobTemplate) -> dict[str, Any]:
    version = template.current_version
    assert version is not None  # a template is made together with its first version
    return {
        "id": template.pk,
        "slug": template.slug,
        "name": template.name,
        "description": template.description,
        "version": version.number,
        "model": version.model_id,
        "category": version.category,
        "prompt": version.prompt,
        "variables": version.variables,
        "fixed_params": version.fixed_params,
        "exposed_params": version.exposed_params,
        "file_slots": version.file_slots,
        "expected": version.expected,
        "credit_cap": version.credit_cap,
        "delivery": template.delivery,
        "failure_route": template.failure_route,
        "retries": template.retries,
        "day_cap": template.day_cap,
        "created_at": template.created_at,
    }


def job_out(job: Job) -> dict[str, Any]:
    outputs = [row.file for row in job.task.outputs.all() if row.file is not None]
    return {
        "id": job.pk,
        "template": job.template.slug,
        "version": job.version.number,
        "label": job.label,
        "status": job.status,
        "inputs": job.inputs,
        "source": job.source,
        "task": task_out(job.task),
        "answer": job.task.answer_text,
        "results": [
            {
                "file_id": file.pk,
                "kind": file.kind,
                "mime_type": file.mime_type,
                "url": content_url(file.pk),
            }
            for file in outputs
        ],
        "created_at": job.created_at,
    }


@router.get("/templates", response=TemplatePageOut, summary="Job templates, newest first")
def list_templates(request: HttpRequest, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(template_rows(), cursor)
    return {"items": [template_out(row) for row in page.items], "next": page.next_cursor}


def _template_detail(template: JobTemplate) -> dict[str, Any]:
    return template_out(template) | {"spent_today": day_budget(template).spent}


@router.get("/templates/{slug}", response=TemplateDetailOut, summary="One template")
def read_template(request: HttpRequest, slug: str) -> dict[str, Any]:
    return _template_detail(get_template(slug))


@router.patch(
    "/templates/{slug}", response=TemplateDetailOut, summary="Change what is not versioned"
)
def change_template(request: HttpRequest, slug: str, payload: TemplateChangeIn) -> dict[str, Any]:
    """Name, description, how jobs learn their end, where failed ones go, and what they may spend in a
    day: all of it or nothing. What is left out stays."""
    template = get_template(slug)
    with transaction.atomic():
        if payload.delivery is not None:
            set_delivery(template, payload.delivery)
        if payload.failure_route is not None or payload.retries is not None:
            route = payload.failure_route or template.failure_route
            retries = template.retries if payload.retries is None else payload.retries
            set_failure_route(template, route, retries)
        if "day_cap" in payload.model_fields_set:
            set_day_cap(template, payload.day_cap)
        update_template(template, name=payload.name, description=payload.description)
    return _template_detail(template)


@router.get("/templates/{slug}/jobs", response=JobPageOut, summary="Its jobs, newest first")
def list_jobs(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(job_rows(get_template(slug)), cursor)
    return {"items": [job_out(job) for job in page.items], "next": page.next_cursor}


@router.post(
    "/templates/{slug}/jobs",
    response={200: DryRunOut | JobOut, 201: JobOut},
    summary="Start a job, or only say what it would send and cost",
)
def create_job(
    request: HttpRequest,
    slug: str,
    payload: JobIn,
    key: IdempotencyKey = None,
    dry_run: Annotated[bool, Query()] = False,
) -> Status[dict[str, Any]]:
    """The same Idempotency-Key and body answer with the same job (200); another body is a 409 that
    names the fields that differ. `dry_run=1` creates and spends nothing."""
    template = get_template(slug)
    if dry_run:
        return Status(200, _dry_run(template, payload))
    once = read_idempotency_key(key)

    body = payload.dict() if payload.label else payload.inputs

    def make() -> str:
        job, _ = start_job(template, payload.inputs, source=Job.Source.API, label=payload.label)
        return str(job.pk)

    scope = scope_of(request, f"jobs:{template.pk}")
    made, is_new = do_once(scope, once, body, make)
    return Status(201 if is_new else 200, job_out(get_job(made)))


def _dry_run(template: JobTemplate, wanted: JobIn) -> dict[str, Any]:
    plan = preflight_job(chosen_version(template, wanted.label), wanted.inputs)
    refusal = Refusal.of(plan.problems) if plan.problems else None
    return {
        "dry_run": True,
        "ok": refusal is None,
        "estimated_credits": plan.estimated_credits,
        "request": plan.body,
        "error": refusal_envelope(refusal)["error"] if refusal else None,
    }


@router.get("/jobs/{uuid:job_id}", response=JobDetailOut, summary="One job, explained")
def read_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    job = get_job(job_id)
    told = explain(job.task)
    return job_out(job) | {
        "explanation": asdict(told) if told else None,
        "learned": how_learned(job.task),
    }
