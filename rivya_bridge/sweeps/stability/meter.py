"""The stability meter of one configuration: numbers with how much they are worth. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from rivya_bridge.sweeps.stability.outcomes import Configuration, Outcome

# With fewer ended runs nothing is said about stability.
LEAST_RUNS = 3
# With fewer the largest of n is no 95th percentile and is called the longest.
LEAST_FOR_P95 = 20
# Distances are measured between the first so many different outputs of a configuration.
MOST_OUTPUTS = 12
SAME, ALIKE, VARIED = 0.03, 0.25, 0.5

Distances = Mapping[tuple[str, str], float | None]


@dataclass(frozen=True, slots=True)
class Output:
    """One output with the runs that gave exactly it, oldest first."""

    key: str
    run_ids: tuple[UUID, ...]
    numbers: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.run_ids)


@dataclass(frozen=True, slots=True)
class Meter:
    """`ended` counts what succeeded, was recorded or failed. `spread` is the mean distance of two runs
    (0 the same, 1 unrelated), None while no pair is measured; `widest` the largest. `pending` pairs of
    outputs wait to be measured. Seconds and credits are None without any on record. `failure_high`: the
    upper end of the failure rate's 95 % interval (Wilson 1927)."""

    ended: int
    failed: int
    open: int
    outputs: tuple[Output, ...]
    spread: float | None
    widest: float | None
    pending: int
    p50_seconds: float | None
    p95_seconds: float | None
    is_p95_longest: bool
    least_credits: int | None
    most_credits: int | None
    mean_credits: float | None
    failure_high: float

    @property
    def is_enough(self) -> bool:
        return self.ended >= LEAST_RUNS

    @property
    def failure_rate(self) -> float:
        return self.failed / self.ended if self.ended else 0.0

    @property
    def word(self) -> str:
        """too few runs, measuring, identical, nearly identical, alike, varied or unlike."""
        if not self.is_enough:
            return "too few runs"
        if self.spread is None:
            return "measuring" if self.pending else "no result"
        if len(self.outputs) == 1:
            return "identical"
        for limit, word in ((SAME, "nearly identical"), (ALIKE, "alike"), (VARIED, "varied")):
            if self.spread <= limit:
                return word
        return "unlike"

    @property
    def sentence(self) -> str:
        """What a person reads first."""
        runs = f"{self.ended} run{'s' if self.ended != 1 else ''}"
        if not self.is_enough:
            return f"{runs}: too few to say how stable this is; {LEAST_RUNS} are the least."
        failed = f"{self.failed} failed" if self.failed else "none failed"
        share = f"with 95 % confidence at most {self.failure_high * 100:.0f} % do"
        return f"{runs}, {failed} ({share}). {self._outputs_say()}"

    def _outputs_say(self) -> str:
        count = len(self.outputs)
        if count == 0:
            return "There is no result yet."
        if count == 1:
            return "Every output is the same to the last byte."
        if self.spread is None:
            return f"{count} different outputs, which are being measured."
        return f"{count} different outputs: {self.word}."


def measure_meter(configuration: Configuration, distances: Distances) -> Meter:
    """`distances` by two contents in order; a pair that is not there is pending."""
    outcomes = configuration.outcomes
    results = [one for one in outcomes if one.has_result]
    failed = sum(one.status == "failed" for one in outcomes)
    ended = len(results) + failed
    spread, widest, pending = _spread(results, distances)
    seconds = sorted(one.seconds for one in results if one.seconds is not None)
    credits = [one.credits for one in results if one.credits is not None]
    is_longest = len(seconds) < LEAST_FOR_P95
    return Meter(
        ended=ended,
        failed=failed,
        open=sum(
            one.status not in ("succeeded", "recorded", "failed", "canceled") for one in outcomes
        ),
        outputs=outputs_of(results),
        spread=spread,
        widest=widest,
        pending=pending,
        p50_seconds=_percentile(seconds, 0.5),
        p95_seconds=seconds[-1] if seconds and is_longest else _percentile(seconds, 0.95),
        is_p95_longest=is_longest,
        least_credits=min(credits, default=None),
        most_credits=max(credits, default=None),
        mean_credits=sum(credits) / len(credits) if credits else None,
        failure_high=wilson_high(failed, ended),
    )


def outputs_of(results: Sequence[Outcome]) -> tuple[Output, ...]:
    """Identical outputs collapsed, the most frequent first."""
    groups: dict[str, list[Outcome]] = {}
    for one in results:
        groups.setdefault(one.output, []).append(one)
    found = [
        Output(key, tuple(one.run_id for one in rows), tuple(one.number for one in rows))
        for key, rows in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.count))


def _spread(
    results: Sequence[Outcome], distances: Distances
) -> tuple[float | None, float | None, int]:
    """Mean over pairs of runs, the largest, and how many pairs of outputs are still to be measured.

    Two runs with one content are a pair of distance 0.
    """
    counts = Counter(one.first for one in results)
    firsts = list(counts)[:MOST_OUTPUTS]
    pairs = sum(counts[one] * (counts[one] - 1) // 2 for one in firsts)
    total, widest, pending = 0.0, 0.0, 0
    for one, other in combinations(firsts, 2):
        pair = ordered(one, other)
        value = distances.get(pair)
        if value is None:
            pending += pair not in distances
            continue
        weight = counts[one] * counts[other]
        total, pairs, widest = total + value * weight, pairs + weight, max(widest, value)
    return (total / pairs, widest, pending) if pairs else (None, None, pending)


def ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _percentile(values: Sequence[float], part: float) -> float | None:
    """Nearest rank of sorted values."""
    return values[max(0, math.ceil(part * len(values)) - 1)] if values else None


def wilson_high(hits: int, count: int, z: float = 1.96) -> float:
    """The upper end of a share's 95 % interval; 1 of nothing."""
    if not count:
        return 1.0
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return min(1.0, (middle + half) / (1 + z * z / count))
