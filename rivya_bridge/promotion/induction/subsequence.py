"""The longest common subsequence of two rows of words, in machine words at a time.

Source: H. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004). Whole rows are Python's long
integers, so that 400 by 400 words take 400 steps. Mining a shape as the common subsequence of many
lines is the method of M. Du and F. Li, "Spell: Streaming Parsing of System Event Logs" (ICDM 2016).
"""

from collections.abc import Sequence


def _masks(words: Sequence[str]) -> dict[str, int]:
    """Word -> the places where it stands, one bit each."""
    masks: dict[str, int] = {}
    for place, word in enumerate(words):
        masks[word] = masks.get(word, 0) | (1 << place)
    return masks


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words the longest common subsequence has."""
    masks, full = _masks(one), (1 << len(one)) - 1
    row = full
    for word in other:
        hit = row & masks.get(word, 0)
        row = ((row + hit) | (row - hit)) & full
    return len(one) - row.bit_count()


def common_words(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """A longest common subsequence. Equal beginnings and ends are taken as they stand."""
    head = _equal_start(one, other)
    most = min(len(one), len(other)) - head
    tail = min(most, _equal_start(one[::-1], other[::-1]))
    inner = _common(one[head : len(one) - tail], other[head : len(other) - tail])
    return [*one[:head], *inner, *one[len(one) - tail :]]


def _equal_start(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next(
        (at for at, (a, b) in enumerate(pairs) if a != b),
        min(len(one), len(other)),
    )


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Rows of the table are kept, and walked back from their end."""
    if not one or not other:
        return []
    masks, full = _masks(one), (1 << len(one)) - 1
    rows = [full]
    for word in other:
        hit = rows[-1] & masks.get(word, 0)
        rows.append(((rows[-1] + hit) | (rows[-1] - hit)) & full)
    found: list[str] = []
    place, line = len(one) - 1, len(other)
    while place >= 0 and line > 0:
        if rows[line] >> place & 1:
            place -= 1
        elif not rows[line - 1] >> place & 1:
            line -= 1
        else:
            found.append(one[place])
            place, line = place - 1, line - 1
    return found[::-1]
