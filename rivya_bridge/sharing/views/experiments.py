"""A whole experiment out and in, and the page of what is staged."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Conflict, Missing, Refusal
from rivya_bridge.sharing.forms import ImportExperimentForm
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.services import (
    confirm_experiment,
    find_known,
    stage_experiment,
)
from rivya_bridge.sharing.portable.writing import exported_file, file_name
from rivya_bridge.sharing.staging import expire_staged, get_staged
from rivya_bridge.sharing.views.bulk import confirm_runs, refused, runs_context
from rivya_bridge.web.forms import add_problems


@require_safe
def export(request: HttpRequest, experiment_id: UUID) -> HttpResponseBase:
    """The experiment as a ZIP, written to a file of the data folder that is gone once it is sent."""
    experiment = get_experiment(experiment_id)
    name = f"{file_name(experiment)}.zip"
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip")
    file = exported_file(experiment)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Takes an exported experiment and leads to what it holds."""
    expire_staged()
    data = request.POST if request.method == "POST" else None
    form = ImportExperimentForm(data, request.FILES or None)
    if data is not None and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            staged = stage_experiment(file, file.name or "")
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            return redirect("sharing:staged", staged.pk)
    status = 422 if form.errors else 200
    return render(request, "sharing/import_experiment.html", {"form": form}, status=status)


@require_safe
def staged(request: HttpRequest, staged_id: UUID) -> HttpResponse:
    """What would be imported, or what was."""
    one = get_staged(staged_id)
    if one.purpose == Staged.Purpose.RUNS:
        return render(request, "sharing/staged_runs.html", runs_context(one))
    return render(request, "sharing/staged_experiment.html", _experiment_context(one))


def _experiment_context(one: Staged) -> dict[str, Any]:
    made = one.outcome.get("experiment")
    return {
        "staged": one,
        "facts": one.facts,
        "made": made,
        "known": None if made else find_known(one.facts["manifest"]),
    }


@require_POST
def confirm(request: HttpRequest, staged_id: UUID) -> HttpResponse:
    """Makes what the preview shows; pressed twice, it makes it once."""
    one = get_staged(staged_id)
    try:
        if one.purpose == Staged.Purpose.RUNS:
            return confirm_runs(request, one)
        if one.status != Staged.Status.DONE and "again" not in request.POST:
            _refuse_known(one)
        experiment = confirm_experiment(one)
    except Refusal as refusal:
        return refused(request, one, refusal)
    except FileNotFoundError as error:
        raise Missing("What was sent is gone from the data folder: send it again.") from error
    messages.success(request, f"{experiment.title} is imported.")
    return redirect("experiments:detail", experiment.pk)


def _refuse_known(one: Staged) -> None:
    if find_known(one.facts["manifest"]):
        raise Conflict("It is here already: confirm that you want a second one.")
