"""The pages of models: the list, one model, what changed, and reading the list anew."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from rivya_bridge.catalog.changes import change_rows, recent_changes, with_uses
from rivya_bridge.catalog.listing import CATEGORIES, grouped, matching, model_row
from rivya_bridge.catalog.readiness import STATES
from rivya_bridge.catalog.references import accepted_kinds, limit_of
from rivya_bridge.catalog.selectors import get_model, last_refresh, listed_models
from rivya_bridge.catalog.services import ensure_catalog, refresh_catalog
from rivya_bridge.catalog.uses import uses_of
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

SHOWN_CHANGES = 10


@require_GET
def list_models(request: HttpRequest) -> HttpResponse:
    """Models by category; ``?q=``, ``?category=`` and ``?state=`` narrow."""
    ensure_catalog()
    query = request.GET.get("q", "").strip()
    category = _known(request.GET.get("category", ""), CATEGORIES)
    state = _known(request.GET.get("state", ""), STATES)
    models = matching(listed_models(category), query, state)
    narrowing = {name: value for name, value in (("q", query), ("state", state)) if value}
    context = {
        "groups": grouped(models),
        "count": len(models),
        "q": query,
        "category": category,
        "state": state,
        "categories": CATEGORIES,
        "states": STATES,
        "narrowing": urlencode(narrowing),
        "refresh": last_refresh(),
        "changes": recent_changes(),
    }
    return render_page(request, "catalog/list.html", "catalog/_list.html", context)


def _known(value: str, words: tuple[str, ...]) -> str:
    return value if value in words else ""


@require_GET
def show_model(request: HttpRequest, model_id: str) -> HttpResponse:
    """One model: what it accepts, what it costs, what changed, and who uses it."""
    ensure_catalog()
    try:
        model = get_model(model_id)
    except Refusal as refusal:
        raise Missing(refusal.message, refusal.problems) from refusal
    context = {
        "row": model_row(model),
        "model": model,
        "limits": [(kind, limit_of(model, kind)) for kind in accepted_kinds(model)],
        "uses": uses_of([model.id])[model.id],
        "changes": list(change_rows(model.id).order_by("-id")[:SHOWN_CHANGES]),
        "refresh": last_refresh(),
    }
    return render(request, "catalog/model.html", context)


@require_GET
def list_changes(request: HttpRequest) -> HttpResponse:
    """Every change of the list that is remembered, newest first."""
    page = keyset_page(change_rows(), request.GET.get("after"))
    context = {
        "page": page,
        "lines": with_uses(page.items),
        "first_query": "",
        "next_query": f"after={page.next_cursor}",
    }
    return render(request, "catalog/changes.html", context)


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Reads the list now."""
    done = refresh_catalog()
    if done.error:
        text = f"The model list could not be read: {done.error} The list below is the former one."
        messages.error(request, text)
    else:
        messages.success(request, f"{done.model_count} models read.")
    return redirect("catalog:list")
