"""The HTTP API of the model list."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rivya_bridge.catalog.selectors import get_model, listed_models
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.rivya import Model

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
    """One model. `base_credits` are whole credits; null where the list names none."""

    id: str
    display_name: str
    category: str
    base_credits: int | None
    billing_type: str
    max_prompt_length: int | None
    api_status: str
    api_input_status: str
    supported_api_inputs: list[str]
    file_kinds: list[str]
    max_files: int | None
    params: list[ParamOut]

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


@router.get("/models/{model_id}", response=ModelOut, summary="Look up a model")
def show_model(request: HttpRequest, model_id: str) -> Any:
    ensure_catalog()
    try:
        return get_model(model_id, field="model_id")
    except Refusal as refusal:
        raise Missing(refusal.message, refusal.problems) from refusal
