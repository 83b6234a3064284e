"""Looking at an attached picture: size, light and the colours that cover most of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .talk import Sight

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (15, 15, 18),
    "slate grey": (80, 90, 100),
    "grey": (140, 140, 140),
    "silver": (198, 200, 204),
    "white": (246, 246, 244),
    "cream": (240, 226, 196),
    "brown": (110, 72, 44),
    "red": (200, 36, 40),
    "orange": (232, 118, 36),
    "yellow": (240, 212, 60),
    "olive": (120, 120, 50),
    "green": (58, 150, 70),
    "forest green": (30, 84, 54),
    "turquoise": (60, 180, 176),
    "sky blue": (120, 180, 228),
    "blue": (44, 84, 190),
    "navy": (24, 34, 84),
    "violet": (126, 74, 176),
    "pink": (236, 144, 178),
}
LIGHTS = ((50, "very dark"), (95, "dark"), (165, "evenly lit"), (215, "bright"))
SAMPLE_SIDE = 48


def look(path: Path, sha256: str) -> Sight:
    """The sight of an image file that was decoded before, at its upload."""
    from PIL import Image, ImageOps  # Only a turn with a picture needs it.

    with Image.open(path) as image:
        image.draft("RGB", (SAMPLE_SIDE * 8, SAMPLE_SIDE * 8))
        width, height = image.size if image.format != "JPEG" else _whole_size(path)
        turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
        whole = ImageOps.exif_transpose(image).convert("RGB")
        small = whole.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    data = small.tobytes()
    pixels = list(zip(data[::3], data[1::3], data[2::3], strict=True))
    size = (height, width) if turned else (width, height)
    return Sight(sha256, *size, _light(pixels), _colours(pixels))


def _whole_size(path: Path) -> tuple[int, int]:
    """The size before `draft` made a JPEG smaller."""
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def _light(pixels: list[tuple[int, int, int]]) -> str:
    total = sum(0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in pixels)
    level = total / len(pixels)
    return next((name for most, name in LIGHTS if level < most), "very bright")


def _colours(pixels: list[tuple[int, int, int]]) -> tuple[str, ...]:
    """The one or two names that cover the most; the second only above a tenth."""
    found = Counter(map(_named, pixels)).most_common(2)
    return tuple(name for name, count in found if name == found[0][0] or count > len(pixels) / 10)


def _named(pixel: tuple[int, int, int]) -> str:
    return min(COLOURS, key=lambda name: _distance(pixel, COLOURS[name]))


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
