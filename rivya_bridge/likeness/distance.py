"""How far apart two results are, in one number with the sentence that explains it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rivya_bridge.refusals import Refusal

IDENTICAL = "identical"


@dataclass(frozen=True, slots=True)
class Distance:
    """`value` from 0 (the same) to 1 (unrelated), `kind` of what was compared, `detail` for people.

    `parts` are the distances, 0 to 1 each, that `value` is made of, by name.
    """

    value: float
    kind: str
    detail: str
    parts: Mapping[str, float] = field(default_factory=dict)


class NotComparable(Refusal):
    """One of two results is missing or damaged, or they are of different kinds."""

    code = "not_comparable"


def combined(kind: str, parts: Mapping[str, float], detail: str) -> Distance:
    """Parts as one distance: the parts' likenesses (1 - part) are multiplied.

    So it is 0 only where every part is 0, and 1 where any part is 1; as SSIM joins luminance,
    contrast and structure.
    """
    likeness = 1.0
    for part in parts.values():
        likeness *= 1 - part
    rounded = {name: round(part, 4) for name, part in parts.items()}
    return Distance(round(1 - likeness, 4), kind, detail, MappingProxyType(rounded))


def identical(kind: str) -> Distance:
    """The distance of a thing from itself."""
    return Distance(0.0, kind, f"{IDENTICAL}: the same content to the last byte")


def ratio_gap(a: float, b: float) -> float:
    """How much shorter the shorter of two lengths is, 0 to 1; 0 for two nothings."""
    longer = max(a, b)
    return 0.0 if longer <= 0 else 1 - min(a, b) / longer


def percent(part: float) -> str:
    """'3 %', and '<1 %' rather than a rounded nought."""
    if 0 < part < 0.01:
        return "<1 %"
    return f"{part * 100:.0f} %"
