"""Answering with the bytes of a file: unchanging, seekable, and unable to act as a page.

Ranges and validators follow RFC 9110: one range is served (players seek with it), several are
answered with the whole file, as the standard allows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

CHUNK_BYTES = 256 * 1024
# What a browser may show: the types that the vault gives to what it has decoded.
SHOWN = frozenset(
    [
        *("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"),
        *("video/mp4", "video/quicktime", "video/webm", "video/x-matroska"),
        *("audio/mpeg", "audio/mp4", "audio/wav", "audio/aac", "audio/ogg", "audio/flac"),
        *("audio/webm", "audio/x-matroska", "audio/x-wav", "audio/x-flac"),
    ]
)
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """What to serve. `etag` is quoted; the name is only shown, never used as a path. `is_ours`: drawn by
    this product. What is neither ours nor a type of SHOWN is offered for saving, never shown."""

    path: Path
    size_bytes: int
    content_type: str
    etag: str
    name: str
    is_ours: bool = False


class _Unsatisfiable(Exception):
    """The range begins behind the end."""


def serve(request: HttpRequest, content: Content, *, is_download: bool = False) -> HttpResponseBase:
    """The whole content (200), a part (206), nothing new (304), or no such part (416)."""
    is_media = content.content_type in SHOWN or content.is_ours
    if content.etag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponseBase = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = _answer(request, content)
        response["Content-Disposition"] = (
            content_disposition_header(is_download or not is_media, content.name) or "inline"
        )
    _add_headers(response, content)
    return response


def _add_headers(response: HttpResponseBase, content: Content) -> None:
    response["ETag"] = content.etag
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    # Should a file be opened as a page of its own, nothing in it may run or load.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"


def _answer(request: HttpRequest, content: Content) -> HttpResponseBase:
    try:
        part = _wanted_part(request, content)
    except _Unsatisfiable:
        response = HttpResponse(status=416, content_type="text/plain; charset=utf-8")
        response["Content-Range"] = f"bytes */{content.size_bytes}"
        return response
    start, end = part or (0, content.size_bytes)
    answer = _body(request, content, start, end, status=206 if part else 200)
    answer["Content-Length"] = str(end - start)
    if part:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{content.size_bytes}"
    return answer


def _body(
    request: HttpRequest, content: Content, start: int, end: int, *, status: int
) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=content.content_type)
    pieces = _read(content.path, start, end)
    return StreamingHttpResponse(pieces, status=status, content_type=content.content_type)


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Bytes from `start` up to `end`; opened only when read, closed when left."""
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _wanted_part(request: HttpRequest, content: Content) -> tuple[int, int] | None:
    """(start, end) of the one range asked for, `end` exclusive; None for the whole content."""
    if_range = request.headers.get("If-Range")
    if if_range is not None and if_range != content.etag:
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    size = content.size_bytes
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise _Unsatisfiable
    return start, end
