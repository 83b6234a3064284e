"""A whole experiment out and in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.forms import ImportExperimentForm
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.services import (
    choose_experiment,
    find_known,
    receive_experiment,
)
from rivya_bridge.sharing.portable.writing import exported_file, file_name
from rivya_bridge.sharing.staging import expire_staged
from rivya_bridge.sharing.working import carry_on_now
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
            staged = carry_on_now(receive_experiment(file, file.name or ""))
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            return redirect("sharing:staged", staged.pk)
    status = 422 if form.errors else 200
    return render(request, "sharing/import_experiment.html", {"form": form}, status=status)


def experiment_context(one: Staged) -> dict[str, Any]:
    """For `sharing/staged_experiment.html`."""
    made = one.outcome.get("experiment")
    return {
        "staged": one,
        "facts": one.facts,
        "made": made,
        "known": None if made else find_known(one.facts["manifest"]),
    }


def confirm_experiment(request: HttpRequest, one: Staged) -> HttpResponse:
    """Restores it, here or in the background; pressed twice, it makes it once."""
    done = carry_on_now(choose_experiment(one, again="again" in request.POST))
    if done.status != Staged.Status.DONE:
        return redirect("sharing:staged", one.pk)
    messages.success(request, f"{one.facts['title']} is imported.")
    return redirect("experiments:detail", done.outcome["experiment"])
