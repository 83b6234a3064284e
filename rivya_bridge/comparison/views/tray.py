"""The compare tray's one door: put in, take out, empty, open the board."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from rivya_bridge.comparison.services import LEAST_RUNS
from rivya_bridge.comparison.tray import change_tray, read_tray, tray_ids
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal


@require_POST
def tray(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Of the runs `shown`, those named by `run` are in the tray afterwards and the others are not.

    `empty` takes all out, `go` opens the board. htmx gets the tray, others go back to `next`.
    """
    experiment = get_experiment(experiment_id)
    try:
        _change(request, experiment)
    except Refusal as refusal:
        return _refused(request, experiment, refusal)
    if "go" in request.POST:
        return _board(request, experiment)
    if getattr(request, "htmx", False):
        return _part(request, experiment)
    return redirect(_next(request, experiment))


def _change(request: HttpRequest, experiment: Experiment) -> None:
    if "empty" in request.POST:
        change_tray(request.session, experiment, take=tray_ids(request.session, experiment.pk))
        return
    ticked = request.POST.getlist("run")[:200]
    shown = set(request.POST.getlist("shown")[:200])
    change_tray(request.session, experiment, put=ticked, take=shown.difference(ticked))


def _board(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    found = read_tray(request.session, experiment)
    if not found.is_enough:
        count = len(found.runs)
        noun = "run is" if count == 1 else "runs are"
        messages.error(
            request, f"{count} {noun} in the tray: choose at least {LEAST_RUNS} to compare."
        )
        return redirect(_next(request, experiment))
    return redirect(f"{reverse('comparison:board')}?{found.query}")


def _refused(request: HttpRequest, experiment: Experiment, refusal: Refusal) -> HttpResponse:
    if getattr(request, "htmx", False):
        return _part(request, experiment, refusal)
    add_refusal(request, refusal)
    return redirect(_next(request, experiment))


def _part(
    request: HttpRequest, experiment: Experiment, refusal: Refusal | None = None
) -> HttpResponse:
    """The tray as it is now; after a refusal nothing has changed."""
    context = {
        "tray": read_tray(request.session, experiment),
        "here": _next(request, experiment),
        "problem": refusal.message if refusal else "",
    }
    status = refusal.status if refusal else 200
    return render(request, "comparison/_tray.html", context, status=status)


def _next(request: HttpRequest, experiment: Experiment) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/"):
        return wanted
    return reverse("experiments:detail", args=[experiment.pk])
