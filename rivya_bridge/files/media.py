"""What a file is by its bytes: never by its name or by what a sender claims.

The server calls it through `decoding`, in a process of its own.

The signature picks one decoder, and the file has to open with that decoder and no other. So a text
that begins like a picture is refused, and a playlist cannot make a decoder open other files.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import filetype
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image, ImageOps, UnidentifiedImageError

from rivya_bridge.files.peaks import Shape, measure
from rivya_bridge.files.preview import Preview, make_previews

MAX_PIXELS = 80_000_000
HEAD_BYTES = 8192
ALLOWED = (
    "pictures (JPEG, PNG, WebP, GIF, AVIF), videos (MP4, MOV, WebM, MKV) and sounds "
    "(MP3, M4A, WAV, AAC, OGG, FLAC)"
)

# The frame that stands for a video: not the very first, which is often black.
POSTER_AT_SECONDS = 0.5
POSTER_MAX_FRAMES = 40

PILLOW_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}
_DEMUXERS = {
    "video/mp4": "mp4",
    "video/x-m4v": "mp4",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "audio/mpeg": "mp3",
    "audio/mp4": "mp4",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/x-flac": "flac",
}
# Spelled as the vendor's limits spell them ("docs/api-files"), or as browsers know them.
_SPELLING = {
    "image/apng": "image/png",
    "video/x-m4v": "video/mp4",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
}
_SOUND_ONLY = {
    "video/mp4": "audio/mp4",
    "video/x-m4v": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/x-matroska",
}
# Where memory is short, libav's threads do not start: it says "resource temporarily unavailable".
_OUT_OF_MEMORY = (MemoryError, BlockingIOError)


class NotMedia(Exception):
    """The bytes are not media that we take; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Media:
    """Facts of one file: pixels as shown (rotation applied), seconds, frames per second, the sound's
    shape; None where meaningless. `previews` of pictures and clips, the largest first."""

    kind: str
    mime_type: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    previews: tuple[Preview, ...] = ()
    frame_rate: float | None = None
    shape: Shape | None = None


def inspect(path: Path) -> Media:
    """Opens the file for real. Raises NotMedia with a sentence that names what is allowed, and
    MemoryError."""
    head, mime = signature(path)
    if mime in PILLOW_FORMATS:
        return _picture(path, mime)
    if mime in _DEMUXERS:
        return _recording(path, mime)
    raise NotMedia(_refusal_of(head, mime))


