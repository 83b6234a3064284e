"""Backdrops: sky with light and clouds, and layers of land, water or town."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .frame import Size
from .palette import Colour, Palette, mix, words_of

Points = list[tuple[float, float]]
Ridge = Callable[[random.Random, int, float, float], Points]

LANDS: dict[str, tuple[str, ...]] = {
    "water": (
        "ocean",
        "sea",
        "sailboat",
        "harbour",
        "wave",
        "beach",
        "water",
        "lake",
        "river",
        "boat",
        "ship",
    ),
    "town": ("city", "street", "town", "neon", "cyberpunk", "skyline", "building", "tower"),
    "wood": ("forest", "jungle", "tree", "wood", "pine"),
    "peaks": ("mountain", "volcano", "alps", "cliff", "snow", "ice"),
    "dunes": ("desert", "sand", "dune"),
    "table": (
        *("table", "slate", "marble", "studio", "product", "bottle", "cup", "kitchen", "stone"),
        *("room", "concrete", "shelf", "perfume", "watch", "shoe", "vase", "bowl"),
    ),
}


def noise(size: Size, cells: int, chance: random.Random) -> Image.Image:
    """Soft grey noise with about `cells` patches across, from three octaves."""
    total = Image.new("L", size, 128)
    for octave, share in ((1, 0.8), (2, 0.45), (4, 0.28)):
        wide = max(2, cells * octave)
        high = max(2, round(wide * size[1] / size[0]))
        patch = Image.frombytes("L", (wide, high), chance.randbytes(wide * high))
        total = Image.blend(total, patch.resize(size, Image.Resampling.BICUBIC), share)
    return total


def vertical(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    """A gradient from `top` to `bottom`."""
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def glow(size: Size, centre: tuple[float, float], radius: float) -> Image.Image:
    """A mask that is bright at `centre` and fades out at `radius`, both in pixels."""
    mask = Image.new("L", size, 0)
    side = max(2, round(radius * 2))
    disc = ImageChops.invert(Image.radial_gradient("L")).resize((side, side))
    disc = disc.point([max(0, round((level - 75) * 255 / 180)) for level in range(256)])
    mask.paste(disc, (round(centre[0] - radius), round(centre[1] - radius)))
    return mask


def land_of(prompt: str, chance: random.Random) -> str:
    """The kind of ground that a prompt asks for, or one by chance."""
    words = words_of(prompt)
    for word in words:
        for land, names in LANDS.items():
            if word in names:
                return land
    return chance.choice(("hills", "hills", "peaks", "dunes", "arcs"))


def paint_backdrop(
    size: Size, land: str, palette: Palette, chance: random.Random, light: float
) -> tuple[Image.Image, float]:
    """The scene without its subject, and the height of the ground line in pixels.

    `light` from 0 to 1 moves the sun from left to right.
    """
    image = _sky(size, palette, chance, light)
    ground = size[1] * chance.uniform(0.52, 0.64)
    if land == "table":
        return _table(image, size[1] * 0.66, palette, chance, light), size[1] * 0.66
    ridge = RIDGES.get(land, _hills)
    layers = 4
    for number in range(layers):
        depth = number / (layers - 1)
        height = ground + (size[1] - ground) * depth**1.4 * 0.72
        rise = size[1] * (0.14 - 0.06 * depth)
        _layer(image, ridge(chance, size[0], height, rise), palette, depth, chance)
    if land == "water":
        _glitter(image, ground, palette, chance, light)
    return image, ground + (size[1] - ground) * 0.55


def _sky(size: Size, palette: Palette, chance: random.Random, light: float) -> Image.Image:
    image = vertical((size[0], round(size[1] * 0.72)), palette.zenith, palette.horizon)
    sky = Image.new("RGB", size, palette.horizon)
    sky.paste(image)
    clouds = noise(size, 3, chance).point([max(0, min(170, (level - 128) * 2)) for level in LEVELS])
    sky.paste(mix(palette.horizon, (255, 255, 255), 0.0 if palette.is_dark else 0.5), None, clouds)
    if palette.is_dark:
        _stars(sky, chance)
    centre = (size[0] * (0.15 + 0.7 * light), size[1] * chance.uniform(0.18, 0.42))
    halo = glow(size, centre, max(size) * 0.42).point([level * 3 // 5 for level in LEVELS])
    sky.paste(palette.light(), None, halo)
    radius = min(size) * chance.uniform(0.05, 0.1)
    disc = Image.new("L", size, 0)
    ImageDraw.Draw(disc).ellipse(_around(centre, radius), fill=235)
    sky.paste(palette.light(), None, disc.filter(ImageFilter.GaussianBlur(radius * 0.06)))
    return sky


LEVELS = range(256)


def _stars(sky: Image.Image, chance: random.Random) -> None:
    draw = ImageDraw.Draw(sky)
    for _ in range(170):
        spot = (chance.uniform(0, sky.width), chance.uniform(0, sky.height * 0.6))
        shine = chance.randrange(120, 255)
        draw.ellipse(_around(spot, chance.choice((0.4, 0.7, 1.3))), fill=(shine, shine, 255))


def _around(centre: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    return centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius


def _layer(
    image: Image.Image, ridge: Points, palette: Palette, depth: float, chance: random.Random
) -> None:
    size = image.size
    colour = mix(mix(palette.horizon, palette.far, 0.75), palette.near, depth)
    mask = Image.new("L", size, 0)
    outline = [(-2.0, size[1] + 2.0), *ridge, (size[0] + 2.0, size[1] + 2.0)]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    body = vertical(
        size, mix(colour, palette.horizon, 0.28 * (1 - depth)), mix(colour, (0, 0, 0), 0.15)
    )
    texture = noise(size, 14, chance).point([max(0, min(70, level - 120)) for level in LEVELS])
    body.paste(mix(colour, palette.light(), 0.5), None, texture)
    image.paste(body, None, mask)


def _waving(chance: random.Random, count: int = 4) -> Callable[[float], float]:
    waves = [
        (chance.uniform(0.6, 1.6) * 2.1**number, chance.uniform(0, 6.3), 0.62**number)
        for number in range(count)
    ]
    return lambda x: sum(w * math.sin(f * x * 6.283 + p) for f, p, w in waves) / 1.6


def _hills(chance: random.Random, width: int, height: float, rise: float) -> Points:
    wave = _waving(chance)
    return [(x, height - rise * wave(x / width)) for x in range(-2, width + 9, 6)]


def _dunes(chance: random.Random, width: int, height: float, rise: float) -> Points:
    wave = _waving(chance, 2)
    return [(x, height - rise * abs(wave(x / width)) * 1.2) for x in range(-2, width + 9, 6)]


def _peaks(chance: random.Random, width: int, height: float, rise: float) -> Points:
    points = [(-5.0, height), (width + 5.0, height - rise * 0.4)]
    spread = rise * 2.2
    for _ in range(6):
        middle = [
            ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + chance.uniform(-spread, spread * 0.55))
            for a, b in pairwise(points)
        ]
        points = [p for pair in zip(points, middle, strict=False) for p in pair] + points[-1:]
        spread *= 0.52
    return points


def _town(chance: random.Random, width: int, height: float, rise: float) -> Points:
    points: Points = []
    x = -4.0
    while x < width + 4:
        wide = width * chance.uniform(0.025, 0.075)
        top = height - rise * chance.uniform(0.1, 2.1)
        points += [(x, top), (x + wide, top)]
        x += wide
    return points


def _wood(chance: random.Random, width: int, height: float, rise: float) -> Points:
    wave = _waving(chance)
    points: Points = []
    x = -8.0
    while x < width + 8:
        wide = width * chance.uniform(0.012, 0.03)
        foot = height - rise * 0.5 * wave(x / width)
        tip = foot - rise * chance.uniform(0.5, 1.3)
        points += [(x, foot), (x + wide / 2, tip), (x + wide, foot)]
        x += wide * 0.8
    return points


def _water(chance: random.Random, width: int, height: float, rise: float) -> Points:
    phase, count = chance.uniform(0, 6), chance.uniform(3, 6)
    return [
        (x, height - rise * 0.13 * abs(math.sin(x / width * count * 3.14 + phase)))
        for x in range(-2, width + 9, 5)
    ]


def _arcs(chance: random.Random, width: int, height: float, rise: float) -> Points:
    centre, reach = chance.uniform(0.1, 0.9) * width, width * chance.uniform(0.3, 0.6)
    return [
        (x, height - rise * 2 * math.sqrt(max(0.0, 1 - ((x - centre) / reach) ** 2)))
        for x in range(-2, width + 9, 4)
    ]


RIDGES: dict[str, Ridge] = {
    "hills": _hills,
    "dunes": _dunes,
    "peaks": _peaks,
    "town": _town,
    "wood": _wood,
    "water": _water,
    "arcs": _arcs,
}


def _table(
    image: Image.Image, ground: float, palette: Palette, chance: random.Random, light: float
) -> Image.Image:
    size = image.size
    wall = image.filter(ImageFilter.GaussianBlur(size[0] * 0.03))
    high = size[1] - round(ground * 0.92)
    top = vertical((size[0], high), mix(palette.near, palette.horizon, 0.35), palette.near)
    streaks = noise((max(2, size[0] // 7), high), 5, chance).resize((size[0], high))
    mask = streaks.point([max(0, min(130, (level - 126) * 5)) for level in LEVELS])
    top.paste(mix(palette.near, palette.light(), 0.35), None, mask)
    shine = glow((size[0], high), (size[0] * (0.2 + 0.6 * light), high * 0.2), size[0] * 0.45)
    top.paste(palette.light(), None, shine.point([level // 3 for level in LEVELS]))
    wall.paste(top, (0, size[1] - high))
    return wall


def _glitter(
    image: Image.Image, ground: float, palette: Palette, chance: random.Random, light: float
) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    centre = image.width * (0.15 + 0.7 * light)
    for _ in range(120):
        depth = chance.random()
        y = ground + (image.height - ground) * depth
        x = chance.gauss(centre, image.width * (0.03 + 0.09 * depth))
        long = image.width * chance.uniform(0.01, 0.035) * (0.4 + depth)
        draw.line(
            (x - long, y, x + long, y), fill=(*palette.light(), 120), width=1 + round(depth * 2)
        )
