"""Pages of webhook endpoints."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.webhooks import services
from rivya_bridge.webhooks.models import Endpoint
from rivya_bridge.webhooks.selectors import get_endpoint
from rivya_bridge.webhooks.services.remote import remote_state


@require_safe
def endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint: its state here, and what Rivya says of it and of its deliveries."""
    row = get_endpoint(endpoint_id)
    return render(request, "webhooks/endpoint.html", {"endpoint": row, "remote": remote_state(row)})


@require_POST
def act(request: HttpRequest, endpoint_id: UUID, verb: str) -> HttpResponse:
    row = get_endpoint(endpoint_id)
    try:
        if verb not in _VERBS:
            raise Missing(f"A webhook endpoint cannot be told to {verb[:20]!r}.")
        work, words = _VERBS[verb]
        work(row)
        messages.success(request, words)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("webhooks:endpoint", row.pk)
    return redirect("webhooks:index") if verb == "delete" else redirect("webhooks:endpoint", row.pk)


_VERBS: dict[str, tuple[Callable[[Endpoint], None], str]] = {
    "test": (services.send_test, "Rivya was asked for a test; reload to see whether it arrived."),
    "rotate": (services.rotate_secret, "Rivya signs with a new secret now."),
    "enable": (lambda row: services.switch_endpoint(row, on=True), "It is on."),
    "disable": (lambda row: services.switch_endpoint(row, on=False), "It is off: polling goes on."),
    "require": (
        lambda row: services.require_signature(row, on=True),
        "Callbacks without a signature are refused from now on.",
    ),
    "allow": (
        lambda row: services.require_signature(row, on=False),
        "Callbacks without a signature are kept from now on; they only hurry a reading.",
    ),
    "delete": (services.delete_endpoint, "It is ended at Rivya and forgotten here."),
}
