"""The model list and the description itself (docs/api-models, docs/api-openapi-schema)."""

from __future__ import annotations

from ..catalogue import Model
from .words import (
    AMOUNT,
    KIND,
    NUMBER,
    TEXT,
    YES_OR_NO,
    Json,
    as_json,
    call,
    many,
    one_of,
    or_null,
    page,
    record,
    ref,
)

PATHS: Json = {
    "/api/v1/models": {"get": call("listModels", 200, as_json(ref("ModelList")))},
    "/api/v1/openapi.json": {"get": call("getOpenApi", 200, as_json(ref("Description")))},
}
ANY: Json = {"type": ["string", "number", "null"]}
SCHEMAS: Json = {
    "ModelList": page("Model"),
    "Model": record(
        id=TEXT,
        display_name=TEXT,
        category=one_of(["image", "video", "audio", "chat"]),
        runtime=one_of(["async_task", "chat"]),
        base_credits=AMOUNT,
        billing_type=one_of(["FIXED", "METERED", "TOKEN_BASED"]),
        supported_modes=many(TEXT),
        max_prompt_length=or_null(AMOUNT),
        reference_media=or_null(ref("ReferenceMedia")),
        params=many(ref("Param")),
        api_status=one_of(["available", "coming_soon", "studio_only"]),
        api_input_status=one_of(
            [
                "available_text",
                "available_url_input",
                "partial_requires_files",
                "requires_files_api",
            ]
        ),
        supported_api_inputs=many(one_of(["text", "file", "url"])),
        requires_files_api=YES_OR_NO,
        requires_upload_for_modes=many(TEXT),
        url_input_supported=YES_OR_NO,
        file_kinds=many(KIND),
        chat_capabilities=or_null(ref("ChatCapabilities")),
        notices=many(TEXT),
    ),
    "Param": record(
        key=TEXT,
        type=one_of(["select", "number", "text"]),
        required=YES_OR_NO,
        default=ANY,
        min=or_null(NUMBER),
        max=or_null(NUMBER),
        step=or_null(NUMBER),
        options=or_null(many(TEXT)),
        description=or_null(TEXT),
    ),
    "ReferenceMedia": record(
        max_files=AMOUNT, kinds=many(KIND), limits=many(ref("ReferenceLimit"))
    ),
    "ReferenceLimit": record(kind=KIND, max_size_mb=NUMBER, mime_types=many(TEXT)),
    "ChatCapabilities": record(
        streaming=YES_OR_NO,
        web_search=YES_OR_NO,
        image_attachments=YES_OR_NO,
        thoughts=YES_OR_NO,
        reasoning_effort=many(
            one_of(["default", "minimal", "low", "medium", "high", "xhigh"]),
        ),
    ),
    "Description": {
        "type": "object",
        "required": ["openapi", "info", "paths", "components"],
        "properties": {"openapi": TEXT},
    },
}


def names(catalogue: dict[str, Model]) -> Json:
    """The models that can be called, by the API that calls them."""
    callable_now = [model for model in catalogue.values() if model["api_status"] == "available"]
    return {
        "GenerationModelName": one_of(m["id"] for m in callable_now if m["category"] != "chat"),
        "ChatModelName": one_of(m["id"] for m in callable_now if m["category"] == "chat"),
    }
