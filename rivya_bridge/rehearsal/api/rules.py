"""The HTTP API's routes for what rehearsals are held to, and for labels that wait for one."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.selectors.golden import label_rules, measure_of

router = Router()


class MeasureOut(Schema):
    """`tolerances` by kind of result, `counts` of count, type, size and distance."""

    tolerances: dict[str, float]
    counts: list[str]


class MeasureIn(Schema):
    model_config = ConfigDict(extra="forbid")

    tolerances: dict[str, float | None] = Field(
        {}, description="by kind: image, video, audio, chat; what is absent or null is the usual"
    )
    counts: list[str] | None = Field(None, description="what counts; everything if absent")


class LabelRuleOut(Schema):
    label: str
    max_age_days: int


class LabelRuleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    max_age_days: int = Field(description="1 to 365")


def _measure_out(template: JobTemplate) -> dict[str, Any]:
    measure = measure_of(template)
    return {"tolerances": dict(measure.tolerances), "counts": list(measure.counts)}


@router.get(
    "/templates/{slug}/rehearsal-measure", response=MeasureOut, summary="What results are held to"
)
def read_measure(request: HttpRequest, slug: str) -> dict[str, Any]:
    return _measure_out(get_template(slug))


@router.put(
    "/templates/{slug}/rehearsal-measure",
    response=MeasureOut,
    summary="Change what they are held to",
)
def write_measure(request: HttpRequest, slug: str, payload: MeasureIn) -> dict[str, Any]:
    template = get_template(slug)
    services.set_measure(template, payload.tolerances, payload.counts)
    return _measure_out(template)


@router.get(
    "/templates/{slug}/label-rules",
    response=list[LabelRuleOut],
    summary="The labels that wait for a rehearsal",
)
def list_label_rules(request: HttpRequest, slug: str) -> list[Any]:
    return list(label_rules(get_template(slug)))


@router.put(
    "/templates/{slug}/label-rules/{label}",
    response=LabelRuleOut,
    summary="Let a label wait for a rehearsal that passed so lately",
)
def write_label_rule(request: HttpRequest, slug: str, label: str, payload: LabelRuleIn) -> Any:
    return services.require_rehearsal(
        get_template(slug), label, payload.max_age_days, author=author_of(request)
    )


@router.delete(
    "/templates/{slug}/label-rules/{label}",
    response={204: None},
    summary="Let it move without a rehearsal again",
)
def delete_label_rule(request: HttpRequest, slug: str, label: str) -> Status[None]:
    services.release_label(get_template(slug), label)
    return Status(204, None)
