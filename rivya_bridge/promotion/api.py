"""The HTTP API's route for promotion."""

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
from rivya_bridge.promotion.services import promote_run

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
        None, description='{"name", "kind", "required", "default_file", "label"}, in order'
    )
    credit_cap: int | None = Field(None, description="the most a job may be expected to cost")
    reason: str = ""


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
