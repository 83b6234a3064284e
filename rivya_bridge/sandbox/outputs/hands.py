"""The hands that pictures are painted by: each model has its own."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from .palette import Colour, Palette, mix

Hand = Callable[[Image.Image, Palette, random.Random], Image.Image]


def hand_for(chance: random.Random) -> Hand:
    """The hand that `chance`, seeded by the model, falls on."""
    return chance.choice(HANDS)


def photographic(image: Image.Image, _: Palette, chance: random.Random) -> Image.Image:
    """Soft far away, sharp in the middle, a little bloom and a vignette."""
    soft = image.filter(ImageFilter.GaussianBlur(image.width * 0.006))
    focus = ImageChops.invert(Image.radial_gradient("L")).resize(image.size)
    sharp = ImageEnhance.Sharpness(image).enhance(1.5)
    lens = Image.composite(sharp, soft, focus.point([min(255, v * 2) for v in range(256)]))
    bloom = ImageEnhance.Brightness(lens.filter(ImageFilter.GaussianBlur(9))).enhance(0.32)
    return _vignette(ImageChops.screen(lens, bloom), 0.55 + chance.random() * 0.2)


def painterly(image: Image.Image, _palette: Palette, chance: random.Random) -> Image.Image:
    """Brush strokes in three passes, from coarse to fine."""
    canvas = image.filter(ImageFilter.GaussianBlur(6))
    draw = ImageDraw.Draw(canvas)
    slant = chance.uniform(-0.9, 0.9)
    colour_at = _sampler(image.filter(ImageFilter.BoxBlur(2)))
    for reach, count in ((0.035, 900), (0.02, 1700), (0.011, 2200)):
        for _ in range(count):
            x, y = chance.randrange(image.width), chance.randrange(image.height)
            _stroke(draw, (x, y), colour_at(x, y), image.width * reach, slant, chance)
    return Image.blend(canvas, image, 0.18)


def geometric(image: Image.Image, _: Palette, chance: random.Random) -> Image.Image:
    """Flat colours with clean edges, as cut from paper."""
    calm = _halved(image).filter(ImageFilter.GaussianBlur(1))
    flat = calm.quantize(chance.choice((9, 11, 13)), dither=Image.Dither.NONE).convert("RGB")
    flat = flat.filter(ImageFilter.MedianFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    return ImageEnhance.Color(flat).enhance(1.3)


def ink(image: Image.Image, palette: Palette, chance: random.Random) -> Image.Image:
    """Ink lines and a thin wash on warm paper."""
    grey = ImageOps.autocontrast(image.convert("L").filter(ImageFilter.GaussianBlur(1.2)))
    wide = grey.filter(ImageFilter.GaussianBlur(3.2))
    lines = ImageChops.subtract(wide, grey, scale=0.16)
    tones = grey.point([0 if v > 96 else min(190, (96 - v) * 4) for v in range(256)])
    hatch = _hatching(image.size, chance.choice((5, 6, 7)))
    shade = ImageChops.multiply(tones, hatch)
    paper = Image.new("RGB", image.size, (246, 240, 226))
    wash = ImageEnhance.Color(image.filter(ImageFilter.GaussianBlur(5))).enhance(0.8)
    paper = Image.blend(paper, ImageChops.multiply(paper, wash), 0.55)
    dark = mix(palette.near, (16, 18, 30), 0.8)
    paper.paste(dark, None, ImageChops.lighter(lines, shade))
    return paper


def halftone(image: Image.Image, palette: Palette, chance: random.Random) -> Image.Image:
    """Printed dots over two flat inks."""
    step = max(5, image.width // 96)
    small = ImageOps.autocontrast(image.convert("L")).resize(
        (image.width // step + 1, image.height // step + 1), Image.Resampling.BOX
    )
    dots = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(dots)
    levels = small.tobytes()
    for row in range(small.height):
        for column in range(small.width):
            radius = step * 0.6 * (1 - levels[row * small.width + column] / 255) ** 0.8
            x, y = (column + row % 2 / 2) * step, row * step
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    flat = ImageEnhance.Color(image.filter(ImageFilter.GaussianBlur(3))).enhance(1.5)
    flat = Image.blend(flat, Image.new("RGB", image.size, (252, 246, 230)), 0.4)
    printed = flat.copy()
    printed.paste(mix(palette.near, (20, 14, 40), 0.6), None, dots)
    return Image.blend(flat, printed, 0.62 + chance.random() * 0.2)


def woven(image: Image.Image, _: Palette, chance: random.Random) -> Image.Image:
    """Coarse threads, over and under."""
    step = chance.choice((6, 8))
    small = image.resize((image.width // step, image.height // step), Image.Resampling.BOX)
    cloth = small.resize(image.size, Image.Resampling.NEAREST)
    tile = Image.new("L", (step * 2, step * 2))
    for y in range(step * 2):
        for x in range(step * 2):
            is_warp = (x // step + y // step) % 2 == 0
            place = (x if is_warp else y) % step
            tile.putpixel((x, y), 128 + round(105 * (0.42 - abs(place / (step - 1) - 0.5) * 1.5)))
    relief = _tiled(tile, image.size)
    shaded = ImageChops.overlay(cloth, Image.merge("RGB", [relief] * 3))
    return Image.blend(shaded, image, 0.2)


def low_poly(image: Image.Image, _: Palette, chance: random.Random) -> Image.Image:
    """Facets of a crystal."""
    columns = 34
    step = image.width / columns
    rows = max(2, round(image.height / step))
    grid = [
        [
            _jittered(column, row, step, columns, rows, image, chance)
            for column in range(columns + 1)
        ]
        for row in range(rows + 1)
    ]
    colour_at = _sampler(image.filter(ImageFilter.BoxBlur(step / 5)))
    canvas = image.copy()
    draw = ImageDraw.Draw(canvas)
    for row in range(rows):
        for column in range(columns):
            a, b = grid[row][column], grid[row][column + 1]
            c, d = grid[row + 1][column], grid[row + 1][column + 1]
            for corners in ((a, b, c), (b, d, c)):
                x = min(image.width - 1, int(sum(p[0] for p in corners) / 3))
                y = min(image.height - 1, int(sum(p[1] for p in corners) / 3))
                draw.polygon(corners, fill=colour_at(x, y))
    return ImageEnhance.Contrast(Image.blend(canvas, image, 0.12)).enhance(1.1)


def watercolour(image: Image.Image, _: Palette, chance: random.Random) -> Image.Image:
    """Pale washes with dark edges on rough paper."""
    wash = _halved(image).filter(ImageFilter.MedianFilter(5))
    wash = wash.resize(image.size, Image.Resampling.BICUBIC)
    wash = Image.blend(wash, Image.new("RGB", image.size, (255, 253, 247)), 0.26)
    edges = wash.convert("L").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(1.2))
    dark = ImageEnhance.Brightness(wash).enhance(0.62)
    wash.paste(dark, None, edges.point([min(230, v * 5) for v in range(256)]))
    cells = (image.width // 3, image.height // 3)
    paper = Image.frombytes("L", cells, chance.randbytes(cells[0] * cells[1]))
    paper = paper.resize(image.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))
    tooth = paper.point([217 + v // 7 for v in range(256)])
    return ImageChops.multiply(wash, Image.merge("RGB", [tooth] * 3))


def risograph(image: Image.Image, palette: Palette, chance: random.Random) -> Image.Image:
    """Two inks, printed slightly out of register with grain."""
    grey = ImageOps.autocontrast(image.convert("L"))
    grain = _grain(image.size, chance)
    light = ImageChops.add(ImageChops.offset(grey, 4, -3), grain, scale=1, offset=-120)
    first = light.point([255 - v for v in range(256)])
    second = ImageChops.add(grey, grain, scale=1, offset=-128)
    second = second.point([max(0, 205 - v * 2) for v in range(256)])
    sheet = Image.new("RGB", image.size, (250, 244, 232))
    sheet.paste(mix(palette.accent, palette.far, 0.25), None, first)
    sheet.paste(mix(palette.near, (24, 20, 66), 0.65), None, second)
    return Image.blend(sheet, image, 0.24)


HANDS: tuple[Hand, ...] = (
    photographic,
    painterly,
    geometric,
    ink,
    halftone,
    woven,
    low_poly,
    watercolour,
    risograph,
)


def _sampler(image: Image.Image) -> Callable[[int, int], Colour]:
    levels, width = image.tobytes(), image.width

    def colour_at(x: int, y: int) -> Colour:
        place = (y * width + x) * 3
        return levels[place], levels[place + 1], levels[place + 2]

    return colour_at


def _halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)


def _grain(size: tuple[int, int], chance: random.Random) -> Image.Image:
    patch = Image.frombytes("L", (256, 256), chance.randbytes(65536))
    patch = patch.point([84 + v // 3 for v in range(256)])
    return _tiled(patch, size)


def _tiled(tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    sheet = Image.new("L", size)
    for y in range(0, size[1], tile.height):
        for x in range(0, size[0], tile.width):
            sheet.paste(tile, (x, y))
    return sheet


def _hatching(size: tuple[int, int], step: int) -> Image.Image:
    tile = Image.new("L", (step, step), 60)
    for number in range(step):
        tile.putpixel((number, step - 1 - number), 255)
        tile.putpixel(((number + 1) % step, step - 1 - number), 190)
    return _tiled(tile, size)


def _vignette(image: Image.Image, strength: float) -> Image.Image:
    mask = Image.radial_gradient("L").resize(image.size)
    mask = mask.point([round(max(0, v - 90) * strength) for v in range(256)])
    image.paste((6, 7, 14), None, mask)
    return image


def _stroke(
    draw: ImageDraw.ImageDraw,
    spot: tuple[int, int],
    colour: Colour,
    reach: float,
    slant: float,
    chance: random.Random,
) -> None:
    x, y = spot
    tilt = slant + chance.uniform(-0.5, 0.5)
    shift = chance.randrange(-14, 15)
    shade = (colour[0] + shift, colour[1] + shift, colour[2] + shift)
    clear = tuple(max(0, min(255, part)) for part in shade)
    line = (x - reach, y - reach * tilt, x + reach, y + reach * tilt)
    draw.line(line, fill=clear, width=max(2, round(reach * 0.55)))


def _jittered(
    column: int,
    row: int,
    step: float,
    columns: int,
    rows: int,
    image: Image.Image,
    chance: random.Random,
) -> tuple[float, float]:
    shift_x, shift_y = chance.uniform(-0.33, 0.33), chance.uniform(-0.33, 0.33)
    x = column + (shift_x if 0 < column < columns else 0)
    y = row + (shift_y if 0 < row < rows else 0)
    return x * step, y * image.height / rows
