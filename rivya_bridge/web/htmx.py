"""Pages and their partials: one view, two sizes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

# htmx stops polling an element when it is answered with this status.
STOP_POLLING = 286


def render_page(
    request: HttpRequest,
    page: str,
    partial: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only the partial when htmx asks for it (but not for a history restore)."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    wants_part = bool(htmx) and not htmx.history_restore_request and not htmx.boosted  # type: ignore[union-attr]
    response = render(request, partial if wants_part else page, context, status=status)
    response["Vary"] = "HX-Request"
    return response
