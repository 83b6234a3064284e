"""A part inside a slot that several prompts have, and others do not: "red cup{, at night}"."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from rivya_bridge.promotion.induction.edges import optional_slot
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
# One word may set off a part with a slot of its own (" holding …"), if so many prompts have it.
LEAST_JOINT_SHARE = 0.35
LEAST_JOINT_CARRIERS = 6

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
        second = {place: part + sides[place][1] if place in sides else None for place in values}
        return [Slot("", first), optional_slot(second)]
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
    some_front, some_end = next(iter(sides.values()))
    is_marked = not _clings(some_front, part, some_end) and _has_sign(part, at_start=has_fronts)
    different = len(fronts if has_fronts else ends)
    if has_fronts and has_ends:
        different = min(len(fronts), len(ends))
    least = LEAST_CARRIERS if is_marked else LEAST_UNMARKED_CARRIERS
    share = len(sides) / len(values)
    is_much = share >= LEAST_JOINT_SHARE and len(sides) >= LEAST_JOINT_CARRIERS
    is_joint = has_fronts and has_ends and is_much and _is_word(part)
    is_long_enough = is_marked or is_joint or len(part.split()) >= LEAST_UNMARKED_WORDS
    is_usual = len(sides) >= LEAST_CARRIERS and share >= LEAST_SHARE
    has_both = (has_fronts or has_ends) and len(values) - len(sides) >= LEAST_CARRIERS
    is_once = all(values[place].count(part.strip()) == 1 for place in sides)
    return different >= least and is_long_enough and is_usual and has_both and is_once


def _has_sign(part: str, *, at_start: bool) -> bool:
    """Whether a sign sets the part off from the words on that side of it."""
    words = tokens_of(part)
    return not (words[0] if at_start else words[-1]).is_word


def _is_word(part: str) -> bool:
    """One whole word between spaces."""
    return part[:1].isspace() and part[-1:].isspace() and part.strip().isalpha()


def _clings(front: str, part: str, end: str) -> bool:
    """Whether the part begins or ends within a word, as "-made" and "16:" do."""
    words = tokens_of(part)
    text = front + part + end
    first, last = len(front) + words[0].start, len(front) + words[-1].end
    starts_within = bool(front) and _is_inside(text, first, len(words[0].text))
    ends_within = bool(end) and _is_inside(text, last - len(words[-1].text), len(words[-1].text))
    return starts_within or ends_within


def _is_inside(text: str, at: int, length: int) -> bool:
    """A sign with a letter or digit right on both its sides."""
    around = text[at - 1 : at] + text[at + length : at + length + 1]
    return len(around) == 2 and around.isalnum() and not text[at].isalnum()
