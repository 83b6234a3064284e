"""Reads of the model list as last seen."""

import difflib
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from rivya_bridge.catalog.chat_options import with_chat_options
from rivya_bridge.catalog.models import CatalogModel, CatalogRefresh
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import AnswerMeta, Model
from rivya_bridge.rivya.choices import CLOSED_STATUSES
from rivya_bridge.rivya.types.model import read_models

NEAR_MATCHES = 3


def get_model(model_id: str, *, field: str = "model") -> Model:
    """One model, listed or not any more (its `api_status` tells). Refusal with near matches."""
    row = None if "\0" in model_id else CatalogModel.objects.filter(pk=model_id).first()
    model = _parsed(row) if row else None
    if model is None:
        raise Refusal.field(field, _unknown_text(model_id))
    return model


def listed_models(category: str | None = None) -> list[Model]:
    """Models of the list, by category and name (one query); '' and None mean all categories."""
    rows = CatalogModel.objects.filter(is_listed=True)
    if category:
        rows = rows.filter(category=category)
    parsed = map(_parsed, rows.order_by("category", "display_name", "model_id"))
    return [model for model in parsed if model is not None]


def models_by_ids(ids: Iterable[str]) -> dict[str, Model]:
    """The known ones of these models by id, listed or not any more (one query)."""
    rows = CatalogModel.objects.filter(pk__in=list(ids))
    return {model.id: model for row in rows if (model := _parsed(row)) is not None}


def model_names() -> dict[str, str]:
    """Display names by model id, of models that left the list too (one query)."""
    return dict(CatalogModel.objects.values_list("model_id", "display_name"))


def last_refresh() -> CatalogRefresh | None:
    """The last reading of the list for the account in use."""
    return CatalogRefresh.objects.filter(account=current_connection().account).first()


def closed_models() -> dict[str, str]:
    """What the API cannot run, by model id: `unlisted`, or the list's own word (one query)."""
    closed = Q(is_listed=False) | Q(api_status__in=CLOSED_STATUSES)
    rows = CatalogModel.objects.filter(closed).values_list("model_id", "is_listed", "api_status")
    return {key: status if is_listed else UNLISTED for key, is_listed, status in rows}


def _parsed(row: CatalogModel) -> Model | None:
    """The row's entry as the client reads it, a chat model with its options.

    One off the list counts as not available.
    """
    raw: dict[str, Any] = row.raw
    if not row.is_listed:
        raw = {**raw, "api_status": UNLISTED}
    meta = AnswerMeta(http_status=200, request_id=None, received_at=timezone.now())
    model = next(iter(read_models({"data": [raw]}, meta)), None)
    return with_chat_options(model) if model else None


# Ours, beside the vendor's words "available", "coming_soon" and "studio_only".
UNLISTED = "unlisted"


def _unknown_text(model_id: str) -> str:
    names = model_names()
    if not names:
        return "The model list was not read yet: refresh it on the Models page."
    by_word = {name.lower(): key for key, name in names.items()} | {key: key for key in names}
    close = difflib.get_close_matches(model_id.lower(), by_word, n=NEAR_MATCHES, cutoff=0.5)
    near = list(dict.fromkeys(by_word[word] for word in close))
    hint = f"Did you mean {', '.join(near)}?" if near else "The Models page lists all of them."
    return f"There is no model {model_id[:80]!r} in the model list. {hint}"
