"""The bytes of a file, and its preview."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_file
from rivya_bridge.files.services import lost_bytes, peaks_path
from rivya_bridge.files.serving import Content, serve
from rivya_bridge.refusals import Missing


@require_safe
def content(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """The file as it is; ``?download=1`` offers to save it. One range is honoured."""
    file = get_file(file_id)
    path = store.path_of(file.sha256)
    if not path.is_file():
        raise lost_bytes(file)
    found = Content(path, path.stat().st_size, file.mime_type, f'"{file.sha256}"', file.name)
    return serve(request, found, is_download="download" in request.GET)


@require_safe
def preview(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """The small WebP picture of an image or a video."""
    file = get_file(file_id)
    path = store.preview_path_of(file.sha256)
    if not file.preview_width or not path.is_file():
        raise Missing(_no_preview(file))
    etag = f'"{file.sha256}-preview"'
    size = path.stat().st_size
    return serve(request, Content(path, size, "image/webp", etag, f"{file.pk}.webp"))


@require_safe
def peaks(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """The peaks of a sound as an SVG picture of our own drawing."""
    file = get_file(file_id)
    path = peaks_path(file)
    etag = f'"{file.sha256}-peaks"'
    content = Content(path, path.stat().st_size, "image/svg+xml", etag, f"{file.pk}.svg")
    return serve(request, content)


def _no_preview(file: StoredFile) -> str:
    return f"{file.name} has no preview picture: open the file itself."
