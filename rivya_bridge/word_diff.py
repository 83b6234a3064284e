"""Word diff of two texts. Pure."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby

WORD = re.compile(r"\s+|\w+|[^\w\s]")
# Comparing grows with the product of both lengths; beyond this the changed middle is shown whole.
MAX_PRODUCT = 1_000_000

Piece = tuple[str, str]


def word_diff(a: str, b: str) -> list[Piece]:
    """Pieces (op, text) with op "equal", "delete" (only in `a`) or "insert" (only in `b`).

    The texts of equal and delete make `a`, those of equal and insert make `b`. In texts that differ
    very much at great length, the part between common beginning and end is one delete and one insert.
    """
    left, right = WORD.findall(a), WORD.findall(b)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    pieces = [
        *(("equal", word) for word in left[:start]),
        *_middle(left[start : len(left) - end], right[start : len(right) - end]),
        *(("equal", word) for word in left[len(left) - end :]),
    ]
    return [
        (op, "".join(word for _, word in group))
        for op, group in groupby(pieces, key=lambda piece: piece[0])
    ]


def _common(left: list[str], right: list[str]) -> int:
    """How many words both begin with."""
    for number, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return number
    return min(len(left), len(right))


def _middle(left: list[str], right: list[str]) -> Iterator[Piece]:
    if len(left) * len(right) > MAX_PRODUCT:
        spans = [("replace", 0, len(left), 0, len(right))]
    else:
        spans = list(SequenceMatcher(None, left, right, autojunk=False).get_opcodes())
    for op, left_from, left_to, right_from, right_to in spans:
        if op == "equal":
            yield from (("equal", word) for word in left[left_from:left_to])
        else:
            yield from (("delete", word) for word in left[left_from:left_to])
            yield from (("insert", word) for word in right[right_from:right_to])
