"""Media tasks (docs/api-generations and docs/api-generation-status)."""

from __future__ import annotations

from .words import (
    AMOUNT,
    IDEMPOTENCY_KEY,
    KIND,
    LABEL,
    LINK,
    MOMENT,
    NUMBER,
    TEXT,
    Json,
    as_json,
    body,
    call,
    constant,
    fields,
    in_path,
    many,
    one_of,
    or_null,
    record,
    ref,
)

GENERATION = as_json(ref("Generation"))

PATHS: Json = {
    "/api/v1/generations": {
        "post": call(
            "createGeneration",
            202,
            GENERATION,
            scope="generations:create",
            refusals=[400, 402, 409],
            body=body("application/json", "GenerationRequest"),
            parameters=[IDEMPOTENCY_KEY],
        )
    },
    "/api/v1/generations/{taskId}": {
        "get": call(
            "getGeneration",
            200,
            GENERATION,
            scope="generations:read",
            refusals=[404],
            parameters=[in_path("taskId")],
        )
    },
}
MEMBERS: Json = dict(
    id=TEXT,
    status=one_of(["queued", "processing", "succeeded", "failed"]),
    model=ref("GenerationModelName"),
    reserved_credits=AMOUNT,
    final_credits=AMOUNT,
    created_at=MOMENT,
    updated_at=MOMENT,
    result=or_null(
        record(primary_url=LINK, urls={**many(LINK), "minItems": 1}),
    ),
    error=or_null(record(code=constant("generation_failed"), message=TEXT)),
)
SCHEMAS: Json = {
    "Generation": record(**MEMBERS),
    "GenerationRequest": fields(
        ["model"],
        model=ref("GenerationModelName"),
        prompt=or_null(TEXT),
        params={
            "type": "object",
            "description": "Keys, types and ranges stand in the model's own entry.",
            "properties": {"referenceMediaItems": many(ref("Reference"))},
        },
        client_request_id=LABEL,
    ),
    "Reference": fields(
        ["url", "kind"],
        url=LINK,
        kind=KIND,
        name=or_null(TEXT),
        mimeType=or_null(TEXT),
        durationSeconds=or_null(NUMBER),
        durationToken=or_null(TEXT),
    ),
}
