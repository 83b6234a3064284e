"""The first corpus of hidden shapes: templates of the kind that people write for pictures."""

import random
from collections.abc import Sequence

from benchmarks.strange_shapes import Hidden

FRAMES = (
    "A photo of {} on a {} background, soft light",
    "Studio photograph of {} standing on {}, {} from the left, calm dark background",
    "{} in the style of {}, highly detailed, 8k",
    "Product: {}\nColor: {}\nMood: {}\nKeep the label free.",
    "Slow push-in on {} at {} while the camera turns; no people.",
    "Poster for {} (limited edition), printed on {}!",
    "Ein Plakat für {}, gedruckt auf {}, ruhige Farben.",
    "Cinematic wide shot: {} walks through {}. Rain, neon, {} mood. Shot on 35mm film.",
    "Icon of {}, flat vector, {} palette, no text",
    "Make exactly {} bottles of {} in a row on {}; nothing else in the picture.",
    "Close-up portrait of {}, wearing {}, {} lighting, {} lens",
    "A cup with a lid and {} beside a plate on a table with {}.",
    'The words "{}" written by hand on {}, seen from above',
    "商品写真：{}、背景は{}、やわらかい光",
    "{}: isometric room, {} walls, tiny furniture, clay render",
)
OPTIONAL = (", at night", ", with steam rising", ". No text anywhere", ", golden hour")
OPTIONAL_SLOTS = (", inspired by {}", " -- seen by {}", ", printed in {}")
VALUES = (
    "red cup", "blue glass bottle", "lighthouse", "an old fox", "paper lantern", "two apples",
    "Zürich", "café crème", "sauce piquante", "wet slate", "raw linen", "brushed steel", "fresh snow",
    "soft window light", "warm sunset glow", "cold morning haze", "Monet", "Hokusai", "Bauhaus",
    "teal and orange", "pale green", "burnt umber", "quiet", "festive", "street market", "empty hall",
    "кофейная чашка", "كوب أحمر", "赤い椅子", "👩‍🚀 astronaut", "👨‍👩‍👧 family", "half-timbered house",
    "16:9 frame", "3.5 mm jack", "rock 'n' roll", "basalt cliff by sea", "moss", "velvet", "oak",
    "glass of cold milk", "tin robot", "ceramic owl", "sailing boat", "wool scarf", "desert road",
)  # fmt: skip
UNRELATED = [
    "a",
    "the",
    "of",
    "and",
    "with",
    "on",
    "in",
    "at",
    "lighthouse",
    "coffee",
    "river",
    "mountain",
    "engine",
    "violin",
    "market",
    "forest",
    "robot",
    "cat",
    "piano",
    "window",
    "desert",
    "ship",
    "bridge",
    "storm",
    "garden",
    "clock",
    "train",
    "mirror",
    "candle",
    "island",
    "castle",
    "dragon",
    "wheel",
    "photo",
    "of",
    "painting",
    "light",
    "dark",
    "soft",
    "bright",
    "golden",
    "blue",
    "red",
    "green",
    "old",
    "new",
    "tiny",
    "huge",
    "quiet",
    "wild",
    "city",
]


def hidden_set(chance: random.Random, number: int) -> Hidden:
    count = chance.randint(5, 40)
    frame = chance.choice(FRAMES)
    pieces = frame.split("{}")
    columns: list[list[str | None]] = []
    for _ in pieces[1:]:
        pool = chance.sample(VALUES, chance.randint(3, 12))
        column = [chance.choice(pool) for _ in range(count)]
        column[0], column[1] = pool[0], pool[1]
        columns.append(list(column))
    rows = [_filled(pieces, [column[row] for column in columns]) for row in range(count)]
    shape = "\0".join(pieces)
    shown = columns
    if chance.random() < 0.4:
        rows, shown, shape = _with_option(chance, rows, columns, shape)
    made = Hidden(rows, shown, shape)
    if number % 3 == 0:
        made.odd = chance.randrange(count)
        made.prompts[made.odd] = unrelated_prompt(chance)
    return made


def _filled(pieces: Sequence[str], values: Sequence[str | None]) -> str:
    return pieces[0] + "".join(
        f"{value}{rest}" for value, rest in zip(values, pieces[1:], strict=True)
    )


def _with_option(
    chance: random.Random, rows: list[str], columns: list[list[str | None]], shape: str
) -> tuple[list[str], list[list[str | None]], str]:
    """An optional part at the end, with or without a slot of its own; at least two have it or not."""
    part = chance.choice(OPTIONAL + OPTIONAL_SLOTS)
    has = [True, True, False, False, *(chance.random() < 0.5 for _ in rows[4:])]
    order = chance.sample(range(len(rows)), len(rows))
    has = [has[place] for place in order]
    pool = chance.sample(VALUES, 6)
    values = [pool[number % 6] for number, _ in enumerate(rows)]
    is_slot = "{}" in part
    filled = [
        row + (part.replace("{}", value) if own else "")
        for row, value, own in zip(rows, values, has, strict=True)
    ]
    column = [
        (value if is_slot else "") if own else None for value, own in zip(values, has, strict=True)
    ]
    mark = "\1" + part.replace("{}", "\0" if is_slot else "") + "\1"
    return filled, [*columns, column], shape + mark


def unrelated_prompt(chance: random.Random) -> str:
    return " ".join(chance.choice(UNRELATED) for _ in range(chance.randint(8, 30)))


def unrelated_set(chance: random.Random) -> Hidden:
    return Hidden([unrelated_prompt(chance) for _ in range(chance.randint(2, 20))])
