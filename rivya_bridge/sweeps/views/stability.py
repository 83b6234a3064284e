"""How stable the configurations of an experiment are, and what references change."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.sweeps.stability.meter import LEAST_RUNS
from rivya_bridge.sweeps.stability.outcomes import MOST_RUNS
from rivya_bridge.sweeps.stability.queue import ring
from rivya_bridge.sweeps.stability.selectors import (
    effect_sentence,
    reference_effects,
    stability_rows,
)

MOST_SHOWN = 50


@require_safe
def stability(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Every configuration that ran more than once; those that ran once are only counted. Too few runs to
    say how stable it is take a line each, so that what is known comes first."""
    experiment = get_experiment(experiment_id)
    rows = stability_rows(experiment)
    repeated = [row for row in rows if row.run_count > 1]
    shown = repeated[:MOST_SHOWN]
    pending = sum(row.meter.pending for row in rows)
    if pending:
        ring(experiment.pk)
    context = {
        "experiment": experiment,
        "measured": [row for row in shown if row.meter.is_enough],
        "too_few": [row for row in shown if not row.meter.is_enough],
        "least_runs": LEAST_RUNS,
        "more": max(0, len(repeated) - MOST_SHOWN),
        "single": len(rows) - len(repeated),
        "pending": pending,
        "names": model_names(),
        "most_runs": MOST_RUNS,
        "tab": "stability",
    }
    return render(request, "sweeps/stability.html", context)


@require_safe
def references(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Requests that ran with and without reference files, in pairs."""
    experiment = get_experiment(experiment_id)
    pairs = reference_effects(experiment)
    if any(pair.is_complete and pair.distance is None for pair in pairs):
        ring(experiment.pk)
    context = {
        "experiment": experiment,
        "pairs": pairs[:MOST_SHOWN],
        "more": max(0, len(pairs) - MOST_SHOWN),
        "sentence": effect_sentence(pairs),
        "names": model_names(),
        "tab": "references",
    }
    return render(request, "sweeps/references.html", context)
