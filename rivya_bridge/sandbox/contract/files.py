"""Uploads (docs/api-files)."""

from __future__ import annotations

from .words import (
    AMOUNT,
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
    or_null,
    record,
    ref,
)

FILE = as_json(ref("PublicApiFile"))

PATHS: Json = {
    "/api/v1/files": {
        "post": call(
            "createFile",
            201,
            FILE,
            scope="files:create",
            refusals=[400],
            body=body("multipart/form-data", "FileRequest"),
        )
    },
    "/api/v1/files/{fileId}": {
        "get": call(
            "getFile",
            200,
            FILE,
            scope="files:read",
            refusals=[404],
            parameters=[in_path("fileId")],
        )
    },
}
SCHEMAS: Json = {
    "FileRequest": fields(
        ["file", "kind"],
        file={"type": "string", "contentMediaType": "application/octet-stream"},
        kind=KIND,
        model=TEXT,
        client_request_id={**TEXT, "maxLength": 128},
    ),
    "PublicApiFile": record(
        id=TEXT,
        object=constant("file"),
        kind=KIND,
        url=LINK,
        name=TEXT,
        mime_type=TEXT,
        size_bytes=AMOUNT,
        duration_seconds=or_null(NUMBER),
        duration_token=or_null(TEXT),
        model=or_null(TEXT),
        client_request_id=LABEL,
        created_at=MOMENT,
    ),
}
