"""Reference images as the subject of a picture: cut out or printed, lit like the scene."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from .frame import Size
from .palette import Colour, Palette


def reference_subject(images: list[Image.Image], size: Size, palette: Palette) -> Image.Image:
    """The references as one subject within `size`: cut out where the ground is plain."""
    if len(images) == 1:
        return _lit(_cut_out(images[0], size), palette)
    columns = math.ceil(math.sqrt(len(images) * size[0] / size[1]))
    rows = math.ceil(len(images) / columns)
    cell = (size[0] // columns, size[1] // rows)
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    for number, image in enumerate(images):
        tile = _lit(_print(image, (cell[0] * 15 // 16, cell[1] * 15 // 16)), palette)
        x = number % columns * cell[0] + (cell[0] - tile.width) // 2
        y = number // columns * cell[1] + (cell[1] - tile.height) // 2
        sheet.paste(tile, (x, y), tile)
    return sheet.crop(sheet.getbbox())


def _cut_out(image: Image.Image, size: Size) -> Image.Image:
    whole = ImageOps.contain(image, size)
    mask = _plain_ground_mask(whole)
    if mask is None:
        return _print(image, size)
    cut = whole.convert("RGBA")
    cut.putalpha(mask)
    found = cut.crop(mask.getbbox())
    return ImageOps.contain(found, size)


def _plain_ground_mask(image: Image.Image) -> Image.Image | None:
    """A mask of what is not the plain ground, or None where there is no plain ground."""
    alpha = image.getchannel("A")
    if any(alpha.histogram()[:128]):
        return alpha
    small = image.convert("RGB").copy()
    small.thumbnail((144, 144))
    corners = [(x, y) for x in (0, small.width - 1) for y in (0, small.height - 1)]
    marker: Colour = (255, 0, 254)
    filled = small.copy()
    for corner in corners:
        if filled.getpixel(corner) != marker:
            ImageDraw.floodfill(filled, corner, marker, thresh=42)
    away = ImageChops.difference(filled, Image.new("RGB", small.size, marker)).convert("L")
    mask = away.point([0] + [255] * 255)
    covered: float = mask.histogram()[255] / (small.width * small.height)
    if not 0.06 < covered < 0.86:
        return None
    soft = mask.filter(ImageFilter.MedianFilter(3)).resize(image.size, Image.Resampling.BICUBIC)
    return soft.filter(ImageFilter.GaussianBlur(1.5))


def _print(image: Image.Image, size: Size) -> Image.Image:
    """The image as a framed print with rounded corners."""
    whole = ImageOps.contain(image, size)
    border = max(3, min(whole.size) // 60)
    mask = Image.new("L", whole.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, whole.width - 1, whole.height - 1), radius=border * 3, fill=255
    )
    framed = Image.new("RGBA", whole.size, (250, 248, 244, 255))
    inner = whole.crop((border, border, whole.width - border, whole.height - border))
    framed.paste(inner, (border, border), inner)
    framed.putalpha(mask)
    return framed


def _lit(image: Image.Image, palette: Palette) -> Image.Image:
    """Colour-graded a little towards the scene, so that it belongs there."""
    alpha = image.getchannel("A")
    tinted = Image.blend(
        image.convert("RGB"),
        ImageChops.multiply(image.convert("RGB"), Image.new("RGB", image.size, palette.horizon)),
        0.28,
    )
    lit = ImageEnhance.Contrast(tinted).enhance(1.06)
    shade = Image.linear_gradient("L").resize(image.size).point([v // 4 for v in range(256)])
    lit.paste(palette.near, None, shade)
    lit.putalpha(alpha)
    return lit
