"""From prompts to the shape they share: aligned, split into literal text and slots, and proved.

1. The prompts are ordered by likeness, and their common words found one prompt after another (the
   method of Spell, see `subsequence.py`); odd prompts, which would cost most of the words, stand aside.
2. The words are placed in every prompt so that neighbours stay neighbours (`alignment.py`).
3. What stands between them is literal, a slot, or an optional part (`gaps.py`, `optional.py`).
4. A prompt that the filled shape does not reproduce to the character does not have the shape.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from rivya_bridge.promotion.induction.alignment import (
    Skeleton,
    find_skeleton,
    is_enough,
    place_words,
)
from rivya_bridge.promotion.induction.gaps import pieces_of_gap
from rivya_bridge.promotion.induction.naming import named
from rivya_bridge.promotion.induction.shape import Induction, Piece, Shape, Slot, joined
from rivya_bridge.promotion.induction.subsequence import common_words
from rivya_bridge.promotion.induction.tokens import Token, is_telling, tokens_of

# Longer prompts are left aside: about 7,000 characters.
MAX_TOKENS = 1_500
MAX_PROMPTS = 60
MAX_SLOTS = 12
# Signs and common words alone part two slots only if so many prompts agree.
LEAST_FOR_COMMON_WORDS = 3
ROUNDS = 2


def induce(prompts: Sequence[str], taken: Collection[str] = ()) -> Induction:
    """The common shape of 2 to 60 prompts; more are left aside. Pure, and bounded in time.

    `taken` are names that slots may not have. Equal prompts count once as evidence, and all of them
    are members. Without a shape the reason is a sentence for people.
    """
    if len(prompts) < 2:
        return Induction(None, reason="One prompt alone has no varying part.")
    rows = {text: tokens_of(text) for text in dict.fromkeys(prompts[:MAX_PROMPTS])}
    texts = [text for text, row in rows.items() if 0 < len(row) <= MAX_TOKENS]
    if not texts:
        return _none(prompts, f"The prompts are empty, or longer than {MAX_TOKENS:,} words.")
    if len(rows) == 1:
        return Induction(Shape((texts[0],), tuple(range(len(prompts)))))
    if len(texts) == 1:
        return _none(prompts, "Only one of the prompts can be compared.")
    skeleton = find_skeleton([[token.text for token in rows[text]] for text in texts])
    if skeleton is None:
        return _none(prompts, "The prompts have no common shape: too few of their words agree.")
    pieces = _pieces(skeleton, texts, [rows[text] for text in texts])
    if pieces is None:
        return _none(prompts, "The prompts have no common shape: too much of them varies.")
    return _proved(named(pieces, taken), skeleton.members, texts, prompts)


def _none(prompts: Sequence[str], reason: str) -> Induction:
    return Induction(None, tuple(range(len(prompts))), reason)


def _pieces(
    skeleton: Skeleton, texts: Sequence[str], rows: Sequence[list[Token]]
) -> tuple[Piece, ...] | None:
    """Literal texts and slots without names; None when little enough is literal."""
    members = [rows[place] for place in skeleton.members]
    words = skeleton.words
    for _ in range(ROUNDS):
        words = _with_missed(words, members, place_words(words, members))
    placed = place_words(words, members)
    kept = _strong(words, members, placed)
    words = [word for word, is_kept in zip(words, kept, strict=True) if is_kept]
    placed = [
        [place for place, is_kept in zip(places, kept, strict=True) if is_kept] for places in placed
    ]
    if not is_enough(words, [[token.text for token in row] for row in members]):
        return None
    found: list[Piece] = []
    for gap in range(len(words) + 1):
        between = {
            place: _gap_text(texts[place], rows[place], places, gap)
            for place, places in zip(skeleton.members, placed, strict=True)
        }
        found += [*pieces_of_gap(between), *words[gap : gap + 1]]
    pieces = joined(found)
    count = sum(isinstance(piece, Slot) for piece in pieces)
    return pieces if count <= MAX_SLOTS else None


def _bounds(places: Sequence[int], length: int, gap: int) -> tuple[int, int]:
    """First and last (exclusive) token between two shared words."""
    first = places[gap - 1] + 1 if gap else 0
    return first, places[gap] if gap < len(places) else length


def _gap_text(text: str, row: Sequence[Token], places: Sequence[int], gap: int) -> str:
    start = row[places[gap - 1]].end if gap else 0
    end = row[places[gap]].start if gap < len(places) else len(text)
    return text[start:end]


def _with_missed(
    words: list[str], rows: Sequence[list[Token]], placed: Sequence[list[int]]
) -> list[str]:
    """The shared words and those that all prompts have in the same gap, which pairs had hidden."""
    found: list[str] = []
    for gap in range(len(words) + 1):
        inner = []
        for row, places in zip(rows, placed, strict=True):
            first, last = _bounds(places, len(row), gap)
            inner.append([token.text for token in row[first:last]])
        inner.sort(key=len)
        shared = inner[0]
        for other in inner[1:]:
            shared = common_words(shared, other) if shared else shared
        found += [*shared, *words[gap : gap + 1]]
    return found


def _strong(
    words: Sequence[str], rows: Sequence[list[Token]], placed: Sequence[list[int]]
) -> list[bool]:
    """Which shared words are really literal: runs between two slots must be more than chance."""
    is_open = [
        any(
            first < last
            for first, last in (_bounds(p, len(r), gap) for p, r in _pairs(rows, placed))
        )
        for gap in range(len(words) + 1)
    ]
    kept = [True] * len(words)
    start = 0
    for number in range(len(words)):
        if is_open[number]:
            start = number
        is_between = is_open[start] and is_open[number + 1]
        if is_between and not _can_part(words, start, number + 1, rows, placed):
            kept[start : number + 1] = [False] * (number + 1 - start)
    return kept


def _pairs(
    rows: Sequence[list[Token]], placed: Sequence[list[int]]
) -> list[tuple[list[int], list[Token]]]:
    return list(zip(placed, rows, strict=True))


def _can_part(
    words: Sequence[str],
    start: int,
    end: int,
    rows: Sequence[list[Token]],
    placed: Sequence[list[int]],
) -> bool:
    """Whether a run of shared words may stand between two slots.

    A sign that words cling to on both sides, as in "16:9" or "close-up", is a part of the value.
    """
    run = words[start:end]
    if any(is_telling(word) for word in run):
        return True
    clings = not any(word[0].isalnum() for word in run) and any(
        _clings(row, places[start], places[end - 1]) for places, row in _pairs(rows, placed)
    )
    return not clings and len(rows) >= LEAST_FOR_COMMON_WORDS


def _clings(row: Sequence[Token], first: int, last: int) -> bool:
    has_before = first > 0 and row[first - 1].end == row[first].start
    has_behind = last + 1 < len(row) and row[last].end == row[last + 1].start
    return has_before and has_behind


# --- Proof ----------------------------------------------------------------------------------------


def _proved(
    pieces: tuple[Piece, ...], members: Sequence[int], texts: Sequence[str], prompts: Sequence[str]
) -> Induction:
    """The shape over all prompts whose text it reproduces; the others are reported."""
    draft = Shape(pieces, tuple(members))
    exact = {texts[m]: m for m in members if draft.fill(draft.values_of(m)) == texts[m]}
    places = [(place, exact[text]) for place, text in enumerate(prompts) if text in exact]
    if len(exact) < 2 or len(exact) <= len(texts) // 2:
        return _none(prompts, "The prompts have no common shape: they differ in their spacing.")
    again = tuple(
        piece
        if isinstance(piece, str)
        else replace(piece, values={place: piece.values[m] for place, m in places})
        for piece in pieces
    )
    own = tuple(place for place, _ in places)
    odd = tuple(place for place in range(len(prompts)) if place not in set(own))
    return Induction(Shape(again, own), odd)
