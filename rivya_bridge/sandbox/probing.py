"""Opening uploaded media for real: a file is what its bytes decode to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

from .errors import invalid
from .magic import sniff

MOST_PIXELS = 60_000_000
AUDIO_IN_CONTAINER = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4"}


@dataclass(frozen=True)
class Probe:
    """MIME type by content, and length in seconds for video and audio."""

    mime_type: str
    duration_seconds: float | None


def probe(path: Path, kind: str) -> Probe:
    """Look into the file; raises ApiError validation_failed if it is no such media."""
    with path.open("rb") as file:
        mime = sniff(file.read(64))
    if mime is None:
        raise invalid("file: the signature of the bytes is no known image, video or audio.")
    if kind == "audio":
        mime = AUDIO_IN_CONTAINER.get(mime, mime)
    if not mime.startswith(f"{kind}/"):
        raise invalid(f"file: kind is {kind} but the bytes are {mime}.")
    if kind == "image":
        _check_image(path)
        return Probe(mime, None)
    return Probe(mime, _duration(path, kind))


def _check_image(path: Path) -> None:
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise invalid(f"file: the image has more than {MOST_PIXELS} pixels.")
            image.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning):
        raise invalid("file: the image can't be decoded.") from None
    except Image.DecompressionBombError:
        raise invalid(f"file: the image has more than {MOST_PIXELS} pixels.") from None


def _duration(path: Path, kind: str) -> float:
    """Seconds of the wanted stream, by the header or by counting the packets."""
    try:
        with av.open(str(path)) as container:
            streams = [stream for stream in container.streams if stream.type == kind]
            if not streams or (kind == "audio" and container.streams.video):
                raise invalid(f"file: the bytes hold no {kind} of their own.")
            next(container.decode(streams[0]), None)
            if container.duration:
                return round(container.duration / av.time_base, 3)
            return _counted(path, kind)
    except (FFmpegError, OSError, ValueError):
        raise invalid(f"file: the {kind} can't be decoded.") from None


def _counted(path: Path, kind: str) -> float:
    latest = 0.0
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                end = packet.pts + (packet.duration or 0)
                latest = max(latest, float(end * packet.time_base))
    return round(latest, 3)
