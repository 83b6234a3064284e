"""What texts begin and end with in common: the literal part of a slot that may be left out."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from rivya_bridge.promotion.induction.shape import Slot
from rivya_bridge.promotion.induction.tokens import tokens_of


def optional_slot(values: Mapping[int, str | None]) -> Slot:
    """A slot that may be left out; what all its texts begin and end with is its literal part."""
    present = [text for text in values.values() if text is not None]
    if len(set(present)) == 1:
        whole = present[0]
        flags = {place: None if text is None else "" for place, text in values.items()}
        return Slot("", flags, before=whole, is_optional=True, is_flag=True)
    before = token_start(present)
    rests = [text[len(before) :] for text in present]
    after = token_end(rests)
    if not all(len(text) > len(after) and text[: len(text) - len(after)].strip() for text in rests):
        before, after = shared_space(present)
    kept = {
        place: None if text is None else text[len(before) : len(text) - len(after)]
        for place, text in values.items()
    }
    return Slot("", kept, before=before, after=after, is_optional=True)


def shared_space(texts: Sequence[str]) -> tuple[str, str]:
    """White space that all texts begin with, and that they end with."""
    lead = common_start([text[: len(text) - len(text.lstrip())] for text in texts])
    ends = [text[len(text.rstrip()) :] for text in texts]
    tail = common_start([end[::-1] for end in ends])[::-1]
    return lead, tail


def common_start(texts: Sequence[str]) -> str:
    least, most = min(texts), max(texts)
    return "".join(
        a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    )


def token_start(texts: Sequence[str]) -> str:
    """The whole tokens, with the space behind them, that all texts begin with."""
    first = texts[0]
    common = common_start(texts)
    ends = [0, *(token.start for token in tokens_of(first)), len(first)]
    found = max(end for end in ends if end <= len(common))
    # A token may go on in another text: "wet" and "wetter".
    starts = [{0, len(text), *(token.start for token in tokens_of(text))} for text in texts]
    while not all(found in own for own in starts):
        found = max(end for end in ends if end < found)
    return first[:found]


def token_end(texts: Sequence[str]) -> str:
    """The whole tokens, with the space before them, that all texts end with."""
    first = texts[0]
    common = len(common_start([text[::-1] for text in texts]))
    ends = [{0, *(len(text) - token.end for token in tokens_of(text))} for text in texts]
    shared = set.intersection(*ends)
    found = max((length for length in shared if length <= common), default=0)
    return first[len(first) - found :]
