"""POST /api/v1/files, GET /api/v1/files/{fileId}, and the bytes themselves.

Fields: docs/api-files; the full shape of the object and the status 201 are assumed.
"""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from ..context import account_of, authorize, origin, sandbox_of
from ..errors import missing
from ..identifiers import iso_utc
from ..references import uploaded_file
from ..store import StoredFile
from ..uploads import keep_upload, receive_form

HEADERS = {"X-Content-Type-Options": "nosniff"}


async def create_file(request: Request) -> JSONResponse:
    """Store one reference file; this starts no task and costs nothing."""
    sandbox = authorize(request, "files:create")
    form = await receive_form(request, sandbox)
    try:
        record = await run_in_threadpool(keep_upload, sandbox, form, account_of(request))
    finally:
        await form.close()
    status = sandbox.choices.created_file_status
    return JSONResponse(present(record, origin(request)), status_code=status)


def show_file(request: Request) -> JSONResponse:
    """The file object."""
    sandbox = authorize(request, "files:read")
    record = sandbox.store.file(request.path_params["file_id"])
    if record is None or record.account != account_of(request):
        raise missing("This file")
    return JSONResponse(present(record, origin(request)))


def show_bytes(request: Request) -> FileResponse:
    """The uploaded bytes. No key is needed: models fetch them by URL (assumed)."""
    store = sandbox_of(request).store
    record = uploaded_file(store, request.url.path)
    if record is None:
        raise missing("This file")
    return FileResponse(store.upload_path(record), media_type=record.mime_type, headers=HEADERS)


def present(record: StoredFile, base: str) -> dict[str, Any]:
    """The file object; its link starts with `base`."""
    return {
        "id": record.id,
        "object": "file",
        "kind": record.kind,
        "url": f"{base}/uploads/{record.id}.{record.extension}",
        "name": record.name,
        "mime_type": record.mime_type,
        "size_bytes": record.size_bytes,
        "duration_seconds": record.duration_seconds,
        "duration_token": record.duration_token,
        "model": record.model,
        "client_request_id": record.client_request_id,
        "created_at": iso_utc(record.created_ms),
    }


ROUTES = [
    Route("/api/v1/files", create_file, methods=["POST"]),
    Route("/api/v1/files/{file_id}", show_file, methods=["GET"]),
    Route("/uploads/{name}", show_bytes, methods=["GET"]),
]
