"""Pages of endpoints: who is told, of what, and how that goes."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rivya_bridge.notices import services
from rivya_bridge.notices.forms import EndpointForm, ReplayForm
from rivya_bridge.notices.models import Endpoint
from rivya_bridge.notices.selectors import delivery_rows, endpoint_rows, get_endpoint
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

SECRET = "It signs every message and is shown only now: {}"  # noqa: S105 - a sentence


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """All endpoints and the form of a new one."""
    form = EndpointForm(request.POST) if request.method == "POST" else EndpointForm()
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = services.create_endpoint(form.to_options())
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, f"{made.target} is told from now on.")
            if secret:
                messages.warning(request, SECRET.format(secret))
            return redirect("notices:endpoint", made.pk)
    context = {"endpoints": endpoint_rows(), "form": form, "has_mail": bool(settings.EMAIL_HOST)}
    return render(request, "notices/index.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint with its deliveries; a POST changes it."""
    row = get_endpoint(endpoint_id)
    form = _form(request, row)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_endpoint(row, form.to_options())
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("notices:endpoint", row.pk)
    status = request.GET.get("status", "")
    page = keyset_page(delivery_rows(row, status), request.GET.get("after"))
    since = {"since": timezone.now() - timedelta(days=1)}
    context = {
        "endpoint": row,
        "form": form,
        "replay_form": ReplayForm(initial=since),
        "status": status,
        "page": page,
        "next_query": f"status={status}&after={page.next_cursor}",
        "first_query": f"status={status}",
    }
    return render_page(
        request,
        "notices/endpoint.html",
        "notices/_deliveries.html",
        context,
        status=422 if form.errors else 200,
    )


def _form(request: HttpRequest, row: Endpoint) -> EndpointForm:
    """An endpoint keeps its kind: a webhook without a secret would be nobody's."""
    if request.method == "POST":
        return EndpointForm(
            {**request.POST.dict(), "events": request.POST.getlist("events"), "kind": row.kind}
        )
    names = ("kind", "target", "template", "events")
    return EndpointForm(initial={name: getattr(row, name) for name in names})


@require_POST
def act(request: HttpRequest, endpoint_id: UUID, verb: str) -> HttpResponse:
    row = get_endpoint(endpoint_id)
    try:
        if verb not in _VERBS:
            raise Missing(f"An endpoint cannot be told to {verb[:20]!r}.")
        _VERBS[verb](request, row)
    except Refusal as refusal:
        add_refusal(request, refusal)
    if verb == "delete":
        return redirect("notices:index")
    return redirect("notices:endpoint", row.pk)


def _delete(request: HttpRequest, row: Endpoint) -> None:
    services.delete_endpoint(row)
    messages.success(
        request, f"{row.target} is not told any more; what was sent there is forgotten."
    )


def _rotate(request: HttpRequest, row: Endpoint) -> None:
    secret = services.rotate_secret(row)
    messages.success(request, "There is a new secret; the former one signs beside it for a day.")
    messages.warning(request, SECRET.format(secret))


def _test(request: HttpRequest, row: Endpoint) -> None:
    services.send_test(row)
    messages.success(request, "A test is on its way; its line below says what came of it.")


def _replay_failed(request: HttpRequest, row: Endpoint) -> None:
    form = ReplayForm(request.POST)
    if not form.is_valid():
        raise Refusal.field("since", "since must be a date and a time, such as 2026-01-31T09:00.")
    count = services.replay_failed(row, form.cleaned_data["since"])
    messages.success(request, f"Sent again: {count} that had failed since then.")


def _replay_skipped(request: HttpRequest, row: Endpoint) -> None:
    count = services.replay_skipped(row)
    messages.success(request, f"On their way: {count} that were never sent.")


_VERBS: dict[str, Callable[[HttpRequest, Endpoint], None]] = {
    "enable": lambda request, row: services.switch_endpoint(row, on=True),
    "disable": lambda request, row: services.switch_endpoint(row, on=False),
    "delete": _delete,
    "rotate": _rotate,
    "test": _test,
    "replay-failed": _replay_failed,
    "replay-skipped": _replay_skipped,
}
