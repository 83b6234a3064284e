"""The page of all models, and reading the list anew."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from rivya_bridge.catalog.references import accepted_kinds, limit_of, max_references
from rivya_bridge.catalog.selectors import last_refresh, listed_models
from rivya_bridge.catalog.services import ensure_catalog, refresh_catalog
from rivya_bridge.rivya import Model
from rivya_bridge.web.htmx import render_page

CATEGORIES = ("image", "video", "audio", "chat")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of the page: the model and its reference rules in words."""

    model: Model
    references: str


@require_GET
def list_models(request: HttpRequest) -> HttpResponse:
    """Models by category; ``?category=`` narrows."""
    ensure_catalog()
    category = request.GET.get("category", "")
    models = listed_models(category if category in CATEGORIES else "")
    context = {
        "groups": _grouped(models),
        "count": len(models),
        "category": category,
        "categories": CATEGORIES,
        "refresh": last_refresh(),
    }
    return render_page(request, "catalog/list.html", "catalog/_list.html", context)


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


def _grouped(models: list[Model]) -> list[tuple[str, list[ModelRow]]]:
    """Rows under their category, in the order in which people look for them."""
    rows = {
        name: [ModelRow(model, _references(model)) for model in group]
        for name, group in groupby(models, key=lambda model: model.category)
    }
    order = [*CATEGORIES, *(name for name in rows if name not in CATEGORIES)]
    return [(name, rows[name]) for name in order if name in rows]


def _references(model: Model) -> str:
    """For example: up to 3, image ≤ 10 MB."""
    kinds = accepted_kinds(model)
    if not kinds:
        return "none"
    most = max_references(model)
    parts = [f"up to {most}" if most is not None else "any number"]
    for kind in kinds:
        size = limit_of(model, kind).max_size_mb
        parts.append(f"{kind} ≤ {size:g} MB" if size is not None else kind)
    return ", ".join(parts)
