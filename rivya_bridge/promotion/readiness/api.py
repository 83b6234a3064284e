"""The HTTP API's routes for readiness."""

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.promotion.readiness import services
from rivya_bridge.promotion.readiness.selectors import current_rules

router = Router(tags=["readiness"])


class EvidenceOut(Schema):
    kind: str = Field(description="run, comparison, model, consumer or credits")
    id: str
    label: str


class AnswerOut(Schema):
    question: str
    points: str = Field(description="studio, api or unknown; an override's word where there is one")
    computed: str
    sentence: str
    change: str = Field(description="what would change the answer")
    evidence: list[EvidenceOut]
    override_reason: str


class ReadinessOut(Schema):
    experiment_id: UUID
    verdict: str = Field(description="keep_in_studio, not_yet or ready")
    answers: list[AnswerOut]


class OverrideIn(Schema):
    model_config = ConfigDict(extra="forbid")

    question: str
    points: Literal["studio", "api"]
    reason: str = Field(description="1 to 1,000 characters")


class ConsumerIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="the system that uses the result; '' for none")
    delivery: Literal["polling", "webhook"] = "polling"


class RulesIn(Schema):
    """What is left out has its default."""

    model_config = ConfigDict(extra="forbid")

    latest_runs: int | None = None
    least_accepted: int | None = None
    apart_percent: int | None = None
    leader_percent: int | None = None
    least_priced: int | None = None
    spread_percent: int | None = None
    wallet_jobs: int | None = None


class RulesOut(Schema):
    latest_runs: int
    least_accepted: int
    apart_percent: int
    leader_percent: int
    least_priced: int
    spread_percent: int
    wallet_jobs: int


def _out(experiment: Experiment) -> dict[str, Any]:
    found = services.experiment_readiness(experiment)
    return {"experiment_id": experiment.pk, **found.as_json()}


@router.get(
    "/experiments/{uuid:experiment_id}/readiness",
    response=ReadinessOut,
    summary="Whether an experiment is ready for the API",
)
def read_readiness(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
    return _out(get_experiment(experiment_id))


@router.post(
    "/experiments/{uuid:experiment_id}/readiness/override",
    response=ReadinessOut,
    summary="Override an answer until its evidence changes",
)
def write_override(
    request: HttpRequest, experiment_id: UUID, payload: OverrideIn
) -> dict[str, Any]:
    experiment = get_experiment(experiment_id)
    services.override_answer(experiment, **payload.dict())
    return _out(experiment)


@router.put(
    "/experiments/{uuid:experiment_id}/consumer",
    response=ReadinessOut,
    summary="Name the system that uses the result",
)
def write_consumer(
    request: HttpRequest, experiment_id: UUID, payload: ConsumerIn
) -> dict[str, Any]:
    experiment = get_experiment(experiment_id)
    services.name_consumer(experiment, **payload.dict())
    return _out(experiment)


@router.get("/readiness/rules", response=RulesOut, summary="The limits of the decision")
def read_limits(request: HttpRequest) -> dict[str, Any]:
    return asdict(current_rules())


@router.put("/readiness/rules", response=RulesOut, summary="Set the limits of the decision")
def write_limits(request: HttpRequest, payload: RulesIn) -> dict[str, Any]:
    given = {name: value for name, value in payload.dict().items() if value is not None}
    return asdict(services.set_rules(given))
