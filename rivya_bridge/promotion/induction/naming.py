"""Names for slots, taken from the words around them."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace

from rivya_bridge.automation.prompts import RESERVED, is_variable_name
from rivya_bridge.promotion.induction.shape import Piece, Slot
from rivya_bridge.promotion.induction.tokens import COMMON_WORDS, tokens_of

# Words with which Jinja2 begins a statement, and those that Python keeps.
TAKEN_WORDS = frozenset(
    {*RESERVED, *keyword.kwlist, *keyword.softkwlist}
    | set(
        [
            "autoescape",
            "block",
            "break",
            "call",
            "continue",
            "context",
            "do",
            "extends",
            "filter",
            "for",
            "from",
            "ignore",
            "import",
            "include",
            "macro",
            "missing",
            "namespace",
            "pluralize",
            "raw",
            "recursive",
            "required",
            "scoped",
            "set",
            "trans",
            "with",
            "without",
        ]
    )
)
# What stands right before the slot -> what the slot is; the longest that fits is taken.
BEFORE = {
    "in the style of": "style", "in a style of": "style", "inspired by": "style",
    "made of": "material", "made from": "material", "painted by": "artist", "lit by": "light",
    "photo of": "subject", "photograph of": "subject", "picture of": "subject", "image of": "subject",
    "portrait of": "subject", "illustration of": "subject", "painting of": "subject",
    "drawing of": "subject", "shot of": "subject", "video of": "subject", "clip of": "subject",
    "poster of": "subject", "poster for": "subject", "rendering of": "subject", "render of": "subject",
    "sketch of": "subject", "standing on": "surface", "lying on": "surface", "on": "surface",
    "against": "background", "at": "time", "during": "time", "in": "setting", "with": "detail",
    "wearing": "clothing", "for": "purpose", "from": "origin", "by": "author", "near": "place",
    "of": "subject",
}  # fmt: skip
ARTICLES = frozenset({"a", "an", "the", "some", "its", "their"})
# Words behind a slot that are no name for what is in it.
NO_NAMES = frozenset(
    [
        "standing",
        "lying",
        "sitting",
        "seen",
        "shot",
        "placed",
        "made",
        "lit",
        "set",
        "wearing",
        "holding",
        "looking",
        "lies",
        "stands",
        "sits",
    ]
)
# Words behind a slot that say what the slot is; before any other noun the slot says of which kind.
ASPECTS = frozenset(
    [
        "angle",
        "atmosphere",
        "background",
        "backdrop",
        "color",
        "colors",
        "colour",
        "colours",
        "composition",
        "filter",
        "finish",
        "font",
        "format",
        "language",
        "lens",
        "light",
        "lighting",
        "material",
        "mood",
        "palette",
        "perspective",
        "scene",
        "season",
        "setting",
        "shade",
        "shot",
        "style",
        "surface",
        "texture",
        "theme",
        "tone",
        "view",
        "weather",
    ]
)
NAME_LENGTH = 30


def named(pieces: Sequence[Piece], taken: Collection[str] = ()) -> tuple[Piece, ...]:
    """The pieces with a name for each slot; slots that always have the same words share one."""
    used = set(taken)
    known: list[Slot] = []
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        if isinstance(piece, str):
            found.append(piece)
            continue
        twin = next((slot for slot in known if _is_twin(slot, piece)), None)
        name = twin.name if twin else _free(_proposed(pieces, place), used)
        used |= {name, f"with_{name}"}
        slot = replace(piece, name=name)
        known.append(slot)
        found.append(slot)
    return tuple(found)


def _is_twin(one: Slot, other: Slot) -> bool:
    is_plain = not one.is_optional and not other.is_optional
    return is_plain and one.values == other.values


def _proposed(pieces: Sequence[Piece], place: int) -> str:
    slot = pieces[place]
    assert isinstance(slot, Slot)
    if slot.is_flag:
        return _from_words(slot.before, first=True) or "extra"
    before = _literal(pieces, place - 1) + slot.before
    after = slot.after + _literal(pieces, place + 1)
    return (
        _label(before)
        or _whole_noun(after, slot)
        or _relation(before)
        or _kind_of_noun(after)
        or _from_words(_last_clause(before), first=False)
        or ("subject" if place == 0 else "value")
    )


def _literal(pieces: Sequence[Piece], place: int) -> str:
    piece = pieces[place] if 0 <= place < len(pieces) else ""
    return piece if isinstance(piece, str) else ""


def _label(before: str) -> str:
    """`Main color: ` gives main_color."""
    found = re.search(r"([^\n.,;:!?(){}]{1,60})\s*[:=]\s*[\"“'(]?$", before)
    if not found:
        return ""
    return _from_words(found[1], first=False) or _as_name(found[1].split()[-2:])


def _whole_noun(after: str, slot: Slot) -> str:
    """background in "a … background", cups in "3 cups"."""
    word = _noun_behind(after)
    is_count = all(text.isdecimal() for text in slot.examples)
    return _as_name([word]) if word and (is_count or word.casefold() in ASPECTS) else ""


def _kind_of_noun(after: str) -> str:
    """cup_kind in "a … cup"."""
    word = _noun_behind(after)
    return _as_name([word, "kind"]) if word else ""


def _noun_behind(after: str) -> str:
    """The word right behind the slot, unless it is one that seldom names a thing."""
    found = re.match(r"[ -](\w+)", after)
    word = found[1] if found else ""
    is_noun = len(word) > 2 and word.casefold() not in COMMON_WORDS | NO_NAMES
    return word if is_noun and not word.casefold().endswith(("ing", "ly", "ed")) else ""


def _last_clause(before: str) -> str:
    return re.split(r"[.,;:!?\n]", before.rstrip(" \"“'("))[-1]


def _relation(before: str) -> str:
    if not before or before[-1] not in " \n-\"“'(":
        return ""
    words = [token.text.casefold() for token in tokens_of(_last_clause(before)) if token.is_word]
    while words and words[-1] in ARTICLES:
        words.pop()
    endings = (" ".join(words[-length:]) for length in (4, 3, 2, 1) if length <= len(words))
    return next((BEFORE[ending] for ending in endings if ending in BEFORE), "")


def _from_words(text: str, *, first: bool) -> str:
    """The last two (or first two) words of a text that tell something."""
    words = [token.text for token in tokens_of(text) if token.is_word]
    telling = [word for word in words if word.casefold() not in COMMON_WORDS]
    return _as_name(telling[:2] if first else telling[-2:])


def _as_name(words: Sequence[str]) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:NAME_LENGTH].strip("_")
    return name if re.match(r"[a-z]", name) else ""


def _free(name: str, used: set[str]) -> str:
    """The name itself where it is free and no word of Python or Jinja2, else with a number."""
    if is_variable_name(name) and name not in TAKEN_WORDS and not {name, f"with_{name}"} & used:
        return name
    numbered = (f"{name}_{number}" for number in range(2, len(used) + 4))
    return next(one for one in numbered if not {one, f"with_{one}"} & used)
