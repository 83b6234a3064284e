"""Clips: a picture that comes alive by a slow camera, moving light and drifting dust."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
from av.container import OutputContainer
from PIL import Image, ImageChops, ImageDraw

from .brief import Brief
from .effects import effect
from .frame import clip_size, fit
from .mark import band
from .picture import open_references, paint
from .scenery import glow
from .tones import RATE, add_audio_stream, encode_audio

FRAMES_PER_SECOND = 16
SOUND_KEYS = ("sound", "generate_audio")
ZOOM = 0.14


def render(brief: Brief) -> bytes:
    """H.264 in MP4, with the index in front; AAC sound where the params ask for it."""
    seconds = length_seconds(brief.params)
    frames = list(_frames(brief, round(seconds * FRAMES_PER_SECOND)))
    options = {"movflags": "+faststart"}
    # Moving the index to the front reads the file again, so it must have a name.
    with TemporaryDirectory(prefix="clip-") as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(str(path), "w", format="mp4", options=options) as container:
            _encode(container, brief, frames, seconds)
        return path.read_bytes()


def _encode(
    container: OutputContainer, brief: Brief, frames: list[Image.Image], seconds: float
) -> None:
    video = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
    video.width, video.height = frames[0].size
    video.pix_fmt = "yuv420p"
    video.options = {"preset": "veryfast", "crf": "25", "threads": "1"}
    audio = add_audio_stream(container, "aac", RATE) if _is_audible(brief.params) else None
    for image in frames:
        frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
        container.mux(video.encode(frame))
    container.mux(video.encode())
    if audio is not None:
        encode_audio(container, audio, _ambience(brief, seconds))


def length_seconds(params: dict[str, Any]) -> float:
    """2 to 4 seconds: longer where a longer clip was asked for."""
    asked = params.get("duration", params.get("n_frames", 5))
    return max(2.0, min(4.0, 1.6 + float(asked) * 0.16))


def _frames(brief: Brief, count: int) -> Iterator[Image.Image]:
    references = open_references(brief)
    natural = references[0].width / references[0].height if references else 16 / 9
    size = clip_size(brief.params, max(0.5, min(2.0, natural)))
    still = paint(brief, fit(size[0] / size[1], 768), references)
    strip = band(brief, size)
    chance = brief.composition()
    drift = (chance.uniform(-1, 1), chance.uniform(-0.5, 0.5))
    sweep = glow(size, (size[0] / 2, size[1] / 2), max(size) * 0.5)
    sweep = sweep.point([level * 4 // 9 for level in range(256)])
    dust = [_mote(size, chance) for _ in range(26)]
    for number in range(count):
        moment = number / max(1, count - 1)
        frame = still.resize(size, Image.Resampling.BILINEAR, box=_view(still, moment, drift))
        _move_light(frame, sweep, moment)
        _drift_dust(frame, dust, moment)
        frame.paste(strip, (0, size[1] - strip.height), strip)
        yield frame


def _view(
    still: Image.Image, moment: float, drift: tuple[float, float]
) -> tuple[float, float, float, float]:
    ease = (1 - math.cos(moment * math.pi)) / 2
    closer = 0.03 + ZOOM * ease
    wide, high = still.width * (1 - closer), still.height * (1 - closer)
    left = (still.width - wide) * (0.5 + 0.5 * drift[0] * ease)
    top = (still.height - high) * (0.85 + 0.15 * drift[1] * ease)
    return left, top, left + wide, top + high


def _move_light(frame: Image.Image, sweep: Image.Image, moment: float) -> None:
    shift = round(frame.width * (moment - 0.5) * 0.9)
    moved = Image.new("L", frame.size, 0)
    moved.paste(sweep, (shift, -frame.height // 6))
    frame.paste(
        ImageChops.screen(frame, Image.new("RGB", frame.size, (255, 236, 200))), None, moved
    )


def _mote(size: tuple[int, int], chance: random.Random) -> tuple[float, float, float, float]:
    return (
        chance.uniform(0, size[0]),
        chance.uniform(0, size[1]),
        chance.uniform(0.7, 2.2),
        chance.uniform(0, 6.283),
    )


def _drift_dust(
    frame: Image.Image, dust: list[tuple[float, float, float, float]], moment: float
) -> None:
    draw = ImageDraw.Draw(frame, "RGBA")
    for x, y, radius, phase in dust:
        spot_x = (x + moment * 26 * radius) % frame.width
        spot_y = (y - moment * 18 + 5 * math.sin(phase + moment * 4)) % frame.height
        shine = round(90 + 70 * math.sin(phase + moment * 6))
        box = (spot_x - radius, spot_y - radius, spot_x + radius, spot_y + radius)
        draw.ellipse(box, fill=(255, 244, 220, max(0, shine)))


def _is_audible(params: dict[str, Any]) -> bool:
    return any(params.get(key) in {"true", True} for key in SOUND_KEYS)


def _ambience(brief: Brief, seconds: float) -> array[float]:
    return effect(brief.prompt, seconds, brief.composition())
