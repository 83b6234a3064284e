"""The ladder of a template, and its way back to Studio."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation.selectors import get_template, get_version
from rivya_bridge.automation.views.versions import header_context
from rivya_bridge.promotion.ladder import GUARDED_LABEL, GUARDED_RUNGS, ladder_of, last_sent_back
from rivya_bridge.promotion.sending_back import send_back
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal


@require_safe
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """The rungs of the current version, or of `?version=`."""
    template = get_template(slug)
    context = header_context(template, "ladder")
    raw = request.GET.get("version", "")
    version = context["version"]
    if raw:
        number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
        version = get_version(template, number)
    rungs = ladder_of(version)
    context |= {
        "shown": version,
        "rungs": rungs,
        "next_rung": next((rung for rung in rungs if not rung.is_passed), None),
        "guarded_label": GUARDED_LABEL,
        "is_guarded": any(not rung.is_passed for rung in rungs if rung.number in GUARDED_RUNGS),
        "sent_back": last_sent_back(template),
    }
    return render(request, "promotion/ladder.html", context)


@require_POST
def back(request: HttpRequest, slug: str) -> HttpResponse:
    """Sends the template back to Studio, with the reason."""
    template = get_template(slug)
    try:
        row = send_back(template, request.POST.get("reason", ""), author=author_of(request))
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("promotion:ladder", slug)
    messages.success(request, "The experiment is open again, with what failed.")
    return redirect("promotion:readiness", row.experiment_id)
