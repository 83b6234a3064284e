"""The small pictures that stand for a file in lists: WebP, in a few sizes, each for its slot."""

import io
from dataclasses import dataclass
from uuid import UUID

from PIL import Image

# Pixels on the long side, the largest first: a card on a fine screen, a card, a line of a list.
SIDES = (640, 320, 160)
LONG_SIDE = SIDES[0]
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Preview:
    """WebP bytes with their size in pixels."""

    webp: bytes
    width: int
    height: int


def make_previews(image: Image.Image) -> tuple[Preview, ...]:
    """`image` in every size, the largest first; a small picture has fewer.

    It is shrunk in place: a copy of a large picture costs hundreds of megabytes. Transparency stays;
    metadata does not.
    """
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if has_alpha else "RGB"
    if image.mode not in ("L", "RGB", "RGBA") or "transparency" in image.info:
        image = image.convert(mode)
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    small = image.convert(mode)
    sides = [LONG_SIDE, *(side for side in SIDES[1:] if side < max(small.size))]
    return tuple(_shrunk(small, side) for side in sides)


def shrink(webp: bytes, side: int) -> bytes:
    """A smaller one of a preview of our own making."""
    with Image.open(io.BytesIO(webp), formats=["WEBP"]) as image:
        return _shrunk(image, side).webp


def _shrunk(image: Image.Image, side: int) -> Preview:
    copy = image.copy()
    copy.thumbnail((side, side))
    out = io.BytesIO()
    copy.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)
    return Preview(out.getvalue(), copy.width, copy.height)


def srcset(file_id: UUID | str, width: int, height: int) -> str:
    """The sizes of a file's preview for a browser to choose from; `width` and `height` of the largest.

    '' without a preview. The smallest of all is for lines of lists, which name it themselves.
    """
    if not width or not height:
        return ""
    whole = max(width, height)
    sides = [side for side in SIDES[1:2] if side < whole]
    smaller = [f"/files/{file_id}/preview/{side}/ {_width(width, whole, side)}w" for side in sides]
    return ", ".join([*smaller, f"/files/{file_id}/preview/ {width}w"])


def _width(width: int, whole: int, side: int) -> int:
    return max(1, round(width * side / whole))
