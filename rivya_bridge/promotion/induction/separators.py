"""Which of several equal words parts two slots: "a rooftop in São Paulo" in "Photograph of … in …"."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rivya_bridge.promotion.induction.tokens import Token

Row = Sequence[Token]
Words = tuple[str, ...]
Places = list[list[int]]


def settled(words: Sequence[str], rows: Sequence[Row], placed: Sequence[Sequence[int]]) -> Places:
    """The places of the shared words, moved where a value holds the words behind it or before it.

    What stands on both sides is compared with the values of those prompts that leave no choice; where
    these do not tell, the first such word is taken.
    """
    found = [list(places) for places in placed]
    for start, end in _runs(len(words), rows, found):
        _settle(words[start:end], start, end, rows, found)
    return found


def _runs(count: int, rows: Sequence[Row], placed: Places) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) number of the shared words that stand together between two slots."""
    start = 0
    for number in range(count):
        if number and any(places[number] > places[number - 1] + 1 for places in placed):
            start = number
        is_open_behind = any(
            (places[number + 1] if number + 1 < count else len(row)) > places[number] + 1
            for row, places in zip(rows, placed, strict=True)
        )
        is_open_before = any(
            (places[start - 1] if start else -1) + 1 < places[start] for places in placed
        )
        if is_open_before and is_open_behind:
            yield start, number + 1


def _settle(run: Sequence[str], start: int, end: int, rows: Sequence[Row], placed: Places) -> None:
    """Moves one run of words in the prompts where it could stand elsewhere."""
    choices = [
        _choices(run, row, *_room(start, end, row, places))
        for row, places in zip(rows, placed, strict=True)
    ]
    sure = [one[0] for one in choices if len(one) == 1]
    before = Counter(left for _, left, _ in sure)
    behind = Counter(right for _, _, right in sure)
    for places, options in zip(placed, choices, strict=True):
        if len(options) > 1:
            best = max(options, key=lambda one: (before[one[1]] + behind[one[2]], -one[0]))
            places[start:end] = range(best[0], best[0] + len(run))


def _room(start: int, end: int, row: Row, places: Sequence[int]) -> tuple[int, int]:
    """The tokens between the shared words before the run and those behind it."""
    return (places[start - 1] + 1 if start else 0), (places[end] if end < len(places) else len(row))


def _choices(run: Sequence[str], row: Row, first: int, last: int) -> list[tuple[int, Words, Words]]:
    """Where the run may stand so that both slots have words, with these."""
    texts = [token.text for token in row[first:last]]
    return [
        (first + at, tuple(texts[:at]), tuple(texts[at + len(run) :]))
        for at in range(1, len(texts) - len(run))
        if texts[at : at + len(run)] == list(run)
    ]
