"""How a template's jobs learn their end, where those that fail go, and what they may spend in a day."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.automation.services import (
    missing_for,
    next_mode,
    set_delivery,
    set_failure_route,
)
from rivya_bridge.automation.services.delivery import MODES
from rivya_bridge.automation.services.failure_routes import MOST_RETRIES
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal

_WORDS = {
    "poll": ("Poll", "Rivya is asked at the usual pace; events are kept and change nothing."),
    "poll_and_webhook": ("Poll and webhook", "Polled at the usual pace; an event hurries it."),
    "webhook": ("Webhook first", "An event tells; behind it Rivya is asked once a minute."),
}


def conduct_of(template: JobTemplate) -> dict[str, Any]:
    """What the template's page shows of it, some queries."""
    upper = next_mode(template)
    modes = [
        {
            "value": mode,
            "name": _WORDS[mode][0],
            "text": _WORDS[mode][1],
            "is_on": mode == template.delivery,
        }
        for mode in MODES
    ]
    return {
        "modes": modes,
        "next": _WORDS[upper][0] if upper else "",
        "missing": missing_for(template, upper) if upper else "",
        "retries": range(1, MOST_RETRIES + 1),
    }


@require_POST
def delivery(request: HttpRequest, slug: str) -> HttpResponse:
    row = get_template(slug)
    try:
        set_delivery(row, request.POST.get("delivery", ""))
        messages.success(request, "Jobs started from now on follow it.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("automation:template", row.slug)


@require_POST
def failures(request: HttpRequest, slug: str) -> HttpResponse:
    """`route` is `person`, or the number of tries after the first."""
    row = get_template(slug)
    given = request.POST.get("route", "")
    try:
        if given.isdecimal():
            set_failure_route(row, JobTemplate.FailureRoute.RETRY, int(given[:3]))
        else:
            set_failure_route(row, given, row.retries)
        messages.success(request, "Jobs that fail from now on follow it.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("automation:template", row.slug)
