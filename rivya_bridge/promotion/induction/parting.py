"""Which of the words that all prompts share are literal, and which only stand in all their values."""

from collections.abc import Sequence

from rivya_bridge.promotion.induction.tokens import Token, is_telling

# Signs and common words alone part two slots only if so many prompts agree.
LEAST_FOR_COMMON_WORDS = 3
# They part nothing where what they would part is there in fewer prompts.
LEAST_FILLED = 2
LEAST_SHARE_FILLED = 0.2
# So few words may stand inside values that come back.
MOST_WORDS_INSIDE = 2
LEAST_COMING_BACK = 6
JOINING_SIGNS = frozenset("-‐‑'’_.·@")


def bounds_of(places: Sequence[int], length: int, gap: int) -> tuple[int, int]:
    """First and last (exclusive) token between two shared words."""
    first = places[gap - 1] + 1 if gap else 0
    return first, places[gap] if gap < len(places) else length


def strong_words(
    words: Sequence[str], rows: Sequence[list[Token]], placed: Sequence[list[int]]
) -> list[bool]:
    """Which shared words are really literal: runs between two slots must be more than chance."""
    is_open = [
        any(
            first < last
            for first, last in (bounds_of(p, len(r), gap) for p, r in _pairs(rows, placed))
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

    A sign inside a word or number, as in "16:9" or "close-up", is a part of the value; and so is one
    between words that always come together, as in "Dr. Who" and "Mr. Fox".
    """
    run = words[start:end]
    pairs = _pairs(rows, placed)
    sides = [_sides(row, places, start, end) for places, row in pairs]
    if len(run) <= MOST_WORDS_INSIDE and _always_together(sides):
        return False
    if any(is_telling(word) for word in run):
        return True
    if len(run) == 1 and any(_is_inner(row, places[start]) for places, row in pairs):
        return False
    least = max(LEAST_FILLED, LEAST_SHARE_FILLED * len(rows))
    filled = [sum(map(bool, column)) for column in zip(*sides, strict=True)]
    return len(rows) >= LEAST_FOR_COMMON_WORDS and min(filled) >= least


def _sides(
    row: Sequence[Token], places: Sequence[int], start: int, end: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the gaps before and behind a run of shared words."""
    first = places[start - 1] + 1 if start else 0
    last = places[end] if end < len(places) else len(row)
    before = tuple(token.text for token in row[first : places[start]])
    return before, tuple(token.text for token in row[places[end - 1] + 1 : last])


def _always_together(sides: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> bool:
    """Few pairs that came back, of which each side tells the other."""
    pairs = set(sides)
    if len(sides) < LEAST_COMING_BACK or all(one == other for one, other in pairs):
        return False
    is_one_to_one = (
        len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    )
    return is_one_to_one and 2 * len(pairs) <= len(sides)


def _is_inner(row: Sequence[Token], place: int) -> bool:
    """Whether a sign stands within a number, or joins two halves of a word."""
    if not 0 < place < len(row) - 1 or row[place].is_word:
        return False
    before, sign, behind = row[place - 1 : place + 2]
    if before.end != sign.start or sign.end != behind.start:
        return False
    is_number = before.text[-1].isdigit() and behind.text[0].isdigit()
    return is_number or (sign.text in JOINING_SIGNS and before.is_word and behind.is_word)
