"""The HTTP API of the model list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from rivya_bridge.catalog.changes import change_rows
from rivya_bridge.catalog.readiness import input_words, state_of, status_words
from rivya_bridge.catalog.selectors import get_model, listed_models
from rivya_bridge.catalog.services import ensure_catalog, refresh_catalog
from rivya_bridge.refusals import Missing, Refusal, Unavailable
from rivya_bridge.rivya import Model
from rivya_bridge.web.pagination import keyset_page

router = Router(tags=["models"])

CATEGORIES = ("image", "video", "audio", "chat")


class ParamOut(Schema):
    key: str
    type: str
    required: bool
    default: str | int | float | bool | None
    min: int | float | None
    max: int | float | None
    step: int | float | None
    options: list[str]
    description: str


class ModelOut(Schema):
    """One model. `base_credits` are whole credits; null where the list names none.

    `readiness`: ready, unknown (it may be tried) or closed.
    """

    id: str
    display_name: str
    category: str
    base_credits: int | None
    billing_type: str
    max_prompt_length: int | None
    api_status: str
    api_input_status: str
    is_available: bool
    readiness: str
    readiness_words: str
    input_words: str
    supported_modes: list[str]
    supported_api_inputs: list[str]
    file_kinds: list[str]
    max_files: int | None
    params: list[ParamOut]

    @staticmethod
    def resolve_readiness(model: Model) -> str:
        return state_of(model)

    @staticmethod
    def resolve_readiness_words(model: Model) -> str:
        return status_words(model)

    @staticmethod
    def resolve_input_words(model: Model) -> str:
        return input_words(model)

    @staticmethod
    def resolve_max_files(model: Model) -> int | None:
        return model.reference_media.max_files if model.reference_media else None


class ModelList(Schema):
    items: list[ModelOut]
    next: str | None = None


@router.get("/models", response=ModelList, summary="List models")
def list_models(request: HttpRequest, category: str = "") -> Any:
    """The model list as last read, on one page. `category`: image, video, audio or chat."""
    if category and category not in CATEGORIES:
        text = f"{category[:40]!r} is no category: use {', '.join(CATEGORIES)}, or leave it out."
        raise Refusal.field("category", text)
    ensure_catalog()
    return {"items": listed_models(category)}


class RefreshOut(Schema):
    """What a reading of the list found."""

    refreshed_at: datetime
    model_count: int


@router.post(
    "/models/refresh",
    response=RefreshOut,
    summary="Read the model list now",
    openapi_extra={"responses": {503: {"description": "Rivya could not be asked"}}},
)
def refresh_models(request: HttpRequest) -> Any:
    """Asks Rivya once, which costs nothing; a failed reading leaves the list as it was (503)."""
    done = refresh_catalog()
    if done.error:
        text = f"The model list could not be read: {done.error} The former list stands."
        raise Unavailable(text)
    return done


class ChangeOut(Schema):
    """One change of the list. `kind`: added, removed, price, status, limits, params or other."""

    id: UUID
    seen_at: datetime
    model: str = Field(alias="model_id")
    display_name: str
    kind: str
    field: str
    before: Any
    after: Any
    sentence: str


class ChangeList(Schema):
    items: list[ChangeOut]
    next: str | None


@router.get(
    "/models/changes", response=ChangeList, by_alias=False, summary="What changed in the model list"
)
def list_changes(request: HttpRequest, cursor: str = "", model: str = "") -> dict[str, Any]:
    """Differences between readings of the list of the server in use, newest first, 50 a page."""
    page = keyset_page(change_rows(model.replace("\0", "")), cursor)
    return {"items": page.items, "next": page.next_cursor}


@router.get("/models/{model_id}", response=ModelOut, summary="Look up a model")
def show_model(request: HttpRequest, model_id: str) -> Any:
    ensure_catalog()
    try:
        return get_model(model_id, field="model_id")
    except Refusal as refusal:
        raise Missing(refusal.message, refusal.problems) from refusal
