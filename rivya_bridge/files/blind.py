"""A copy of a file that tells nothing of what made it: for votes on results whose makers are hidden.

Tools write prompts, models and times into the metadata of what they make, and one model's pictures are
PNG while another's are JPEG. So a picture is written anew, without loss, always as WebP; clips and
sounds keep their streams bit by bit in a new container without tags, covers or subtitles.
"""

from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError
from PIL import Image, ImageOps

from rivya_bridge.files.media import PILLOW_FORMATS, NotMedia, first_video, opened, signature

# The longest side that WebP knows; a longer picture is kept as PNG.
WEBP_SIDE = 16_383
# Fast and still without loss: the copy is made while somebody waits.
_WEBP = {"lossless": True, "quality": 0, "method": 0, "exact": True}

_MUXERS = {
    "video/mp4": ("mp4", "video/mp4"),
    "video/x-m4v": ("mp4", "video/mp4"),
    "video/quicktime": ("mp4", "video/mp4"),
    "video/webm": ("webm", "video/webm"),
    "video/x-matroska": ("matroska", "video/x-matroska"),
    "audio/mpeg": ("mp3", "audio/mpeg"),
    "audio/mp4": ("mp4", "audio/mp4"),
    "audio/x-wav": ("wav", "audio/wav"),
    "audio/aac": ("adts", "audio/aac"),
    "audio/ogg": ("ogg", "audio/ogg"),
    "audio/x-flac": ("flac", "audio/flac"),
}


def write_blind(path: Path, target: Path) -> str:
    """Writes the copy to `target` and gives its media type. Raises NotMedia, MemoryError."""
    _, mime = signature(path)
    try:
        if mime in PILLOW_FORMATS:
            return _picture(path, PILLOW_FORMATS[mime], target)
        if mime in _MUXERS:
            return _recording(path, mime, target)
    except MemoryError:
        raise
    except (FFmpegError, OSError, ValueError, SyntaxError) as error:
        raise NotMedia(f"A copy without metadata cannot be made: {error}") from error
    raise NotMedia("It is no picture, video or sound that is known here.")


def _picture(path: Path, format: str, target: Path) -> str:
    """Colours stay as they were meant: the colour profile is the one thing that goes along."""
    with Image.open(path, formats=[format]) as image:
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        profile = image.info.get("icc_profile")
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        shown = image.convert("RGBA" if has_alpha else "RGB")
    # A CMYK profile means nothing for the converted pixels.
    kept = profile if profile and profile[16:20] == b"RGB " else None
    if max(shown.size) > WEBP_SIDE:
        shown.info = {}
        shown.save(target, "PNG", icc_profile=kept)
        return "image/png"
    shown.save(target, "WEBP", exif=b"", xmp=b"", icc_profile=kept, **_WEBP)
    return "image/webp"


def _recording(path: Path, mime: str, target: Path) -> str:
    muxer, found = _MUXERS[mime]
    with opened(path, mime) as source:
        video = first_video(source) if mime.startswith("video/") else None
        streams = [one for one in (video, next(iter(source.streams.audio), None)) if one]
        options = {
            "fflags": "+bitexact",
            "movflags": "+faststart",
            "write_id3v2": "0",
            "id3v2_version": "0",
        }
        with av.open(str(target), "w", format=muxer, options=_known(muxer, options)) as out:
            made: dict[int, Any] = {}
            for one in streams:
                made[one.index] = out.add_stream_from_template(one)
                made[one.index].metadata.clear()
            for packet in source.demux(streams):
                if packet.dts is not None:
                    packet.stream = made[packet.stream.index]
                    out.mux(packet)
    return found if video or found.startswith("audio/") else "audio/mp4"


def _known(muxer: str, options: dict[str, str]) -> dict[str, str]:
    """The options that a muxer has; others would make it warn."""
    own = {"mp4": {"movflags"}, "mp3": {"id3v2_version"}, "adts": {"write_id3v2"}}
    return {key: options[key] for key in ("fflags", *own.get(muxer, ()))}
