"""The text between two shared words over all prompts: literal, a slot, or an optional part."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile

from rivya_bridge.promotion.induction.optional import split_optional
from rivya_bridge.promotion.induction.shape import Piece, Slot
from rivya_bridge.promotion.induction.tokens import tokens_of

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
    lead, tail = _shared_space(list(texts.values()))
    values = {place: text[len(lead) : len(text) - len(tail)] for place, text in texts.items()}
    return [lead, *split_optional(values), tail]


def _most_usual(texts: Sequence[str]) -> str:
    return Counter(texts).most_common(1)[0][0]


def _optional_pieces(texts: Texts, absent: str) -> list[Piece]:
    """A part that some prompts leave out, with the literal text that goes with it."""
    present = [text for text in texts.values() if text.strip()]
    lead = _common_start([absent, *present])
    tail = absent[len(lead) :]
    if not all(text.endswith(tail) and len(text) >= len(absent) for text in present):
        lead, tail = "", ""
    inner = {
        place: text[len(lead) : len(text) - len(tail)] if text.strip() else None
        for place, text in texts.items()
    }
    return [lead, optional_slot(inner), tail]


def optional_slot(values: Mapping[int, str | None]) -> Slot:
    """A slot that may be left out; what all its texts begin and end with is its literal part."""
    present = [text for text in values.values() if text is not None]
    if len(set(present)) == 1:
        whole = present[0]
        flags = {place: None if text is None else "" for place, text in values.items()}
        return Slot("", flags, before=whole, is_optional=True, is_flag=True)
    before = _token_start(present)
    rests = [text[len(before) :] for text in present]
    after = _token_end(rests)
    if not all(len(text) > len(after) and text[: len(text) - len(after)].strip() for text in rests):
        before, after = _shared_space(present)
    kept = {
        place: None if text is None else text[len(before) : len(text) - len(after)]
        for place, text in values.items()
    }
    return Slot("", kept, before=before, after=after, is_optional=True)


def _shared_space(texts: Sequence[str]) -> tuple[str, str]:
    """White space that all texts begin with, and that they end with."""
    lead = _common_start([text[: len(text) - len(text.lstrip())] for text in texts])
    ends = [text[len(text.rstrip()) :] for text in texts]
    tail = _common_start([end[::-1] for end in ends])[::-1]
    return lead, tail


def _common_start(texts: Sequence[str]) -> str:
    least, most = min(texts), max(texts)
    return "".join(
        a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    )


def _token_start(texts: Sequence[str]) -> str:
    """The whole tokens, with the space behind them, that all texts begin with."""
    first = texts[0]
    common = _common_start(texts)
    ends = [0, *(token.start for token in tokens_of(first)), len(first)]
    found = max(end for end in ends if end <= len(common))
    # A token may go on in another text: "wet" and "wetter".
    starts = [{0, len(text), *(token.start for token in tokens_of(text))} for text in texts]
    while not all(found in own for own in starts):
        found = max(end for end in ends if end < found)
    return first[:found]


def _token_end(texts: Sequence[str]) -> str:
    """The whole tokens, with the space before them, that all texts end with."""
    first = texts[0]
    common = len(_common_start([text[::-1] for text in texts]))
    ends = [{0, *(len(text) - token.end for token in tokens_of(text))} for text in texts]
    shared = set.intersection(*ends)
    found = max((length for length in shared if length <= common), default=0)
    return first[len(first) - found :]
