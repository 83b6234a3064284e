"""The small picture that stands for a file in lists: WebP, 640 pixels on its long side at most."""

import io
from dataclasses import dataclass

from PIL import Image

LONG_SIDE = 640
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Preview:
    """WebP bytes with their size in pixels."""

    webp: bytes
    width: int
    height: int


def make_preview(image: Image.Image) -> Preview:
    """`image` shrunk if need be, in place: a copy of a large picture costs hundreds of megabytes.

    Transparency stays; metadata does not.
    """
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if has_alpha else "RGB"
    if image.mode not in ("L", "RGB", "RGBA") or "transparency" in image.info:
        image = image.convert(mode)
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    small = image.convert(mode)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)
    return Preview(out.getvalue(), small.width, small.height)
