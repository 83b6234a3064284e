"""The HTTP API's routes for rehearsals."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.authors import author_of
from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.selectors import chosen_version, get_template, get_version
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.models import Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.selectors.rehearsals import (
    case_rows,
    get_case,
    get_rehearsal,
    rehearsal_rows,
)
from rivya_bridge.web.pagination import keyset_page

router = Router()


class RehearsalIn(Schema):
    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, description="the current version if absent")


class PlannedCaseOut(Schema):
    """`unfit` says why the version cannot run the case; then it costs nothing."""

    golden_case: UUID
    name: str
    tolerance: float
    estimated_credits: int
    unfit: str


class ProblemOut(Schema):
    field: str
    message: str
    limit: str | int | float | None


class RehearsalPlanOut(Schema):
    """What a rehearsal would run and about cost; with `problems` it could not start."""

    template: str
    version: int
    cases: list[PlannedCaseOut]
    estimated_credits: int
    problems: list[ProblemOut]


class RehearsalCaseOut(Schema):
    """`verdict` is passed, differs, failed, unclear (not comparable) or "" until it is judged;
    `final_verdict` counts what a person accepted or overruled. `distance` is 0 to 1 or null."""

    ordinal: int
    golden_case: UUID
    name: str
    status: str
    verdict: str
    final_verdict: str
    distance: float | None
    tolerance: float
    detail: str
    reason: str
    job: UUID | None
    accepted_as: UUID | None
    overrule_reason: str
    overruled_by: str


class RehearsalOut(Schema):
    """`kind` is dress or drift, `status` running or finished."""

    id: UUID
    template: str
    version: int
    kind: str
    status: str
    verdict: str
    estimated_credits: int
    author: str
    created_at: datetime
    finished_at: datetime | None


class RehearsalDetailOut(RehearsalOut):
    cases: list[RehearsalCaseOut]


class RehearsalPageOut(Schema):
    items: list[RehearsalOut]
    next: str | None


class OverruleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str


def rehearsal_out(row: Rehearsal) -> dict[str, Any]:
    names = (
        "kind", "status", "verdict", "estimated_credits", "author", "created_at", "finished_at",
    )  # fmt: skip
    return {
        "id": row.pk,
        "template": row.template.slug,
        "version": row.version.number,
        **{name: getattr(row, name) for name in names},
    }


def _case_out(case: RehearsalCase) -> dict[str, Any]:
    names = (
        "ordinal", "status", "verdict", "final_verdict", "distance", "tolerance", "detail",
        "reason", "overrule_reason", "overruled_by",
    )  # fmt: skip
    return {
        "golden_case": case.golden_id,
        "name": case.golden.name,
        "job": case.job_id,
        "accepted_as": case.accepted_id,
        **{name: getattr(case, name) for name in names},
    }


def _detail(rehearsal_id: str | UUID) -> dict[str, Any]:
    row = get_rehearsal(rehearsal_id)
    return {**rehearsal_out(row), "cases": [_case_out(case) for case in case_rows(row)]}


def _version(template: JobTemplate, number: int | None) -> TemplateVersion:
    return chosen_version(template) if number is None else get_version(template, number)


def _plan_out(template: JobTemplate, plan: services.RehearsalPlan) -> dict[str, Any]:
    return {
        "template": template.slug,
        "version": plan.version.number,
        "estimated_credits": plan.estimated_credits,
        "problems": plan.problems,
        "cases": [
            {
                "golden_case": case.golden.pk,
                "name": case.golden.name,
                "tolerance": case.tolerance,
                "estimated_credits": case.estimated_credits,
                "unfit": case.unfit,
            }
            for case in plan.cases
        ],
    }


@router.post(
    "/templates/{slug}/rehearsals",
    response={200: RehearsalDetailOut | RehearsalPlanOut, 201: RehearsalDetailOut},
    summary="Rehearse a version, or with dry_run only say what that would cost",
)
def start_rehearsal(
    request: HttpRequest,
    slug: str,
    payload: RehearsalIn,
    key: IdempotencyKey = None,
    dry_run: Annotated[bool, Query()] = False,
) -> Status[dict[str, Any]]:
    """Every golden case becomes one job. The same Idempotency-Key answers with the same rehearsal.
    409 while one of that version is running."""
    template = get_template(slug)
    version = _version(template, payload.version)
    once = read_idempotency_key(key)
    if dry_run:
        return Status(200, _plan_out(template, services.plan_rehearsal(template, version)))

    def make() -> str:
        started, _ = services.start_rehearsal(template, version, author=author_of(request))
        return str(started.pk)

    scope = scope_of(request, f"rehearsals:{template.pk}")
    made, is_new = do_once(scope, once, payload.dict(), make)
    return Status(201 if is_new else 200, _detail(made))


@router.get(
    "/templates/{slug}/rehearsals",
    response=RehearsalPageOut,
    summary="Its rehearsals, newest first",
)
def list_rehearsals(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(rehearsal_rows(get_template(slug)), cursor)
    return {"items": [rehearsal_out(row) for row in page.items], "next": page.next_cursor}


@router.get(
    "/rehearsals/{uuid:rehearsal_id}",
    response=RehearsalDetailOut,
    summary="One rehearsal with its cases",
)
def read_rehearsal(request: HttpRequest, rehearsal_id: UUID) -> dict[str, Any]:
    return _detail(rehearsal_id)


@router.post(
    "/rehearsals/{uuid:rehearsal_id}/stop",
    response=RehearsalDetailOut,
    summary="Leave out the cases that have not begun",
)
def stop_rehearsal(request: HttpRequest, rehearsal_id: UUID) -> dict[str, Any]:
    services.cancel_waiting(get_rehearsal(rehearsal_id))
    return _detail(rehearsal_id)


@router.post(
    "/rehearsals/{uuid:rehearsal_id}/cases/{int:ordinal}/accept",
    response=RehearsalDetailOut,
    summary="Make the case's result the new golden one",
)
def accept_case(request: HttpRequest, rehearsal_id: UUID, ordinal: int) -> dict[str, Any]:
    case = get_case(get_rehearsal(rehearsal_id), ordinal)
    services.accept_result(case, author=author_of(request))
    return _detail(rehearsal_id)


@router.post(
    "/rehearsals/{uuid:rehearsal_id}/cases/{int:ordinal}/overrule",
    response=RehearsalDetailOut,
    summary="Let the case count as passed, for a written reason",
)
def overrule_case(
    request: HttpRequest, rehearsal_id: UUID, ordinal: int, payload: OverruleIn
) -> dict[str, Any]:
    case = get_case(get_rehearsal(rehearsal_id), ordinal)
    services.overrule(case, payload.reason, author=author_of(request))
    return _detail(rehearsal_id)
