"""The HTTP API's route for promotion."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.authors import author_of
from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation.api import TemplateOut, template_out
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.promotion.services import preview_promotion, promote_run, propose

router = Router(tags=["promotion"])


class PromoteIn(Schema):
    """What is left out is proposed from the run itself: its prompt, its params fixed, a slot for each
    reference with the used file as default, and its cost as the cap."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="1 to 120 characters")
    slug: str | None = Field(
        None, description="the template's address; made from the name if absent"
    )
    description: str = ""
    prompt: str | None = Field(None, description="the run's prompt with {{ variables }}")
    variables: list[dict[str, Any] | str] = Field(
        [],
        description='names, or {"name", "type": text|number|choice|boolean, "default", "required", '
        '"label", "max_length"|"min"|"max"|"options"}; what stood in the run is the default',
    )
    exposed_params: list[dict[str, Any] | str] = Field(
        [], description='keys of params that jobs may set, or {"key", "default", "label"}'
    )
    fixed_params: dict[str, Any] | None = None
    file_slots: list[dict[str, Any]] | None = Field(
        None,
        description='{"name", "kind", "required", "default_file", "label", "mime_types", "max_size_mb", '
        '"max_seconds"}, in order',
    )
    expected: dict[str, Any] | None = Field(None, description='{"category", "count"} of its result')
    credit_cap: int | None = Field(None, description="the most a job may be expected to cost")
    reason: str = ""


class SeenOut(Schema):
    """One text that stood for a variable, with the numbers of its runs."""

    value: str
    runs: list[int]


class PreviewOut(Schema):
    """What the proposal would send for one accepted run, and how that differs from what the run sent;
    `request` is null where it makes none."""

    run: int
    request: Any
    differences: list[str]


class ProposalOut(Schema):
    """A filled-in promotion: send any of it back to `promote`. `odd_runs` have another shape; with
    `problems` the run cannot be promoted."""

    name: str
    slug: str
    model: str
    prompt: str
    variables: list[dict[str, Any]]
    seen: dict[str, list[SeenOut]]
    fixed_params: dict[str, Any]
    exposed_params: list[dict[str, Any]]
    varied_params: dict[str, list[Any]]
    file_slots: list[dict[str, Any]]
    expected: dict[str, Any]
    credit_cap: int
    runs: list[int]
    odd_runs: list[int]
    no_shape: str = Field(description="why the prompts have no common shape; empty where they have")
    previews: list[PreviewOut]
    problems: list[str]


CHOSEN = ("prompt", "variables", "fixed_params", "exposed_params", "file_slots", "credit_cap")
TOLD = (*CHOSEN, "name", "slug", "varied_params", "expected", "odd_runs")


@router.get(
    "/runs/{uuid:run_id}/proposal",
    response=ProposalOut,
    summary="What a promotion of the run would look like",
)
def read_proposal(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Drawn from the run and the other accepted runs of its model in the experiment; stores nothing."""
    run = get_run(run_id)
    found = propose(run)
    chosen = {name: getattr(found, name) for name in CHOSEN}
    previews, problems = preview_promotion(run, found, **chosen)
    seen = {
        name: [{"value": value, "runs": numbers} for value, numbers in values]
        for name, values in found.seen.items()
    }
    return {name: getattr(found, name) for name in TOLD} | {
        "model": found.model_id,
        "seen": seen,
        "runs": [source.number for source in found.sources],
        "no_shape": "" if found.induction.shape else found.induction.reason,
        "previews": [
            {
                "run": one.run.number,
                "request": json.loads(one.request) if one.request else None,
                "differences": [problem.message for problem in one.differences],
            }
            for one in previews
        ],
        "problems": [problem.message for problem in (*found.problems, *problems)],
    }


@router.post(
    "/runs/{uuid:run_id}/promote",
    response={200: TemplateOut, 201: TemplateOut},
    summary="Promote a run to a job template",
)
def promote(
    request: HttpRequest, run_id: UUID, payload: PromoteIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    run = get_run(run_id)
    body = payload.dict()

    def make() -> str:
        return promote_run(run, **body, author=author_of(request)).template.slug

    scope = scope_of(request, f"promote:{run.pk}")
    slug, is_new = do_once(scope, read_idempotency_key(key), body, make)
    return Status(201 if is_new else 200, template_out(get_template(slug)))
