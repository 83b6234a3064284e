"""Distance of two pictures: structure by SSIM, colour, and proportions.

SSIM is Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
visibility to structural similarity", IEEE Transactions on Image Processing 13(4), 2004, with uniform
windows. It is taken of the lightness of 32 x 32 averaged pixels, so that grain, encoding and small
shifts count little and composition counts much.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from rivya_bridge.files.media import opened_picture
from rivya_bridge.likeness.distance import Distance, combined, percent, ratio_gap

SIDE = 32
WINDOW = 8
STEP = 4
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
COLOUR_SIDE = 8
# Mean chroma distance, in levels of 255, from which colours count as unrelated.
COLOUR_LEVELS = 64
BACKDROP = (128, 128, 128, 255)


@dataclass(frozen=True, slots=True)
class PicturePrint:
    """What is kept of a picture to compare it: a few hundred numbers, and its size in pixels."""

    light: bytes
    blue: bytes
    red: bytes
    width: int
    height: int


def read_picture(path: Path) -> PicturePrint:
    """Raises NotMedia, OSError, MemoryError."""
    with opened_picture(path, (2 * SIDE, 2 * SIDE)) as image:
        return print_of(image)


def print_of(image: Image.Image, size: tuple[int, int] | None = None) -> PicturePrint:
    """Of a decoded picture; `size` is its true one where it was already shrunk. Changes `image`."""
    width, height = size or image.size
    image.thumbnail((1024, 1024))
    light, blue, red = _opaque(image).convert("YCbCr").split()
    return PicturePrint(
        _averaged(light, SIDE), _averaged(blue, COLOUR_SIDE), _averaged(red, COLOUR_SIDE),
        width, height,
    )  # fmt: skip


def _opaque(image: Image.Image) -> Image.Image:
    """On a grey ground, where there is transparency."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    shown = image.convert("RGBA")
    ground = Image.new("RGBA", shown.size, BACKDROP)
    return Image.alpha_composite(ground, shown).convert("RGB")


def _averaged(band: Image.Image, side: int) -> bytes:
    return band.resize((side, side), Image.Resampling.BOX).tobytes()


def picture_distance(a: PicturePrint, b: PicturePrint) -> Distance:
    parts = {
        "composition": composition_gap(a, b),
        "colour": colour_gap(a, b),
        "proportions": ratio_gap(a.width / a.height * b.height, float(b.width)),
    }
    return combined("image", parts, _sentence(a, b, parts))


def composition_gap(a: PicturePrint, b: PicturePrint) -> float:
    """1 - mean SSIM over all windows; pictures that are each other's negative count as unrelated."""
    starts = range(0, SIDE - WINDOW + 1, STEP)
    values = [_ssim(_window(a.light, x, y), _window(b.light, x, y)) for y in starts for x in starts]
    return min(1.0, max(0.0, 1 - sum(values) / len(values)))


def _window(light: bytes, x: int, y: int) -> bytes:
    return b"".join(light[row * SIDE + x : row * SIDE + x + WINDOW] for row in range(y, y + WINDOW))


def _ssim(a: bytes, b: bytes) -> float:
    count = len(a)
    mean_a, mean_b = sum(a) / count, sum(b) / count
    var_a = sum(v * v for v in a) / count - mean_a**2
    var_b = sum(v * v for v in b) / count - mean_b**2
    shared = sum(v * w for v, w in zip(a, b, strict=True)) / count - mean_a * mean_b
    return ((2 * mean_a * mean_b + C1) * (2 * shared + C2)) / (
        (mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2)
    )


def colour_gap(a: PicturePrint, b: PicturePrint) -> float:
    """Mean distance of the chroma of corresponding places."""
    pairs = zip(a.blue, a.red, b.blue, b.red, strict=True)
    gaps = [math.hypot(p - r, q - s) for p, q, r, s in pairs]
    return min(1.0, sum(gaps) / len(gaps) / COLOUR_LEVELS)


def _sentence(a: PicturePrint, b: PicturePrint, parts: dict[str, float]) -> str:
    said = f"composition {percent(parts['composition'])}, colours {percent(parts['colour'])} apart"
    sizes = f"{a.width} × {a.height} and {b.width} × {b.height} pixels"
    if parts["proportions"] >= 0.005:
        return f"{said}; other proportions: {sizes}"
    if (a.width, a.height) != (b.width, b.height):
        return f"{said}; same proportions, other size: {sizes}"
    return f"{said}; same size"
