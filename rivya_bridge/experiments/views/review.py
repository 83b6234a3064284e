"""Reviewing a pile of results one after the other, by keyboard or by hand."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import UNDECIDED, get_experiment, slim_run_rows
from rivya_bridge.experiments.views.cards import CARD_DEFAULTS, run_cards
from rivya_bridge.tasks.models import Status
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

PILES = {UNDECIDED: "Undecided", "accepted": "Accepted", "rejected": "Rejected", "": "All"}


@require_safe
def review(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Runs with a result, newest first: ``?pile=`` undecided (as usual), accepted, rejected or all."""
    experiment = get_experiment(experiment_id)
    pile = request.GET.get("pile", UNDECIDED)
    verdict = "" if pile == "all" else pile
    page = keyset_page(_with_result(experiment, verdict), request.GET.get("after"))
    context = {
        "experiment": experiment,
        "page": page,
        "runs": run_cards(page.items, model_names()),
        "pile": pile,
        "piles": [(key or "all", label) for key, label in PILES.items()],
        "next_query": f"pile={pile}&after={page.next_cursor}",
        "first_query": f"pile={pile}",
        **CARD_DEFAULTS,
    }
    return render_page(request, "experiments/review.html", "experiments/_review.html", context)


def _with_result(experiment: Experiment, verdict: str) -> Any:
    rows = slim_run_rows(experiment, verdict=verdict)
    return rows.filter(task=None) | rows.filter(task__status=Status.SUCCEEDED)


def review_card(run: Run) -> dict[str, Any]:
    """What the template of one card is told."""
    return {"run": run_cards([run], model_names())[0], **CARD_DEFAULTS}
