"""The inbox: every event as it came, and what it did."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.refusals import Refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page
from rivya_bridge.webhooks import services
from rivya_bridge.webhooks.selectors import (
    endpoint_rows,
    event_rows,
    finished_without_news,
    get_event,
)


class NewEndpointForm(forms.Form):
    """A name is all that is chosen: the address is this product's own."""

    name = forms.CharField(max_length=120, initial="Rivya Bridge")


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Endpoints, what came, and what was finished without a word. A POST makes an endpoint."""
    form = NewEndpointForm(request.POST) if request.method == "POST" else NewEndpointForm()
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_endpoint(form.cleaned_data["name"])
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, f"{made.name} is there. Send a test to see one arrive.")
            return redirect("webhooks:endpoint", made.pk)
    wanted = {name: request.GET.get(name, "") for name in ("state", "generation")}
    page = keyset_page(event_rows(wanted["state"], wanted["generation"]), request.GET.get("after"))
    context = {
        "form": form,
        "endpoints": endpoint_rows(),
        "missed": finished_without_news(),
        "wanted": wanted,
        "page": page,
        "next_query": urlencode({**wanted, "after": page.next_cursor or ""}),
        "first_query": urlencode(wanted),
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "webhooks/index.html", "webhooks/_events.html", context, status=status
    )


@require_safe
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """One event raw: headers, body, signature, and the task that it hurried."""
    row = get_event(event_id)
    body = bytes(row.body).decode("utf-8", "replace")
    headers = "\n".join(f"{name}: {value}" for name, value in row.headers)
    return render(request, "webhooks/event.html", {"event": row, "body": body, "headers": headers})
