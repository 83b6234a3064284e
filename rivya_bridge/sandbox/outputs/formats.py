"""Which kind of file a result is: known at the order, before anything is made."""

from __future__ import annotations

from typing import Any

PICTURE_KEYS = ("output_format", "outputFormat")


def extension(category: str, params: dict[str, Any]) -> str:
    """The extension of a result's name: clips are always `mp4`."""
    if category == "video":
        return "mp4"
    return _picture(params) if category == "image" else _sound(params)


def _picture(params: dict[str, Any]) -> str:
    wanted = next((str(params[key]) for key in PICTURE_KEYS if key in params), "png")
    return "jpg" if wanted in {"jpg", "jpeg"} else "png"


def _sound(params: dict[str, Any]) -> str:
    """`ogg` for Opus, and `wav` for the uncompressed formats."""
    wanted = str(params.get("output_format", "mp3"))
    if wanted.startswith("opus"):
        return "ogg"
    return "wav" if wanted.startswith(("pcm", "ulaw", "alaw")) else "mp3"
