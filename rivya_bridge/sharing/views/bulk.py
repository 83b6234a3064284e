"""Importing many runs: the form, what would be recorded, and recording it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.catalog.selectors import listed_models
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.sharing.bulk.columns import COLUMNS, header_template
from rivya_bridge.sharing.bulk.looking import receive_runs
from rivya_bridge.sharing.bulk.recording import choose_runs
from rivya_bridge.sharing.forms import ImportRunsForm
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.selectors import staged_lines
from rivya_bridge.sharing.staging import expire_staged
from rivya_bridge.sharing.working import carry_on_now
from rivya_bridge.web.forms import add_problems

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Takes a ZIP or a table and leads to what would be recorded."""
    experiment = get_experiment(experiment_id)
    expire_staged()
    ensure_catalog()
    models = sorted(listed_models(), key=lambda model: model.category != experiment.category)
    data = request.POST if request.method == "POST" else None
    form = ImportRunsForm(data, request.FILES or None, models=models)
    if data is not None and form.is_valid():
        given = form.cleaned_data
        file = given["file"]
        try:
            sent = receive_runs(
                experiment, file, file.name or "", model=given["model"], prompt=given["prompt"]
            )
            staged = carry_on_now(sent)
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            return redirect("sharing:staged", staged.pk)
    context = {
        "experiment": experiment,
        "form": form,
        "columns": COLUMNS,
        "command": f"./run manage import_runs \\\n  {experiment.pk} \\\n  FOLDER --check",
    }
    status = 422 if form.errors else 200
    return render(request, "sharing/import_runs.html", context, status=status)


@require_safe
def columns(request: HttpRequest, kind: str) -> HttpResponse:
    """A table with every column and one example row."""
    if kind not in TYPES:
        raise Missing("The header template is csv or json.")
    response = HttpResponse(header_template(kind), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="runs.{kind}"'
    return response


def runs_context(staged: Staged) -> dict[str, Any]:
    """For `sharing/staged_runs.html`."""
    lines = staged_lines(staged)
    return {
        "staged": staged,
        "experiment": staged.experiment,
        "lines": lines,
        "good": sum(not line["problems"] for line in lines),
        "bad": sum(bool(line["problems"]) for line in lines),
        "repeats": sum(bool(line["twin"] or line["double_of"]) for line in lines),
        "chosen": sum(line["is_chosen"] for line in lines),
    }


def confirm_runs(request: HttpRequest, staged: Staged) -> HttpResponse:
    """Records the ticked rows, here or in the background."""
    ticked = [int(raw) for raw in request.POST.getlist("row") if raw.isascii() and raw.isdigit()]
    done = carry_on_now(choose_runs(staged, ticked))
    if done.status == Staged.Status.DONE:
        count = done.outcome["count"]
        messages.success(request, f"{count} run{'' if count == 1 else 's'} recorded.")
    return redirect("sharing:staged", staged.pk)
