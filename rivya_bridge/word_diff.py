"""Word diff of two texts. Pure."""

import re
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import TypeVar

WORD = re.compile(r"\s+|\w+|[^\w\s]")
# Comparing grows with the product of both lengths; beyond this the changed middle is shown whole.
MAX_PRODUCT = 1_000_000

Piece = tuple[str, str]
Token = TypeVar("Token", bound=Hashable)
Span = tuple[str, Sequence[Token], Sequence[Token]]


def word_diff(a: str, b: str) -> list[Piece]:
    """Pieces (op, text) with op "equal", "delete" (only in `a`) or "insert" (only in `b`).

    The texts of equal and delete make `a`, those of equal and insert make `b`. Long texts are compared
    by sentences first; what then still differs very much at great length is one delete and one insert.
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
        yield from _by_sentences(left, right)
        return
    for op, a, b in _spans(left, right):
        if op == "equal":
            yield from (("equal", word) for word in a)
        else:
            yield from (("delete", word) for word in a)
            yield from (("insert", word) for word in b)


def _by_sentences(left: list[str], right: list[str]) -> Iterator[Piece]:
    """Long texts: first whole sentences and lines, then the words of those that changed."""
    one, other = _sentences(left), _sentences(right)
    if len(one) * len(other) > MAX_PRODUCT or len(one) + len(other) < 3:
        yield from (("delete", word) for word in left)
        yield from (("insert", word) for word in right)
        return
    for op, a, b in _spans(one, other):
        before = [word for sentence in a for word in sentence]
        after = [word for sentence in b for word in sentence]
        if op == "equal":
            yield from (("equal", word) for word in before)
        elif len(before) * len(after) > MAX_PRODUCT:
            yield from (("delete", word) for word in before)
            yield from (("insert", word) for word in after)
        else:
            yield from _middle(before, after)


def _sentences(words: list[str]) -> list[tuple[str, ...]]:
    """The words in groups that end with a full stop, a question or exclamation mark, or a line."""
    groups, group = [], []
    for word in words:
        group.append(word)
        if word in ".!?" or "\n" in word:
            groups.append(tuple(group))
            group = []
    return [*groups, tuple(group)] if group else groups


def _spans(left: Sequence[Token], right: Sequence[Token]) -> Iterator[Span[Token]]:
    for op, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        yield op, left[a:b], right[c:d]