def signature(path: Path) -> tuple[bytes, str | None]:
    """How the file begins, and the media type that goes with such a beginning."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head, filetype.guess_mime(head)


def _refusal_of(head: bytes, mime: str | None) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start[:2048]:
        found = "is an SVG drawing, which can carry scripts"
    elif start.startswith((b"<!doctype", b"<html", b"<script", b"<?xml", b"<")):
        found = "is a web page or XML text"
    elif mime:
        found = f"is {mime}"
    else:
        found = "is no picture, video or sound that is known here"
    return f"The file {found}. Allowed are {ALLOWED}."


# --- Pictures ---------------------------------------------------------------------------------


def _picture(path: Path, mime: str) -> Media:
    with _upright(path, mime) as image:
        width, height = image.size
        found = _SPELLING.get(mime, mime)
        return Media("image", found, width, height, previews=make_previews(image))


@contextmanager
def opened_picture(path: Path, near: tuple[int, int] | None = None) -> Iterator[Image.Image]:
    """The first picture of a file, whole and upright. Raises NotMedia, OSError.

    `near` lets a JPEG be decoded at a fraction of its size, yet not smaller than that.
    """
    head, mime = signature(path)
    if mime not in PILLOW_FORMATS:
        raise NotMedia(_refusal_of(head, mime))
    with _upright(path, mime, near) as image:
        yield image


@contextmanager
def _upright(path: Path, mime: str, near: tuple[int, int] | None = None) -> Iterator[Image.Image]:
    try:
        with Image.open(path, formats=[PILLOW_FORMATS[mime]]) as image:
            _check_pixels(image.width, image.height)
            if near:
                image.draft(None, near)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotMedia(_too_large("more")) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Warning) as error:
        raise NotMedia(_broken(mime)) from error
    except (IndexError, KeyError, TypeError, OverflowError) as error:
        # Pillow's parsers let such errors of damaged files escape.
        raise NotMedia(_broken(mime)) from error


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise NotMedia(_too_large(f"{width} × {height}"))


def _too_large(size: str) -> str:
    millions = MAX_PIXELS // 1_000_000
    return f"The picture has {size} pixels; the limit is {millions} million. Make it smaller."


def _broken(mime: str) -> str:
    return (
        f"The file begins like {mime} but cannot be decoded: it is damaged, or something else. "
        f"Allowed are {ALLOWED}."
    )


# --- Videos and sounds --------------------------------------------------------------------------


def _recording(path: Path, mime: str) -> Media:
    try:
        with opened(path, mime) as container:
            video = first_video(container)
            if video is not None and mime.startswith("video/"):
                return _video(path, mime, container, video)
            if not container.streams.audio:
                raise NotMedia(f"The file holds neither picture nor sound. Allowed are {ALLOWED}.")
            seconds = _duration(path, mime, container)
            shape = measure(container)
            if shape is None:
                raise NotMedia(_broken(mime))
    except _OUT_OF_MEMORY as error:
        raise MemoryError from error
    except (FFmpegError, OSError, ValueError, OverflowError) as error:
        raise NotMedia(_broken(mime)) from error
    found = _SOUND_ONLY.get(mime, mime)
    return Media("audio", _SPELLING.get(found, found), duration_seconds=seconds, shape=shape)


@contextmanager
def opened_recording(path: Path) -> Iterator[InputContainer]:
    """A video or a sound with the one demuxer that its first bytes call for. Raises NotMedia,
    MemoryError."""
    head, mime = signature(path)
    if mime not in _DEMUXERS:
        raise NotMedia(_refusal_of(head, mime))
    try:
        with opened(path, mime) as container:
            yield container
    except _OUT_OF_MEMORY as error:
        raise MemoryError from error
    except (FFmpegError, OSError, ValueError, OverflowError) as error:
        raise NotMedia(_broken(mime)) from error


@contextmanager
def opened(path: Path, mime: str) -> Iterator[InputContainer]:
    """The file with the one demuxer of its signature."""
    with av.open(str(path), "r", format=_DEMUXERS[mime], metadata_errors="replace") as container:
        yield container


def first_video(container: InputContainer) -> VideoStream | None:
    """The first moving picture; cover art of a song is no video."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _video(path: Path, mime: str, container: InputContainer, stream: VideoStream) -> Media:
    _check_pixels(stream.codec_context.width, stream.codec_context.height)
    poster = _poster(container, stream)
    width, height = poster.size
    seconds = _duration(path, mime, container)
    return Media(
        "video",
        _SPELLING.get(mime, mime),
        width,
        height,
        seconds,
        previews=make_previews(poster),
        frame_rate=_frame_rate(stream),
    )


def _frame_rate(stream: VideoStream) -> float | None:
    """Frames per second on average; None where the container claims nonsense."""
    rate = float(stream.average_rate or 0)
    return round(rate, 3) if 0 < rate <= 1000 else None


def _poster(container: InputContainer, stream: VideoStream) -> Image.Image:
    """A frame of the first second, upright. Frames may change size, so each is checked."""
    chosen = None
    for number, frame in enumerate(container.decode(stream), start=1):
        _check_pixels(frame.width, frame.height)
        chosen = frame
        if (frame.time or 0.0) >= POSTER_AT_SECONDS or number >= POSTER_MAX_FRAMES:
            break
    if chosen is None:
        raise ValueError("no frame")
    image: Image.Image = chosen.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(chosen.rotation, expand=True) if chosen.rotation else image


def _duration(path: Path, mime: str, container: InputContainer) -> float | None:
    """Seconds by the header, else by counting packets; None when neither says anything."""
    seconds = container.duration / av.time_base if container.duration else _counted(path, mime)
    return round(seconds, 3) if math.isfinite(seconds) and seconds > 0 else None


def _counted(path: Path, mime: str) -> float:
    latest = 0.0
    with opened(path, mime) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                end = packet.pts + (packet.duration or 0)
                latest = max(latest, float(end * packet.time_base))
    return latest
