"""The HTTP API of the vault."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_file
from rivya_bridge.files.services import store_upload
from rivya_bridge.files.views.content import content

router = Router(tags=["files"])


def content_url(file_id: UUID) -> str:
    """The absolute address of a file's bytes in the HTTP API."""
    return f"{settings.BRIDGE_URL}/api/v1/files/{file_id}/content"


class FileOut(Schema):
    """One content. `url` gives its bytes to a bearer of a token; pixels and seconds are null where
    they don't apply."""

    id: UUID
    kind: str
    mime_type: str
    size_bytes: int
    sha256: str
    name: str
    width: int | None
    height: int | None
    duration_seconds: float | None
    url: str
    created_at: datetime

    @staticmethod
    def resolve_url(file: StoredFile) -> str:
        return content_url(file.pk)


@router.post("/files", response={201: FileOut}, summary="Upload a file")
def upload_file(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Multipart field `file`. The same content gives the same file again."""
    return Status(201, store_upload(file, file.name or "", field="file"))


@router.get("/files/{uuid:file_id}", response=FileOut, summary="Look up a file")
def show_file(request: HttpRequest, file_id: UUID) -> Any:
    return get_file(file_id)


@router.get("/files/{uuid:file_id}/content", summary="The bytes of a file")
def file_content(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """With its own Content-Type, ETag and ranges, as pages get it."""
    return content(request, file_id)
