"""Results side by side: a board from the address alone, or one that was kept."""

from string import ascii_uppercase
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.comparison import services
from rivya_bridge.comparison.board_parts import board_parts
from rivya_bridge.comparison.forms import ConclusionForm
from rivya_bridge.comparison.matrix import diff_matrix
from rivya_bridge.comparison.selectors import (
    chosen_runs,
    compared_runs,
    comparison_rows,
    get_comparison,
)
from rivya_bridge.comparison.view_state import read_state
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page


def _board_context(request: HttpRequest, runs: list[Run], kept: str = "") -> dict[str, Any]:
    """Panes with letters, and the matrix against the chosen baseline.

    The address says how the board looks; one that says nothing shows it as it was `kept`.
    """
    state = read_state(request.GET.dict()) or read_state(QueryDict(kept).dict())
    panes = _panes(runs, int(state.get("result", 1)) - 1)
    return {
        "runs": runs,
        "experiment": runs[0].experiment,
        "run_query": "&".join(f"run={run.pk}" for run in runs),
        **board_parts(panes, state, lambda index: diff_matrix(runs, baseline_index=index)),
    }


def _panes(runs: list[Run], wanted: int) -> list[dict[str, Any]]:
    """One pane a run; of several results the wanted one is shown, or the last before it."""
    names = model_names()
    panes = []
    for index, (run, letter) in enumerate(zip(runs, ascii_uppercase, strict=False)):
        files = [row.file for row in run.results.all()]
        panes.append(
            {
                "run": run,
                "letter": letter,
                "name": names.get(run.model_id, run.model_id),
                "file": files[min(wanted, len(files) - 1)] if files else None,
                "results": len(files),
                "index": index,
            }
        )
    return panes


def _winners(runs: list[Run]) -> list[tuple[str, str]]:
    names = model_names()
    return [
        (str(run.pk), f"{letter} · Run {run.number} · {names.get(run.model_id, run.model_id)}")
        for run, letter in zip(runs, ascii_uppercase, strict=False)
    ]


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """2 to 6 runs from the address: ?run=…&run=…, with &baseline=1, &rows=all and the view's state.

    Too few or too many lead back to the page of `experiment`, where they were ticked.
    """
    ids = request.GET.getlist("run")
    try:
        runs = chosen_runs(ids)
    except Refusal as refusal:
        if "experiment" not in request.GET:
            raise
        add_refusal(request, refusal)
        return redirect("experiments:detail", get_experiment(request.GET["experiment"]).pk)
    context = _board_context(request, runs) | {
        "form": ConclusionForm(
            winners=_winners(runs), initial={"title": f"Comparison of {len(runs)} runs"}
        ),
        "action": reverse("comparison:save"),
    }
    return render_page(request, "comparison/board.html", "comparison/_board.html", context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    runs = chosen_runs(request.POST.getlist("run"))
    form = ConclusionForm(request.POST, winners=_winners(runs))
    if form.is_valid():
        winner = next((run for run in runs if str(run.pk) == form.cleaned_data["winner"]), None)
        try:
            kept = services.save_comparison(
                runs[0].experiment,
                title=form.cleaned_data["title"],
                runs=runs,
                winner=winner,
                conclusion=form.cleaned_data["conclusion"],
                view_state=request.POST.get("view_state", ""),
            )
        except Refusal as refusal:
            add_refusal(request, refusal)
        else:
            messages.success(request, "The comparison is kept.")
            return redirect("comparison:detail", kept.pk)
    context = _board_context(request, runs) | {"form": form, "action": reverse("comparison:save")}
    return render(request, "comparison/board.html", context, status=422)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = keyset_page(comparison_rows(), request.GET.get("after"))
    context = {"page": page, "next_query": f"after={page.next_cursor}", "first_query": ""}
    return render_page(request, "comparison/index.html", "comparison/_index.html", context)


def _kept_context(request: HttpRequest, comparison_id: UUID) -> tuple[Any, dict[str, Any]]:
    comparison = get_comparison(comparison_id)
    context = _board_context(request, compared_runs(comparison), comparison.view_state) | {
        "comparison": comparison,
        "action": reverse("comparison:conclude", args=[comparison.pk]),
    }
    return comparison, context


@require_safe
def detail(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    comparison, context = _kept_context(request, comparison_id)
    context["form"] = ConclusionForm(
        winners=_winners(context["runs"]),
        initial={
            "title": comparison.title,
            "winner": str(comparison.winner_id or ""),
            "conclusion": comparison.conclusion,
        },
    )
    return render_page(request, "comparison/board.html", "comparison/_board.html", context)


@require_POST
def conclude(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    comparison, context = _kept_context(request, comparison_id)
    runs: list[Run] = context["runs"]
    form = ConclusionForm(request.POST, winners=_winners(runs))
    if form.is_valid():
        winner = next((run for run in runs if str(run.pk) == form.cleaned_data["winner"]), None)
        services.update_comparison(
            comparison,
            title=form.cleaned_data["title"],
            winner=winner,
            conclusion=form.cleaned_data["conclusion"],
            **({"view_state": request.POST["view_state"]} if "view_state" in request.POST else {}),
        )
        messages.success(request, "The conclusion is saved.")
        return redirect("comparison:detail", comparison.pk)
    return render(request, "comparison/board.html", context | {"form": form}, status=422)
