"""The bytes of a file, and its preview."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from rivya_bridge.files import store
from rivya_bridge.files.derived import peaks_path, preview_path
from rivya_bridge.files.preview import LONG_SIDE
from rivya_bridge.files.selectors import get_file
from rivya_bridge.files.services import lost_bytes
from rivya_bridge.files.serving import Content, serve


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
def preview(request: HttpRequest, file_id: UUID, side: int = LONG_SIDE) -> HttpResponseBase:
    """The small WebP picture of an image or a video, of `side` pixels at most."""
    file = get_file(file_id)
    path = preview_path(file, side)
    etag = f'"{file.sha256}-preview-{side}"'
    size = path.stat().st_size
    return serve(request, Content(path, size, "image/webp", etag, f"{file.pk}.webp"))


@require_safe
def peaks(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """The peaks of a sound as an SVG picture of our own drawing."""
    file = get_file(file_id)
    path = peaks_path(file)
    etag = f'"{file.sha256}-peaks"'
    content = Content(path, path.stat().st_size, "image/svg+xml", etag, f"{file.pk}.svg", True)
    return serve(request, content)
