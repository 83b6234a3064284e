"""Image prompts and ideas, put together from a subject and small banks of parts."""

from __future__ import annotations

import random

from .reading import USUAL_ITEMS, Reading
from .talk import Talk
from .voices import habit

VIEWS = (
    "close-up at eye level", "low three-quarter angle", "straight from above", "wide establishing shot",
    "macro detail of the surface", "slight side angle with room on the left", "tight crop, off-centre",
)  # fmt: skip
LIGHTS = (
    "soft window light from the left", "hard rim light on a dark ground", "golden hour glow",
    "overcast daylight, no harsh shadows", "single softbox, long reflection", "cool blue dusk light",
    "candle-warm key light",
)  # fmt: skip
LENSES = (
    "50 mm lens, shallow depth of field", "85 mm lens, f/2.8", "100 mm macro, focus-stacked",
    "35 mm lens, everything sharp", "tilt-shift, narrow plane of focus",
)  # fmt: skip
MOODS = (
    "quiet and premium", "fresh, just after rain", "bold and graphic", "calm editorial look",
    "honest documentary feel", "playful, with one surprising prop",
)  # fmt: skip
ANGLES = (
    "start from what {s} feels like to touch", "show {s} in use rather than on display",
    "set {s} against its opposite", "tell the smallest story that {s} can carry",
    "leave out everything that is not {s}", "let one colour lead through {s}",
    "ask what a newcomer would notice first about {s}", "put a number on the benefit of {s}",
    "show {s} before and after", "borrow a form from elsewhere for {s}",
)  # fmt: skip
WHYS = (
    "it is quick to test", "it keeps attention on one thing", "it is hard to misread",
    "it leaves room for text", "it stays true to the brief", "it ages well",
)  # fmt: skip


def preferred(bank: tuple[str, ...], talk: Talk, chance: random.Random, count: int) -> list[str]:
    """`count` parts: the model's favourites first, in an order of this talk."""
    favourites = habit(talk.model_id).sample(bank, len(bank))[: max(3, len(bank) - 2)]
    picked: list[str] = []
    while len(picked) < count:
        picked += chance.sample(favourites, len(favourites))
    return picked[:count]


def prompts(reading: Reading, talk: Talk, subject: str, chance: random.Random) -> list[str]:
    """Prompts for an image model, each another view of the subject."""
    count = reading.count or (1 if "prompts" not in talk.message.lower() else USUAL_ITEMS)
    banks = [preferred(bank, talk, chance, count) for bank in (VIEWS, LIGHTS, LENSES, MOODS)]
    seen = talk.sight()
    ground = f", in the {' and '.join(seen.colours)} of the attached picture" if seen else ""
    return [
        _capital(f"{subject}{ground}, {view}, {light}, {lens}, {mood}")
        for view, light, lens, mood in zip(*banks, strict=True)
    ]


def ideas(reading: Reading, talk: Talk, subject: str, chance: random.Random) -> list[str]:
    """Ideas on the subject, each with its reason."""
    count = reading.count or USUAL_ITEMS
    angles = preferred(ANGLES, talk, chance, count)
    whys = preferred(WHYS, talk, chance, count)
    extra = reading.words or (subject,)
    return [
        f"{_capital(angle.format(s=f'“{subject}”'))} ({extra[n % len(extra)]}): {why}."
        for n, (angle, why) in enumerate(zip(angles, whys, strict=True))
    ]


def versions(bare: str, reading: Reading, talk: Talk, chance: random.Random) -> list[str]:
    """An earlier entry, changed in the way the message asks for."""
    change = " ".join(reading.words[:6]) or chance.choice(MOODS)
    lights = preferred(LIGHTS, talk, chance, reading.count or 2)
    return [f"{bare}, {change}, {light}" for light in lights]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
