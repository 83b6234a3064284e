"""A part inside a slot that several prompts have, and others do not: "red cup{, at night}"."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from rivya_bridge.promotion.induction.shape import Piece, Slot
from rivya_bridge.promotion.induction.tokens import Token, is_telling, tokens_of

# Fewer prompts say too little of what is optional in them.
LEAST_PROMPTS = 4
LEAST_CARRIERS = 2
LEAST_SHARE = 0.2
MAX_TOKENS = 40
MAX_PART_TOKENS = 12
# A part that no sign sets off must have so many words, and so many different words before it.
LEAST_UNMARKED_WORDS = 3
LEAST_UNMARKED_CARRIERS = 3

Values = Mapping[int, str]
Cut = dict[int, tuple[str, str]]


def split_optional(values: Values) -> list[Piece]:
    """The slot, or two where a part of it was left out by some prompts."""
    cut = _best_cut(values)
    if cut is None:
        return [Slot("", dict(values))]
    part, sides = cut
    fronts = [front for front, _ in sides.values()]
    ends = [end for _, end in sides.values()]
    if all(fronts) and not any(ends):
        first = {place: sides[place][0] if place in sides else values[place] for place in values}
        flag = {place: "" if place in sides else None for place in values}
        return [
            Slot("", first),
            Slot("", flag, before=part, is_optional=True, is_flag=True),
        ]
    if all(fronts) and all(ends):
        first = {place: sides[place][0] if place in sides else values[place] for place in values}
        second = {place: sides[place][1] if place in sides else None for place in values}
        return [Slot("", first), Slot("", second, before=part, is_optional=True)]
    flag = {place: "" if place in sides else None for place in values}
    rest = {place: sides[place][1] if place in sides else values[place] for place in values}
    return [Slot("", flag, before=part, is_optional=True, is_flag=True), Slot("", rest)]


def _best_cut(values: Values) -> tuple[str, Cut] | None:
    """The part with the most letters over all that have it, and what stands on both its sides."""
    if len(set(values.values())) < LEAST_PROMPTS:
        return None
    found: dict[str, Cut] = defaultdict(dict)
    for place, text in values.items():
        for part, front, end in _parts(text):
            found[part].setdefault(place, (front, end))
    cuts = [(part, sides) for part, sides in found.items() if _is_optional(part, sides, values)]
    return max(cuts, key=lambda cut: (len(cut[0]) * len(cut[1]), cut[0]), default=None)


def _parts(text: str) -> Iterator[tuple[str, str, str]]:
    """Every run of tokens with what stands before and behind it."""
    tokens = tokens_of(text)
    if len(tokens) > MAX_TOKENS:
        return
    for first in range(len(tokens)):
        for last in range(first, min(len(tokens), first + MAX_PART_TOKENS)):
            if any(is_telling(token.text) for token in tokens[first : last + 1]):
                yield _part(text, tokens, first, last)


def _part(text: str, tokens: list[Token], first: int, last: int) -> tuple[str, str, str]:
    """With the white space around it, so that the sides begin and end with words."""
    start = tokens[first - 1].end if first else 0
    end = tokens[last + 1].start if last + 1 < len(tokens) else len(text)
    return text[start:end], text[:start], text[end:]


def _is_optional(part: str, sides: Cut, values: Values) -> bool:
    fronts = {front for front, _ in sides.values()}
    ends = {end for _, end in sides.values()}
    has_fronts, has_ends = "" not in fronts, "" not in ends
    if not (has_fronts or fronts == {""}) or not (has_ends or ends == {""}):
        return False
    words = tokens_of(part)
    is_marked = not (words[0] if has_fronts else words[-1]).is_word
    different = len(fronts if has_fronts else ends)
    if has_fronts and has_ends:
        different = min(len(fronts), len(ends))
    least = LEAST_CARRIERS if is_marked else LEAST_UNMARKED_CARRIERS
    is_long_enough = is_marked or len(words) >= LEAST_UNMARKED_WORDS
    is_usual = len(sides) >= max(LEAST_CARRIERS, LEAST_SHARE * len(values))
    has_both = (has_fronts or has_ends) and len(values) - len(sides) >= LEAST_CARRIERS
    return different >= least and is_long_enough and is_usual and has_both
