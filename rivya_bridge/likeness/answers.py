"""Distance of two texts, word by word.

Short texts are aligned by the same diff that pages show, and the distance is the share of words that
the other text lacks: 1 - 2M/T, M the words in common and T those of both (Ratcliff and Metzener, "Pattern
matching: the Gestalt approach", 1988). Texts too long for that are compared by their runs of three words
(A. Broder, "On the resemblance and containment of documents", 1997), with Dice's coefficient.
"""

from collections import Counter
from collections.abc import Sequence

from rivya_bridge.likeness.distance import Distance
from rivya_bridge.word_diff import MAX_PRODUCT, WORD, word_diff

MAX_CHARACTERS = 200_000
RUN = 3


def text_distance(a: str, b: str) -> Distance:
    """Spaces and line ends do not count; at most 200,000 characters of each are read."""
    a, b = a[:MAX_CHARACTERS], b[:MAX_CHARACTERS]
    left, right = _words(a), _words(b)
    if left == right:
        return Distance(0.0, "chat", "the same words in the same order")
    lengths = f"{len(left):,} and {len(right):,} words"
    if len(WORD.findall(a)) * len(WORD.findall(b)) > MAX_PRODUCT:
        value = _runs_gap(left, right)
        return Distance(value, "chat", f"{lengths}; {value * 100:.0f} % of the phrases differ")
    shared = sum(len(_words(text)) for op, text in word_diff(a, b) if op == "equal")
    value = round(1 - 2 * shared / (len(left) + len(right)), 4)
    return Distance(value, "chat", f"{lengths}, {shared:,} in common in the same order")


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if not word.isspace()]


def _runs_gap(left: Sequence[str], right: Sequence[str]) -> float:
    a, b = _runs(left), _runs(right)
    return round(1 - 2 * (a & b).total() / max(1, a.total() + b.total()), 4)


def _runs(words: Sequence[str]) -> "Counter[tuple[str, ...]]":
    last = max(1, len(words) - RUN + 1)
    return Counter(tuple(words[start : start + RUN]) for start in range(last))
