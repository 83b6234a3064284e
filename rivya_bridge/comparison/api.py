"""The HTTP API's routes for comparisons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.comparison.ballots_api import router as ballots_router
from rivya_bridge.comparison.models import Comparison
from rivya_bridge.comparison.selectors import get_comparison
from rivya_bridge.comparison.services import MOST_RUNS, save_comparison
from rivya_bridge.experiments.selectors import get_experiment, get_runs

router = Router(tags=["comparisons"])
router.add_router("", ballots_router)


class ComparisonIn(Schema):
    model_config = ConfigDict(extra="forbid")

    title: str
    runs: list[UUID] = Field(max_length=MOST_RUNS, description="2 to 6 runs of the experiment")
    winner: UUID | None = None
    conclusion: str = ""


class ComparisonOut(Schema):
    id: UUID
    experiment_id: UUID
    title: str
    runs: list[UUID]
    winner: UUID | None
    conclusion: str
    created_at: datetime


def _out(comparison: Comparison) -> dict[str, Any]:
    return {
        "id": comparison.pk,
        "experiment_id": comparison.experiment_id,
        "title": comparison.title,
        "runs": [item.run_id for item in comparison.items.all()],
        "winner": comparison.winner_id,
        "conclusion": comparison.conclusion,
        "created_at": comparison.created_at,
    }


@router.post(
    "/experiments/{uuid:experiment_id}/comparisons",
    response={200: ComparisonOut, 201: ComparisonOut},
    summary="Keep a comparison",
)
def create_comparison(
    request: HttpRequest, experiment_id: UUID, payload: ComparisonIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    experiment = get_experiment(experiment_id)
    winner = [payload.winner] if payload.winner else []

    def make() -> str:
        comparison = save_comparison(
            experiment,
            title=payload.title,
            runs=get_runs(payload.runs),
            winner=next(iter(get_runs(winner, field="winner")), None),
            conclusion=payload.conclusion,
        )
        return str(comparison.pk)

    scope = scope_of(request, f"comparisons:{experiment.pk}")
    made, is_new = do_once(scope, read_idempotency_key(key), payload.dict(), make)
    return Status(201 if is_new else 200, _out(get_comparison(made)))


@router.get("/comparisons/{uuid:comparison_id}", response=ComparisonOut, summary="One comparison")
def read_comparison(request: HttpRequest, comparison_id: UUID) -> dict[str, Any]:
    return _out(get_comparison(comparison_id))
