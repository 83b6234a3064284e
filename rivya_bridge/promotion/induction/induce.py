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
    ODD_ONE_IN,
    Skeleton,
    common_to_all,
    find_skeleton,
    is_enough,
    place_words,
)
from rivya_bridge.promotion.induction.gaps import pieces_of_gap
from rivya_bridge.promotion.induction.naming import named
from rivya_bridge.promotion.induction.parting import bounds_of, strong_words
from rivya_bridge.promotion.induction.separators import settled
from rivya_bridge.promotion.induction.shape import Induction, Piece, Shape, Slot, joined
from rivya_bridge.promotion.induction.tokens import Token, tokens_of

# Longer prompts are left aside: about 7,000 characters.
MAX_TOKENS = 1_500
MAX_PROMPTS = 60
MAX_SLOTS = 12
SENTENCE_ENDS = frozenset(".!?。！？")
# Of fewer prompts, one alone may leave a part out.
LEAST_AROUND_LONER = 8
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
    while pieces and (odd := _loners(pieces, len(texts) - len(skeleton.members), len(texts))):
        members = tuple(place for place in skeleton.members if place not in odd)
        own = [[token.text for token in rows[texts[place]]] for place in members]
        skeleton = Skeleton(members, common_to_all(own))
        pieces = _pieces(skeleton, texts, [rows[text] for text in texts])
    if pieces is None:
        return _none(prompts, "The prompts have no common shape: too much of them varies.")
    return _proved(named(pieces, taken), skeleton.members, texts, prompts)


def _loners(pieces: Sequence[Piece], odd: int, total: int) -> set[int]:
    """The prompt that alone leaves out, or alone has, an optional part of many: it is an odd one."""
    if odd >= total // ODD_ONE_IN:
        return set()
    for slot in (piece for piece in pieces if isinstance(piece, Slot) and piece.is_optional):
        absent = {place for place, value in slot.values.items() if value is None}
        fewest = min(absent, set(slot.values) - absent, key=len)
        if len(fewest) == 1 and len(slot.values) >= LEAST_AROUND_LONER:
            return fewest
    return set()


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
    kept = strong_words(words, members, placed)
    words = [word for word, is_kept in zip(words, kept, strict=True) if is_kept]
    placed = [
        [place for place, is_kept in zip(places, kept, strict=True) if is_kept] for places in placed
    ]
    if not is_enough(words, [[token.text for token in row] for row in members]):
        return None
    placed = settled(words, members, placed)
    found: list[Piece] = []
    for gap in range(len(words) + 1):
        between = {
            place: _gap_text(texts[place], rows[place], places, gap)
            for place, places in zip(skeleton.members, placed, strict=True)
        }
        found += [*pieces_of_gap(between), *words[gap : gap + 1]]
    pieces = joined(_turned(joined(found)))
    count = sum(isinstance(piece, Slot) for piece in pieces)
    return pieces if count <= MAX_SLOTS else None


def _turned(pieces: Sequence[Piece]) -> list[Piece]:
    """An optional sentence takes its own full stop instead of the one before it: the same text."""
    found: list[Piece] = []
    rest = list(pieces)
    for place, piece in enumerate(rest):
        behind = rest[place + 1] if place + 1 < len(rest) else ""
        sign = piece.before[:1] if isinstance(piece, Slot) and piece.is_optional else ""
        if isinstance(behind, str) and sign in SENTENCE_ENDS and behind.startswith(sign):
            assert isinstance(piece, Slot)
            end = piece.after + sign
            begin = piece.before[1:] + (end if piece.is_flag else "")
            found.append(sign)
            piece = replace(piece, before=begin, after="" if piece.is_flag else end)
            rest[place + 1] = behind[1:]
        found.append(piece)
    return found


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
            first, last = bounds_of(places, len(row), gap)
            inner.append([token.text for token in row[first:last]])
        found += [*common_to_all(sorted(inner, key=len)), *words[gap : gap + 1]]
    return found


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
