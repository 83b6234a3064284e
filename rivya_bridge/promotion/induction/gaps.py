"""The text between two shared words over all prompts: literal, a slot, or an optional part."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rivya_bridge.promotion.induction.edges import common_start, optional_slot, shared_space
from rivya_bridge.promotion.induction.optional import split_optional
from rivya_bridge.promotion.induction.shape import Piece

Texts = Mapping[int, str]


def pieces_of_gap(texts: Texts) -> list[Piece]:
    """Pieces whose filled text is each prompt's own; `texts`: place of the prompt -> its text here.

    Prompts whose spacing alone differs are left to the proof of the whole, which sets them apart.
    """
    absent = [text for text in texts.values() if not text.strip()]
    if len(absent) == len(texts):
        return [_most_usual(absent)]
    if absent:
        return _optional_pieces(texts, _most_usual(absent))
    lead, tail = shared_space(list(texts.values()))
    values = {place: text[len(lead) : len(text) - len(tail)] for place, text in texts.items()}
    return [lead, *split_optional(values), tail]


def _most_usual(texts: Sequence[str]) -> str:
    return Counter(texts).most_common(1)[0][0]


def _optional_pieces(texts: Texts, absent: str) -> list[Piece]:
    """A part that some prompts leave out, with the literal text that goes with it."""
    present = [text for text in texts.values() if text.strip()]
    lead = common_start([absent, *present])
    tail = absent[len(lead) :]
    if not all(text.endswith(tail) and len(text) >= len(absent) for text in present):
        lead, tail = "", ""
    inner = {
        place: text[len(lead) : len(text) - len(tail)] if text.strip() else None
        for place, text in texts.items()
    }
    return [lead, optional_slot(inner), tail]
