"""The HTTP API's route for stability."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.sweeps.stability.selectors import Stability, stability_rows

router = Router()


class OutputOut(Schema):
    count: int
    runs: list[UUID]


class StabilityOut(Schema):
    """One configuration. `spread` and `widest`: 0 the same, 1 unrelated; null until measured."""

    configuration: str
    model: str
    prompt: str
    params: dict[str, Any]
    references: list[str]
    runs: int
    failed: int
    word: str
    sentence: str
    outputs: list[OutputOut]
    spread: float | None
    widest: float | None
    pending_pairs: int
    p50_seconds: float | None
    p95_seconds: float | None
    is_p95_longest: bool
    least_credits: int | None
    most_credits: int | None


class StabilityListOut(Schema):
    items: list[StabilityOut]


@router.get(
    "/experiments/{uuid:experiment_id}/stability",
    response=StabilityListOut,
    summary="How stable each configuration is, over all runs",
)
def list_stability(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
    """The newest 2,000 runs; configurations with most runs first."""
    rows = stability_rows(get_experiment(experiment_id))
    return {"items": [_stability_out(row) for row in rows]}


def _stability_out(row: Stability) -> dict[str, Any]:
    one, meter = row.configuration, row.meter
    names = (
        "failed", "word", "sentence", "spread", "widest", "p50_seconds", "p95_seconds",
        "is_p95_longest", "least_credits", "most_credits",
    )  # fmt: skip
    return {
        "configuration": one.key,
        "model": one.model_id,
        "prompt": one.prompt,
        "params": one.params,
        "references": one.references,
        "runs": row.run_count,
        "outputs": [{"count": o.count, "runs": o.run_ids} for o in meter.outputs],
        "pending_pairs": meter.pending,
        **{name: getattr(meter, name) for name in names},
    }
