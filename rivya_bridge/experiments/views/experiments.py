"""Pages of experiments: list, create, one with its runs, edit."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.experiments import services
from rivya_bridge.experiments.forms import ExperimentEditForm, ExperimentForm
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import (
    experiment_rows,
    experiment_summary,
    get_experiment,
    slim_run_rows,
)
from rivya_bridge.experiments.views.cards import CARD_DEFAULTS, experiment_lines, run_cards
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page


def _next_query(wanted: dict[str, str], cursor: str | None) -> str:
    pairs = {name: value for name, value in wanted.items() if value}
    return urlencode(pairs | ({"after": cursor} if cursor else {}))


def _wanted(request: HttpRequest, *names: str) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip() for name in names}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    wanted = _wanted(request, "status", "category", "q")
    rows = experiment_rows(status=wanted["status"], category=wanted["category"], query=wanted["q"])
    page = keyset_page(rows, request.GET.get("after"))
    context = {
        "page": page,
        "experiments": experiment_lines(page.items),
        "wanted": wanted,
        "is_filtered": any(wanted.values()),
        "next_query": _next_query(wanted, page.next_cursor),
        "first_query": _next_query(wanted, None),
        "statuses": Experiment.Status.choices,
        "categories": Experiment.Category.choices,
    }
    return render_page(request, "experiments/index.html", "experiments/_index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = ExperimentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            experiment = services.create_experiment(**form.cleaned_data)
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            return redirect("experiments:detail", experiment.pk)
    status = 422 if form.errors else 200
    return render(request, "experiments/create.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    experiment = get_experiment(experiment_id)
    initial: dict[str, Any] = {
        name: getattr(experiment, name)
        for name in ("title", "question", "brief", "category", "status")
    } | {"tags": ", ".join(experiment.tags)}
    data = request.POST if request.method == "POST" else None
    form = ExperimentEditForm(data, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_experiment(experiment, **form.cleaned_data)
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("experiments:detail", experiment.pk)
    context = {"form": form, "experiment": experiment}
    status = 422 if form.errors else 200
    return render(request, "experiments/edit.html", context, status=status)


@require_safe
def detail(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """The experiment with its runs, newest first; only the runs when htmx asks."""
    experiment = get_experiment(experiment_id)
    wanted = _wanted(request, "source", "model", "verdict", "status")
    page = keyset_page(slim_run_rows(experiment, **wanted), request.GET.get("after"))
    facts = experiment_summary(experiment)
    names = model_names()
    context = {
        "experiment": experiment,
        "page": page,
        "wanted": wanted,
        "is_filtered": any(wanted.values()),
        "next_query": _next_query(wanted, page.next_cursor),
        "first_query": _next_query(wanted, None),
        "runs": run_cards(page.items, names),
        **CARD_DEFAULTS,
        "facts": facts,
        "names": names,
        "live_ids": [run.pk for run in page.items if run.task and not run.task.is_terminal],
        "sources": Run.Source.choices,
    }
    return render_page(request, "experiments/detail.html", "experiments/_runs.html", context)
