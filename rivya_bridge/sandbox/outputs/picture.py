"""Pictures: a scene composed from the prompt, in the hand of the model.

Prompt and seed decide what is where, so that models can be compared on the same
scene; the model decides the hand; params decide light, tint, size and format.
"""

from __future__ import annotations

import io
import random
from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image, ImageEnhance, ImageOps

from .brief import Brief
from .frame import Size, fit, picture_size
from .given import reference_subject
from .hands import hand_for
from .mark import band, put_band
from .palette import choose_palette
from .scenery import land_of, paint_backdrop
from .subject import drawn_subject, place, shape_of

LARGEST_PAINTED_SIDE = 768
REFERENCE_SIDE = 900
CARD = (206, 208, 214)


def render(brief: Brief) -> bytes:
    """The encoded picture."""
    references = open_references(brief)
    natural = references[0].width / references[0].height if references else 1.0
    size = picture_size(brief.params, max(0.4, min(2.5, natural)))
    image = paint(brief, size, references)
    put_band(image, band(brief, size))
    return _encoded(image, brief.extension)


def paint(brief: Brief, size: Size, references: list[Image.Image]) -> Image.Image:
    """The picture without its mark, in RGB."""
    work = fit(size[0] / size[1], min(LARGEST_PAINTED_SIDE, max(size)))
    composition, hand, mood = brief.composition(), brief.hand(), brief.mood()
    light = (composition.random() + mood.uniform(-0.3, 0.3)) % 1
    tint = hand.uniform(-0.025, 0.025) + mood.uniform(-0.02, 0.02)
    palette = choose_palette(brief.prompt, composition, tint)
    style = hand_for(hand)
    land = "table" if references and work[0] < work[1] * 3 else land_of(brief.prompt, composition)
    scene, ground = paint_backdrop(work, land, palette, composition, light)
    foot = (work[0] * composition.uniform(0.36, 0.64), min(work[1] * 0.88, ground + work[1] * 0.14))
    if references:
        room = (round(work[0] * 0.62), round(foot[1] - work[1] * 0.1))
        subject = reference_subject(references, room, palette)
        foot = (work[0] * 0.5, foot[1])
    else:
        side = round(min(work) * composition.uniform(0.4, 0.52))
        shape = shape_of(brief.prompt, land, composition)
        subject = drawn_subject(shape, side, palette, composition, light)
    mask = place(scene, subject, foot, light)
    scene, mask = _framed(scene, mask, hand, most=0.04 if references else 0.16)
    image = style(scene.copy(), palette, mood)
    if references:
        # What was given must stay recognisable under any hand.
        image.paste(scene, None, mask.point([v * 3 // 4 for v in range(256)]))
    return image if work == size else image.resize(size, Image.Resampling.LANCZOS)


def _framed(
    scene: Image.Image, mask: Image.Image, hand: random.Random, most: float
) -> tuple[Image.Image, Image.Image]:
    """The model's own camera and development: a closer view, its colour, its contrast."""
    closer = hand.uniform(0, most)
    wide, high = scene.width * (1 - closer), scene.height * (1 - closer)
    left = (scene.width - wide) * hand.uniform(0.25, 0.75)
    top = (scene.height - high) * hand.uniform(0.7, 1.0)
    box = (left, top, left + wide, top + high)
    scene = scene.resize(scene.size, Image.Resampling.BICUBIC, box=box)
    mask = mask.resize(mask.size, Image.Resampling.BICUBIC, box=box)
    scene = ImageEnhance.Color(scene).enhance(hand.uniform(0.75, 1.35))
    return ImageEnhance.Contrast(scene).enhance(hand.uniform(0.92, 1.2)), mask


def open_references(brief: Brief) -> list[Image.Image]:
    """The references as RGBA images of modest size; sounds have no picture."""
    return [
        _opened(reference.path, reference.kind)
        for reference in brief.references
        if reference.kind != "audio"
    ]


def _opened(path: Path | None, kind: str) -> Image.Image:
    if path is None:
        # A picture from elsewhere is never fetched; a blank card stands for it.
        return Image.new("RGBA", (480, 360), CARD)
    try:
        image = _middle_frame(path) if kind == "video" else _loaded(path)
    except (OSError, ValueError, FFmpegError):
        return Image.new("RGBA", (480, 360), CARD)
    image.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
    return image


def _loaded(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.draft("RGB", (REFERENCE_SIDE, REFERENCE_SIDE))
        return ImageOps.exif_transpose(image).convert("RGBA")


def _middle_frame(path: Path) -> Image.Image:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if container.duration:
            container.seek(container.duration // 2)
        frame = next(container.decode(stream))
        image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        return image.convert("RGBA")


def _encoded(image: Image.Image, wanted: str) -> bytes:
    out = io.BytesIO()
    if wanted == "jpg":
        image.save(out, "JPEG", quality=90)
    else:
        image.save(out, "PNG", compress_level=3)
    return out.getvalue()
