"""The thing in the middle of a picture: its shape, its shading, its shadow."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .palette import Palette, mix, words_of

Point = tuple[float, float]
OVERSAMPLING = 2

# Half widths from top (0) to bottom (1) of things that were turned on a lathe.
PROFILES: dict[str, tuple[Point, ...]] = {
    "bottle": (
        *((0, 0.12), (0.06, 0.12), (0.07, 0.1), (0.28, 0.1), (0.36, 0.16), (0.42, 0.25)),
        *((0.5, 0.27), (0.96, 0.27), (1, 0.24)),
    ),
    "vase": (
        *((0, 0.17), (0.03, 0.19), (0.1, 0.12), (0.2, 0.12), (0.4, 0.3), (0.55, 0.36)),
        *((0.72, 0.3), (0.9, 0.18), (0.96, 0.17), (1, 0.19)),
    ),
    "cup": ((0, 0.36), (0.05, 0.37), (0.5, 0.34), (0.85, 0.27), (0.94, 0.2), (1, 0.2)),
    "tower": (
        (0, 0.0),
        (0.12, 0.1),
        (0.13, 0.13),
        (0.2, 0.13),
        (0.22, 0.1),
        (0.9, 0.16),
        (1, 0.22),
    ),
    "chess": (
        *((0, 0.02), (0.04, 0.1), (0.12, 0.14), (0.2, 0.1), (0.25, 0.17), (0.3, 0.1)),
        *((0.7, 0.15), (0.8, 0.24), (0.9, 0.27), (1, 0.3)),
    ),
}
SHAPES: dict[str, tuple[str, ...]] = {
    "bottle": ("bottle", "perfume", "wine", "drink", "lotion", "serum", "product"),
    "vase": ("vase", "jar", "pot", "urn", "bowl"),
    "cup": ("cup", "mug", "coffee", "tea", "glass"),
    "tower": ("tower", "lighthouse", "castle", "rocket", "robot"),
    "creature": ("cat", "dog", "fox", "owl", "bear", "rabbit", "animal", "kitten", "puppy", "wolf"),
    "tree": ("tree", "forest", "bonsai", "oak"),
    "house": ("house", "cabin", "home", "hut", "barn", "village"),
    "boat": ("boat", "sailboat", "ship", "sail", "yacht"),
    "flower": ("flower", "rose", "tulip", "bouquet", "garden"),
    "person": ("person", "woman", "man", "girl", "boy", "portrait", "astronaut", "child", "king"),
    "sphere": ("ball", "planet", "sphere", "moon", "apple", "orange", "balloon", "fruit"),
}
AT_HOME: dict[str, tuple[str, ...]] = {
    "town": ("tower",),
    "water": ("boat",),
    "wood": ("tree", "house", "creature"),
    "table": ("vase", "bottle", "cup", "chess", "sphere"),
}
GLOSSY = frozenset({"bottle", "vase", "cup", "chess", "sphere"})
ANY_SHAPE = ("sphere", "vase", "tower", "chess", "tree", "house", "boat", "bottle")


def shape_of(prompt: str, land: str, chance: random.Random) -> str:
    """The shape that the prompt speaks of, one at home in the land, or one by chance."""
    for word in words_of(prompt):
        for shape, names in SHAPES.items():
            if word in names:
                return shape
    return chance.choice(AT_HOME.get(land, ANY_SHAPE))


def drawn_subject(
    shape: str, side: int, palette: Palette, chance: random.Random, light: float
) -> Image.Image:
    """A shaded thing on a transparent square of `side` pixels, standing on its lower edge."""
    big = side * OVERSAMPLING
    mask = Image.new("L", (big, big), 0)
    _cut(ImageDraw.Draw(mask), shape, big, chance)
    mask = mask.resize((side, side), Image.Resampling.BOX)
    return _shaded(mask, palette, light, is_glossy=shape in GLOSSY)


def place(backdrop: Image.Image, subject: Image.Image, foot: Point, light: float) -> Image.Image:
    """The subject with its shadow on the backdrop; `foot` is where it stands, in pixels.

    Returns the subject's mask in the size of the backdrop.
    """
    x, y = round(foot[0] - subject.width / 2), round(foot[1] - subject.height)
    mask = Image.new("L", backdrop.size, 0)
    mask.paste(subject.getchannel("A"), (x, y))
    _cast_shadow(backdrop, subject, foot, light)
    backdrop.paste(subject.convert("RGB"), (x, y), subject.getchannel("A"))
    return mask


def _cast_shadow(backdrop: Image.Image, subject: Image.Image, foot: Point, light: float) -> None:
    wide, high = subject.width, max(4, subject.height // 5)
    soft = Image.new("L", backdrop.size, 0)
    draw = ImageDraw.Draw(soft)
    reach = wide * (0.5 - light) * 0.8
    box = (foot[0] - wide * 0.46 + min(0.0, reach), foot[1] - high * 0.35)
    draw.ellipse((*box, foot[0] + wide * 0.46 + max(0.0, reach), foot[1] + high * 0.4), fill=170)
    backdrop.paste((8, 9, 14), None, soft.filter(ImageFilter.GaussianBlur(high * 0.22)))


def _shaded(mask: Image.Image, palette: Palette, light: float, *, is_glossy: bool) -> Image.Image:
    size = mask.size
    base = mix(palette.accent, palette.near, 0.08)
    body = Image.new("RGB", size, base)
    # Thickness from a wide blur: bright in the middle, turning dark at the rims.
    round_off = mask.filter(ImageFilter.GaussianBlur(size[0] * 0.06))
    rim = ImageChops.invert(round_off).point([min(255, level * 3 // 2) for level in range(256)])
    body.paste(mix(base, (6, 8, 18), 0.72), None, rim)
    shift = round(size[0] * 0.07 * (1 if light > 0.5 else -1))
    _turn_to_light(body, mask, palette, light, is_glossy)
    lit = ImageChops.subtract(ImageChops.offset(round_off, shift, -shift // 3), rim)
    body.paste(mix(base, palette.light(), 0.5), None, lit.point([v // 2 for v in range(256)]))
    edge = ImageChops.subtract(mask, ImageChops.offset(mask, -shift // 6, abs(shift) // 9))
    edge = edge.filter(ImageFilter.GaussianBlur(1.2))
    body.paste(palette.light(), None, edge.point([v * 3 // 4 for v in range(256)]))
    body.putalpha(mask)
    return body


def _turn_to_light(
    body: Image.Image, mask: Image.Image, palette: Palette, light: float, is_glossy: bool
) -> None:
    """Shade from the lit side to the far side; glossy things get a bright streak."""
    left, _, right, _ = mask.getbbox() or (0, 0, *mask.size)
    ramp = Image.linear_gradient("L").rotate(90 if light > 0.5 else -90)
    across = Image.new("L", mask.size, 0)
    across.paste(ramp.resize((right - left, mask.height)), (left, 0))
    away = across.point([v * 5 // 8 for v in range(256)])
    body.paste(mix(palette.near, (4, 6, 16), 0.5), None, away)
    if not is_glossy:
        return
    streak = across.point([max(0, 190 - abs(v - 66) * 6) for v in range(256)])
    streak = streak.filter(ImageFilter.GaussianBlur(mask.width * 0.012))
    body.paste(mix(palette.light(), (255, 255, 255), 0.4), None, ImageChops.multiply(streak, mask))


def _cut(draw: ImageDraw.ImageDraw, shape: str, side: int, chance: random.Random) -> None:
    if shape in PROFILES:
        _cut_profile(draw, PROFILES[shape], side)
        if shape == "cup":
            _ellipse(draw, side, (0.84, 0.42), (0.15, 0.24), 255)
            _ellipse(draw, side, (0.84, 0.42), (0.085, 0.16), 0)
            _cut_profile(draw, PROFILES[shape], side)
        return
    cutters = {
        "creature": _cut_creature,
        "tree": _cut_tree,
        "house": _cut_house,
        "boat": _cut_boat,
        "flower": _cut_flower,
        "person": _cut_person,
    }
    cutters.get(shape, _cut_sphere)(draw, side, chance)


def _cut_profile(draw: ImageDraw.ImageDraw, profile: tuple[Point, ...], side: int) -> None:
    right = [((0.5 + half) * side, y * side) for y, half in profile]
    left = [((0.5 - half) * side, y * side) for y, half in reversed(profile)]
    draw.polygon(right + left, fill=255)


def _ellipse(
    draw: ImageDraw.ImageDraw, side: int, centre: Point, radii: Point, fill: int = 255
) -> None:
    (x, y), (wide, high) = centre, radii
    box = ((x - wide) * side, (y - high) * side, (x + wide) * side, (y + high) * side)
    draw.ellipse(box, fill=fill)


def _polygon(draw: ImageDraw.ImageDraw, side: int, *points: Point) -> None:
    draw.polygon([(x * side, y * side) for x, y in points], fill=255)


def _cut_sphere(draw: ImageDraw.ImageDraw, side: int, _: random.Random) -> None:
    _ellipse(draw, side, (0.5, 0.62), (0.38, 0.38))


def _cut_creature(draw: ImageDraw.ImageDraw, side: int, chance: random.Random) -> None:
    _ellipse(draw, side, (0.5, 0.74), (0.25, 0.27))
    _ellipse(draw, side, (0.5, 0.36), (0.2, 0.18))
    ear = chance.uniform(0.04, 0.1)
    _polygon(draw, side, (0.31, 0.34), (0.33, ear), (0.48, 0.2))
    _polygon(draw, side, (0.69, 0.34), (0.67, ear), (0.52, 0.2))
    draw.arc([v * side for v in (0.6, 0.6, 0.95, 0.98)], 270, 120, fill=255, width=side // 14)
    _ellipse(draw, side, (0.4, 0.96), (0.09, 0.05))
    _ellipse(draw, side, (0.6, 0.96), (0.09, 0.05))


def _cut_tree(draw: ImageDraw.ImageDraw, side: int, chance: random.Random) -> None:
    _polygon(draw, side, (0.46, 0.5), (0.54, 0.5), (0.58, 1), (0.42, 1))
    for _ in range(16):
        angle, reach = chance.uniform(0, 6.3), chance.uniform(0, 0.24)
        centre = (0.5 + reach * math.cos(angle) * 1.2, 0.36 + reach * math.sin(angle))
        radius = chance.uniform(0.09, 0.16)
        _ellipse(draw, side, centre, (radius, radius))


def _cut_house(draw: ImageDraw.ImageDraw, side: int, _: random.Random) -> None:
    _polygon(draw, side, (0.2, 0.5), (0.8, 0.5), (0.8, 1), (0.2, 1))
    _polygon(draw, side, (0.12, 0.52), (0.5, 0.2), (0.88, 0.52))
    _polygon(draw, side, (0.66, 0.2), (0.74, 0.2), (0.74, 0.42), (0.66, 0.38))
    draw.rectangle([v * side for v in (0.44, 0.74, 0.56, 1)], fill=0)
    draw.rectangle([v * side for v in (0.27, 0.6, 0.38, 0.71)], fill=0)
    draw.rectangle([v * side for v in (0.62, 0.6, 0.73, 0.71)], fill=0)


def _cut_boat(draw: ImageDraw.ImageDraw, side: int, _: random.Random) -> None:
    _polygon(draw, side, (0.1, 0.8), (0.92, 0.8), (0.78, 0.98), (0.22, 0.98))
    _polygon(draw, side, (0.49, 0.1), (0.51, 0.1), (0.51, 0.8), (0.49, 0.8))
    _polygon(draw, side, (0.53, 0.12), (0.88, 0.74), (0.53, 0.74))
    _polygon(draw, side, (0.47, 0.24), (0.47, 0.74), (0.18, 0.74))


def _cut_flower(draw: ImageDraw.ImageDraw, side: int, chance: random.Random) -> None:
    _polygon(draw, side, (0.485, 0.4), (0.515, 0.4), (0.53, 1), (0.49, 1))
    _ellipse(draw, side, (0.6, 0.76), (0.12, 0.045))
    _ellipse(draw, side, (0.41, 0.84), (0.11, 0.04))
    petals = chance.randrange(5, 10)
    for number in range(petals):
        angle = number / petals * 2 * math.pi
        centre = (0.5 + 0.17 * math.cos(angle), 0.28 + 0.17 * math.sin(angle))
        _ellipse(draw, side, centre, (0.085, 0.085))
    _ellipse(draw, side, (0.5, 0.28), (0.12, 0.12))


def _cut_person(draw: ImageDraw.ImageDraw, side: int, _: random.Random) -> None:
    _ellipse(draw, side, (0.5, 0.27), (0.15, 0.19))
    _polygon(draw, side, (0.44, 0.4), (0.56, 0.4), (0.58, 0.56), (0.42, 0.56))
    _ellipse(draw, side, (0.5, 0.82), (0.32, 0.3))
    draw.rectangle([v * side for v in (0.18, 0.84, 0.82, 1)], fill=255)
