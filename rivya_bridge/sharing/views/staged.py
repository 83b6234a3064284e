"""What was sent to be imported: how far it is, what would be made of it, and what a person says."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.staging import get_staged
from rivya_bridge.sharing.views.bulk import confirm_runs, runs_context
from rivya_bridge.sharing.views.experiments import confirm_experiment, experiment_context
from rivya_bridge.sharing.working import stop
from rivya_bridge.web.errors import add_refusal

S = Staged.Status


@require_safe
def detail(request: HttpRequest, staged_id: UUID) -> HttpResponse:
    """How far it is while it is worked on; then what would be imported, or what was."""
    one = get_staged(staged_id)
    if one.is_in_work:
        return _progress(request, one)
    if request.headers.get("HX-Request"):
        # The page that watched it is another one now.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if one.status == S.REFUSED:
        return render(request, "sharing/refused.html", {"staged": one})
    if one.purpose == Staged.Purpose.RUNS:
        return render(request, "sharing/staged_runs.html", runs_context(one))
    return render(request, "sharing/staged_experiment.html", experiment_context(one))


def _progress(request: HttpRequest, one: Staged) -> HttpResponse:
    name = "_working" if request.headers.get("HX-Request") else "working"
    response = render(request, f"sharing/{name}.html", {"staged": one})
    response["Vary"] = "HX-Request"
    return response


@require_POST
def confirm(request: HttpRequest, staged_id: UUID) -> HttpResponse:
    """Makes what the preview shows; pressed twice, it makes it once."""
    one = get_staged(staged_id)
    try:
        if one.purpose == Staged.Purpose.RUNS:
            return confirm_runs(request, one)
        return confirm_experiment(request, one)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("sharing:staged", one.pk)


@require_POST
def throw_away(request: HttpRequest, staged_id: UUID) -> HttpResponse:
    """Forgets what was sent, or takes back what is being made of it; what is done stays."""
    one = get_staged(staged_id)
    stop(one, seconds=settings.IMPORT_AT_ONCE_SECONDS)
    left = Staged.objects.filter(pk=one.pk).first()
    if left is None:
        messages.success(request, f"{one.name} is discarded. Nothing was imported from it.")
        if one.experiment is None:
            return redirect("experiments:index")
        return redirect("experiments:detail", one.experiment.pk)
    if left.status == S.DONE:
        messages.info(request, "It was imported before it could be canceled.")
    else:
        messages.success(request, "Canceled: nothing of it is kept. It can be imported again.")
    return redirect("sharing:staged", one.pk)
