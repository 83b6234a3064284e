"""A second corpus of hidden shapes, made without looking at how the method works.

Sixteen families, each of a kind that tends to break alignment: lists and quotations in long prompts, slots
at both ends, slots parted by one common word or a comma, values that use the words of the literal text or of
one another, numbers with their units, three scripts, values in several cases, optional parts in the middle,
the fewest and the most prompts, near misses as the odd one, repeated prompts, few values. Values are put
together from small parts of speech, so that no two sets use the same ones.

`set_of(family, chance)` gives one set with its truth; `UNRELATED` makes sets that have no shape.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.strange_words import (
    ADJECTIVES,
    ARABIC,
    CHINESE,
    COLOUR,
    EMOJI,
    KANA,
    MOOD,
    MOODS,
    NOUNS,
    PERSON,
    PLACE,
    RUSSIAN,
    SLOGAN,
    Make,
    any_case,
    decimal,
    lens,
    one_of,
    ratio,
    sentence,
    size,
    thing,
    whole,
)


@dataclass(slots=True)
class Hidden:
    """A set of prompts with the truth about it. `slots`: values by slot, None where left out; `shape`
    has one mark for each slot. `odd`: the place of the odd prompt."""

    prompts: list[str]
    slots: list[list[str | None]] = field(default_factory=list)
    shape: str = ""
    odd: int | None = None


# --- Families -------------------------------------------------------------------------------------

Frame = tuple[str, tuple[Make, ...]]

LONG = (
    (
        'Write a product page.\n\nRules:\n- Begin with "{}".\n- Mention {} twice.\n- At most 80 words, no '
        "exclamation marks.\n- End with the line: 'Yours, {}'\n\nTone: warm, plain, a little dry.",
        (SLOGAN, thing, PERSON),
    ),
    (
        "You are an editor. Summarise the note below in three bullet points, then give it a title of at "
        "most six words. Keep names as they are.\n\nAuthor: {}\nMood: {}\nNote: {}\n\nAnswer in English.",
        (PERSON, MOOD, sentence),
    ),
    (
        "Scene 1: wide shot of {}. The camera does not move. Scene 2: close-up of {}, shallow focus. Scene "
        "3: the same wide shot at dusk, {} in the foreground. No people, no text, no music. 24 fps, film "
        "grain, muted colours throughout.",
        (PLACE, thing, thing),
    ),
    (
        "1. Background: {}.\n2. Middle: {}.\n3. Front: {}.\n4. Light: soft, from the upper left.\n5. Do not "
        "draw frames, borders or watermarks.",
        (PLACE, thing, thing),
    ),
)
EDGES = (
    ("{} floating above {}", (thing, PLACE)),
    ("{} painted in watercolour, cheerful and loose, for {}", (thing, PERSON)),
    ("{}: a poster that says {}", (PERSON, SLOGAN)),
    ("{}\n---\nTranslate the line above for {}", (SLOGAN, PERSON)),
    ("{} logo, flat vector, two colours, {}", (thing, MOOD)),
)
ADJACENT = (
    ("Still life of {}, {} and {}, oil on canvas", (thing, thing, thing)),
    ("Photograph of {} in {}, shot from above", (thing, PLACE)),
    ("Poster showing {} with {}, bold type", (thing, thing)),
    ("A sticker sheet of {} and {}, thick white outline", (thing, thing)),
    ("Palette {}/{}: wallpaper pattern, seamless tile", (COLOUR, COLOUR)),
)
SHARED_WITH_LITERAL = (
    (
        "A table with a candle and a chair, and on the table {}, lit by a candle behind {}",
        (thing, thing),
    ),
    ("The red fox looks at {} while the old piano plays for {}", (thing, thing)),
    ("a photo of a teapot next to {}, a photo of quality, background of {}", (thing, PLACE)),
)
NUMBERS = (
    ("Exactly {} candles on a cake, numbered {} in icing", (whole, whole)),
    ("Macro photo, {} lens, f/{}, dew on a leaf", (lens, decimal)),
    ("{} ml bottle mockup at {} % scale, studio backdrop", (whole, whole)),
    ("banner, size {}, ratio {}, brand colour {}", (size, ratio, COLOUR)),
    ("Slow zoom from {} s to {} s over a harbour at dawn", (decimal, decimal)),
    ("tabletop product render --seed {} --ar {} --stylize {}", (whole, ratio, whole)),
)
SCRIPTS = (
    ("一张{}的照片，背景是{}，柔和的光线", (one_of(*CHINESE), one_of(*CHINESE))),
    ("صورة {} على {} بإضاءة ناعمة", (one_of(*ARABIC), one_of(*ARABIC))),
    ("{}の写真、{}の前、夕方の光", (one_of(*KANA), one_of(*KANA))),
    ("Плакат: {} и {}, плоский вектор", (one_of(*RUSSIAN), one_of(*RUSSIAN))),
    ("sticker of {} on a {} background, kawaii", (one_of(*EMOJI), COLOUR)),
    ("Mixed label “{}” / « {} » printed on kraft paper", (one_of(*KANA), one_of(*RUSSIAN))),
)
CASES = (
    ("Neon sign reading {} above a diner, rain, reflections", (any_case,)),
    ("Embroidered patch, text {}, border {}, on denim", (any_case, any_case)),
)
FORMS = (
    ("subject: {}; place: {}; mood: {}; lens: 50mm", (thing, PLACE, MOOD)),
    ('{{"subject": "{}", "mood": "{}", "steps": {}}}', (thing, MOOD, whole)),
    ("[{}] [{}] (best quality:1.2), (detailed)", (thing, PLACE)),
    ("<scene><who>{}</who><where>{}</where></scene>", (PERSON, PLACE)),
    ("Title — {}\nBy — {}\nGenre — lo-fi, no vocals", (SLOGAN, PERSON)),
)
OPTIONAL_FRAMES = (
    ("A photo of {}", ", wearing a hat", " on {}, soft light", (thing, PLACE)),
    ("Portrait of {}", " holding {}", ", studio light, grey backdrop", (PERSON, thing)),
    ("Poster for {}.", " Add the date.", " Use {} only. No gradients.", (PERSON, COLOUR)),
    ("A {} room", " (with {})", ", isometric, tiny furniture", (MOOD, thing)),
    ("Summarise {}", ' in the style of "{}"', " for a newsletter.\nMax 50 words.", (thing, PERSON)),
    ("Jingle about {}", ", female voice", ", 90 bpm, {} and short", (thing, MOOD)),
)
PLAIN = EDGES[1:] + NUMBERS[:3] + FORMS[:2] + LONG[2:3]


def filled(frame: str, values: list[str]) -> str:
    """Like `str.format`, with values that may hold braces."""
    pieces = [piece.replace("{{", "{").replace("}}", "}") for piece in frame.split("{}")]
    rests = zip(values, pieces[1:], strict=True)
    return pieces[0] + "".join(value + rest for value, rest in rests)


def marked_frame(frame: str) -> str:
    return filled(frame, ["\0"] * frame.count("{}"))


def _edge(value: str, *, last: bool) -> str:
    """The first or last sign of a value, or the number or word that it ends or begins with."""
    words = re.findall(r"\w+|[^\w\s]", value)
    return words[-1 if last else 0]


def column(chance: random.Random, make: Make, count: int) -> list[str]:
    """Values of which no two edges agree in all, because nobody could tell such an edge from the frame."""
    while True:
        values = [make(chance) for _ in range(count)]
        edges = [{_edge(value, last=last) for value in values} for last in (False, True)]
        if all(len(edge) > 1 for edge in edges):
            return values


def plain(chance: random.Random, frames: tuple[Frame, ...], count: int | None = None) -> Hidden:
    frame, makes = chance.choice(frames)
    count = count or chance.randint(5, 40)
    columns = [column(chance, make, count) for make in makes]
    prompts = [filled(frame, list(row)) for row in zip(*columns, strict=True)]
    return Hidden(prompts, [list(values) for values in columns], marked_frame(frame))


def optional(chance: random.Random) -> Hidden:
    """A part in the middle that about half of the prompts have."""
    head, part, tail, makes = chance.choice(OPTIONAL_FRAMES)
    count = chance.randint(8, 40)
    places = [name for name, text in (("h", head), ("p", part), ("t", tail)) if "{}" in text]
    columns = {name: column(chance, make, count) for name, make in zip(places, makes, strict=True)}
    has = [True, True, True, False, False, False]
    has = chance.sample(has + [chance.random() < 0.5 for _ in range(count - 6)], count)
    prompts = []
    for row in range(count):
        pieces = [("h", head), *([("p", part)] if has[row] else []), ("t", tail)]
        texts = [
            filled(text, [columns[name][row]] if name in columns else []) for name, text in pieces
        ]
        prompts.append("".join(texts))
    inner = columns.get("p", [""] * count)
    told = {"h": columns.get("h"), "t": columns.get("t")}
    middle = [value if own else None for value, own in zip(inner, has, strict=True)]
    slots = [told["h"], middle, told["t"]]
    shape = f"{marked_frame(head)}\1{marked_frame(part)}\1{marked_frame(tail)}"
    return Hidden(prompts, [list(one) for one in slots if one is not None], shape)


def near_miss(chance: random.Random) -> Hidden:
    """The odd one has the frame's words with some of them changed, left out or turned around."""
    made = plain(chance, PLAIN, chance.randint(6, 40))
    made.odd = chance.randrange(len(made.prompts))
    words = made.prompts[made.odd].split(" ")
    for _ in range(max(2, len(words) // 4)):
        words[chance.randrange(len(words))] = chance.choice(NOUNS)
    half = len(words) // 2
    made.prompts[made.odd] = " ".join(words[half:] + words[:half])
    return made


def other_prompt(chance: random.Random) -> Hidden:
    made = plain(chance, PLAIN, chance.randint(5, 40))
    made.odd = chance.randrange(len(made.prompts))
    made.prompts[made.odd] = unrelated_sentence(chance)
    return made


def repeated(chance: random.Random) -> Hidden:
    """Every third prompt stands twice."""
    made = plain(chance, PLAIN, chance.randint(5, 20))
    again = chance.sample(range(len(made.prompts)), len(made.prompts) // 3)
    made.prompts += [made.prompts[place] for place in again]
    made.slots = [[*values, *(values[place] for place in again)] for values in made.slots]
    return made


def few_values(chance: random.Random) -> Hidden:
    """Two or three values a slot, in many prompts."""
    frame, makes = chance.choice(PLAIN)
    few = tuple(one_of(*column(chance, make, chance.randint(2, 3))) for make in makes)
    return plain(chance, ((frame, few),), chance.randint(12, 40))


LITTLE = ("a", "the", "of", "on", "with", "and", "in", "for", "at", "by", "to", "from")
MARKS = (",", ".", ":", ";", " -", "", "", "", "", "")


def random_frame(chance: random.Random) -> Hidden:
    """Words at random with one to four slots, at least one telling word between two of them."""
    words: list[str] = []
    slots = chance.randint(1, 4)
    for number in range(slots + 1):
        least = 0 if number in (0, slots) else 1
        if number:
            words.append("{}" + chance.choice(MARKS))
        for _ in range(chance.randint(least, 6)):
            words.append(chance.choice(NOUNS + ADJECTIVES) + chance.choice(MARKS))
            if chance.random() < 0.4:
                words.append(chance.choice(LITTLE))
    if sum(word.strip(",.:; -") not in ("{}", *LITTLE) for word in words) < slots + 1:
        words.insert(0, "photorealistic render:")
    return plain(chance, ((" ".join(words), (thing, words_at_random, PERSON, SLOGAN)[:slots]),))


def words_at_random(chance: random.Random) -> str:
    return " ".join(chance.sample(ADJECTIVES + NOUNS + MOODS, chance.randint(1, 5)))


FAMILIES: dict[str, Callable[[random.Random], Hidden]] = {
    "long, with lists": lambda chance: plain(chance, LONG),
    "slots at both ends": lambda chance: plain(chance, EDGES),
    "slots side by side": lambda chance: plain(chance, ADJACENT),
    "words of the frame": lambda chance: plain(chance, SHARED_WITH_LITERAL),
    "numbers and units": lambda chance: plain(chance, NUMBERS),
    "other scripts": lambda chance: plain(chance, SCRIPTS),
    "several cases": lambda chance: plain(chance, CASES),
    "forms and markup": lambda chance: plain(chance, FORMS),
    "optional in the middle": optional,
    "five prompts": lambda chance: plain(chance, PLAIN, 5),
    "forty prompts": lambda chance: plain(chance, PLAIN, 40),
    "near miss": near_miss,
    "another prompt": other_prompt,
    "repeated prompts": repeated,
    "few values": few_values,
    "frames at random": random_frame,
}


def set_of(family: str, chance: random.Random) -> Hidden:
    return FAMILIES[family](chance)


# --- Without a shape ------------------------------------------------------------------------------

OPENINGS = (
    "Show {a} near {p}.", "{a} and {b}, {m}.", "What would {n} do with {a}?", "Make it {m}: {b} in {p}",
    "{n} said “{s}” and left {a} behind", "An infographic about {a}", "{p} at night, {m}", "{s}",
    "Compare {a} to {b} in a table with two columns.", "Compose something {m} for {n}, {k} seconds",
    "close shot, {a}, {p}, grainy", "{k} ways to paint {b}", "Explain {a} to a child", "{a}",
    "In {p}, {n} finds {b}; the ending is {m}.", "Design a stamp: {b}", "Why is {a} so {m}?",
)  # fmt: skip


def unrelated_sentence(chance: random.Random) -> str:
    parts = {
        "a": thing(chance), "b": thing(chance), "p": PLACE(chance), "m": MOOD(chance),
        "n": PERSON(chance), "s": SLOGAN(chance), "k": whole(chance),
    }  # fmt: skip
    some = chance.sample(OPENINGS, chance.randint(1, 3))
    return " ".join(opening.format(**parts) for opening in some)


def shuffled_words(chance: random.Random) -> list[str]:
    """The same words in another order each time."""
    words = [chance.choice(NOUNS + ADJECTIVES) for _ in range(chance.randint(7, 14))]
    return [" ".join(chance.sample(words, len(words))) for _ in range(chance.randint(5, 20))]


def one_topic(chance: random.Random) -> list[str]:
    """Different sentences about one thing, which all of them name."""
    topic = chance.choice(NOUNS)
    count = chance.randint(5, 20)
    return [unrelated_sentence(chance).replace(".", f" {topic}.", 1) for _ in range(count)]


UNRELATED: dict[str, Callable[[random.Random], list[str]]] = {
    "other sentences": lambda chance: [
        unrelated_sentence(chance) for _ in range(chance.randint(5, 40))
    ],
    "the same words shuffled": shuffled_words,
    "one topic": one_topic,
}
