"""From facts to a verdict. Pure functions: the same facts give the same verdict on every machine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rivya_bridge.rehearsal.expectations import DISTANCE, Result, unmet
from rivya_bridge.rehearsal.models import Verdict

# The worst first.
WORST = (Verdict.FAILED, Verdict.DIFFERS, Verdict.UNCLEAR, Verdict.PASSED)


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: str
    distance: float | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The largest distance of a case's results with what it is made of, or why there is none."""

    distance: float | None
    why_not: str = ""
    detail: str = ""


def failed(reason: str) -> Judgement:
    """No result: what the job says of itself."""
    return Judgement(Verdict.FAILED.value, None, reason)


def not_comparable(reason: str) -> Judgement:
    return Judgement(Verdict.UNCLEAR.value, None, reason)


def judge(
    expected: Mapping[str, Any],
    result: Result,
    measured: Measured,
    *,
    tolerance: float,
    counts: Sequence[str],
) -> Judgement:
    """What is unmet differs, whatever the distance; what cannot be measured is not comparable."""
    sentences = unmet(expected, result, counts)
    far = measured.distance is not None and measured.distance > tolerance
    if DISTANCE in counts and far:
        sentences.append(
            f"The distance is {measured.distance:.3f}, above the tolerance of {tolerance:g}."
        )
    if sentences:
        reason = " ".join(sentences)
        return Judgement(Verdict.DIFFERS.value, measured.distance, reason, measured.detail)
    if DISTANCE in counts and measured.distance is None:
        return not_comparable(measured.why_not)
    return Judgement(Verdict.PASSED.value, measured.distance, "", measured.detail)


def worst(verdicts: Iterable[str]) -> str:
    """The verdict of a whole rehearsal."""
    found = set(verdicts)
    return next(verdict.value for verdict in WORST if verdict.value in found)
