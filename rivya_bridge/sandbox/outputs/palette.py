"""Colours of a picture: from the words of the prompt, or a harmony of chance."""

from __future__ import annotations

import colorsys
import random
import re
from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Five colours: upper and lower sky, far and near ground, and the subject."""

    zenith: Colour
    horizon: Colour
    far: Colour
    near: Colour
    accent: Colour
    is_dark: bool

    def light(self) -> Colour:
        """Colour of sun or moon."""
        return mix(self.horizon, (255, 246, 224), 0.7)


# Each word pulls the colours it has an opinion on; - means no opinion.
# word: zenith horizon far near
SCENES: dict[str, str] = {
    "sunset": "3b2a63 ff9a56 8c4666 2c1d33",
    "sunrise": "5c7fb8 ffcf9b b58a92 4a3f57",
    "dawn": "6f7fb5 ffd3b8 a98fa3 51466a",
    "dusk": "2b2f5e e58a7b 6c4a74 221f3c",
    "night": "070b1f 27386b 1a2448 080c1c",
    "moon": "0b1233 46598c 27325c 0b1028",
    "stars": "060818 2c2f66 1c1c46 090a1e",
    "space": "04040f 3a1f5c 20123f 07060f",
    "ocean": "3f8fc4 cdeaf0 2f7f9c 0c3f5c",
    "sea": "4a9acb d6eef0 35879f 0f4862",
    "wave": "4c98c6 d9eef2 2f86a2 0b4a66",
    "beach": "57aedb fdeccb 6fc0c6 d9b37c",
    "water": "6aaacc dcecef 4a8ba3 1b4f68",
    "lake": "7fb0d2 e6eff0 5a8a94 20505a",
    "river": "86b5d0 e7efe6 6a9a86 2c5c58",
    "forest": "8db8a8 e4efd2 3f7a58 143424",
    "jungle": "86bf9a e9f2c8 2f8050 0d3a22",
    "tree": "9cc6d8 eef3dc 6f9f6a 2d5b38",
    "garden": "a4cfe0 f6f3dc 7fb36c 3a6e3c",
    "meadow": "8fc4e6 f7f4d8 9fc66c 4f8a3e",
    "desert": "e0a96b fbe3b4 d08f52 8a4f2c",
    "sand": "cfe0e6 f8e9c9 dcb884 a47a48",
    "snow": "a9c3dc f4f8fb cfdde8 8fa6bd",
    "winter": "9db5cf eef4f8 c3d2df 7d93ab",
    "ice": "8fbfdc f0fafc b4dbe8 5f9cb8",
    "mountain": "6f9cc9 eee6da 7886a3 37445f",
    "city": "56698f f2c9a4 5a6180 232a40",
    "street": "62708c e9cfae 676a80 2a2e3f",
    "neon": "14062e ff3ea5 4b1a80 0c0420",
    "cyberpunk": "12052c 22d3ee 6a1b9a 0b0420",
    "kitchen": "e9e0d2 fff6e6 c9b79c 8a6f52",
    "studio": "d9dbde f6f6f4 c4c6c9 9a9da2",
    "room": "dccfc0 fbf1e2 bfa88e 7b614c",
    "autumn": "b9c4c9 fbe2b6 c9803c 6c3a1e",
    "spring": "a9d8ec fdeef2 a9cf86 5f9a58",
    "summer": "4fb1ea fff3c4 8cc65a 3b8a4a",
    "rain": "5d6b7a b4c0c8 5f707d 2b3844",
    "storm": "2e3644 8b98a5 4a5664 1a212b",
    "fog": "b7c0c5 e8ecec b0babf 7f8b92",
    "fire": "2a0f14 ff8a3c 8a2c1c 1e0a0c",
    "volcano": "2b1216 ff6a3a 7a2a20 1a0b0d",
}
MATERIALS: dict[str, str] = {
    "red": "c8322b",
    "crimson": "a51d2d",
    "orange": "ee7f2d",
    "yellow": "f2c230",
    "gold": "d9a441",
    "golden": "d9a441",
    "amber": "e09a2b",
    "green": "3f9a55",
    "emerald": "159a6c",
    "teal": "1f8f94",
    "turquoise": "34b7b0",
    "blue": "2f6fd0",
    "navy": "1d3270",
    "purple": "7a45b8",
    "violet": "7f55d0",
    "lavender": "a996dc",
    "pink": "ec7fb0",
    "rose": "d9607f",
    "white": "f1efea",
    "black": "24252a",
    "grey": "8c9096",
    "gray": "8c9096",
    "silver": "bcc3ca",
    "slate": "515d68",
    "stone": "8d8a83",
    "marble": "e6e2dc",
    "concrete": "a3a29c",
    "wood": "9a6a3f",
    "wooden": "9a6a3f",
    "bronze": "96683a",
    "copper": "b8683f",
    "brass": "c29a4a",
    "glass": "9fcfd2",
    "clay": "b5654a",
    "leather": "8a5230",
    "banana": "f4d03f",
    "lemon": "f5dd4b",
    "apple": "cc3a34",
    "cherry": "b3203c",
    "coffee": "6a4128",
    "chocolate": "5a3322",
    "fox": "d9712b",
    "flower": "e46a97",
}
SLATE_SCENES = ("slate", "stone", "concrete", "marble", "wood", "wooden")


def words_of(prompt: str) -> list[str]:
    """Lower-case words, simple plurals reduced to their singular."""
    words = re.findall(r"[a-z]+", prompt.lower())
    known = SCENES.keys() | MATERIALS.keys()
    return [word[:-1] if word.endswith("s") and word not in known else word for word in words]


def choose_palette(prompt: str, chance: random.Random, tint: float) -> Palette:
    """The palette of a prompt; `tint` turns all hues by a few hundredths."""
    words = words_of(prompt)
    colours = _scene_colours(words, chance)
    accents = [_parse(MATERIALS[word]) for word in words if word in MATERIALS]
    grounds = [_parse(MATERIALS[word]) for word in words if word in SLATE_SCENES]
    if grounds:
        colours[3] = mix(colours[3], _darker(grounds[0]), 0.75)
        colours[2] = mix(colours[2], grounds[0], 0.5)
    accent = accents[0] if accents else _opposite(colours[1], chance)
    turned = [_turn(colour, tint) for colour in colours]
    is_dark = sum(colours[0]) + sum(colours[1]) < 420
    return Palette(turned[0], turned[1], turned[2], turned[3], accent, is_dark)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of `second` in it."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


def _scene_colours(words: list[str], chance: random.Random) -> list[Colour]:
    scenes = [[_parse(part) for part in SCENES[word].split()] for word in words if word in SCENES]
    if not scenes:
        return _harmony(chance)
    colours = scenes[0]
    for scene in scenes[1:3]:
        colours = [mix(old, new, 0.28) for old, new in zip(colours, scene, strict=True)]
    return colours


def _harmony(chance: random.Random) -> list[Colour]:
    hue = chance.random()
    apart = chance.choice((0.07, 0.12, 0.38, 0.5))
    return [
        _hsv(hue, 0.45, chance.uniform(0.45, 0.85)),
        _hsv(hue + apart, 0.28, 0.97),
        _hsv(hue + 0.04, 0.42, 0.58),
        _hsv(hue - 0.03, 0.55, 0.26),
    ]


def _opposite(colour: Colour, chance: random.Random) -> Colour:
    hue, _, _ = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    return _hsv(hue + 0.5 + chance.uniform(-0.12, 0.12), 0.68, 0.82)


def _turn(colour: Colour, tint: float) -> Colour:
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    return _hsv(hue + tint, saturation, value)


def _darker(colour: Colour) -> Colour:
    return mix(colour, (10, 12, 16), 0.45)


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _parse(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue
