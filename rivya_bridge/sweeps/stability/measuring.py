"""Measuring how far results lie apart: once per pair of contents, in the background, in portions."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from django.utils import timezone

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.files.models import StoredFile
from rivya_bridge.likeness.comparing import Print, distance, read
from rivya_bridge.likeness.distance import NotComparable
from rivya_bridge.sweeps.models import Measuring, ResultDistance
from rivya_bridge.sweeps.stability.meter import MOST_OUTPUTS
from rivya_bridge.sweeps.stability.outcomes import Configuration, Outcome, read_configurations

log = logging.getLogger(__name__)

# One call measures that many pairs; the rest waits for the next.
PORTION = 60
DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Pair:
    """Two results of one kind, in the order of their contents."""

    one: Outcome
    other: Outcome

    @property
    def key(self) -> tuple[str, str]:
        return self.one.first, self.other.first


def measure_experiment(experiment_id: UUID) -> int:
    """Measures up to 60 pairs that were not measured before; returns how many.

    The experiment leaves the queue when nothing is left and nothing came meanwhile.
    """
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is None:
        return 0
    queue = Measuring.objects.filter(experiment_id=experiment_id)
    seen = queue.values_list("news", flat=True).first()
    waiting = pending_pairs(read_configurations(experiment))
    _measure(waiting[:PORTION])
    if len(waiting) <= PORTION:
        queue.filter(news=seen or 0).delete()
    queue.update(due_at=timezone.now())
    return min(len(waiting), PORTION)


def pending_pairs(configurations: list[Configuration]) -> list[Pair]:
    """Repeats within a configuration first, then each request with and without references."""
    wanted: dict[tuple[str, str], Pair] = {}
    for pair in (*_repeats(configurations), *_with_and_without(configurations)):
        wanted.setdefault(pair.key, pair)
    known = known_distances(wanted)
    return [pair for key, pair in wanted.items() if key not in known]


def known_distances(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], float | None]:
    """Measured distances among these contents (one query)."""
    wanted = set(keys)
    firsts = {first for first, _ in wanted}
    rows = ResultDistance.objects.filter(first__in=firsts)
    found = {
        (first, second): value
        for first, second, value in rows.values_list("first", "second", "value")
    }
    return {key: value for key, value in found.items() if key in wanted}


def _repeats(configurations: Iterable[Configuration]) -> Iterator[Pair]:
    for configuration in configurations:
        firsts = {one.first: one for one in configuration.outcomes if one.has_result}
        for one, other in combinations(list(firsts.values())[:MOST_OUTPUTS], 2):
            if one.kind == other.kind:
                yield _pair(one, other)


def _with_and_without(configurations: Iterable[Configuration]) -> Iterator[Pair]:
    for with_, without in reference_pairs(configurations):
        a, b = with_result(with_), with_result(without)
        if a and b and a.kind == b.kind and a.first != b.first:
            yield _pair(a, b)


def reference_pairs(
    configurations: Iterable[Configuration],
) -> list[tuple[Configuration, Configuration]]:
    """(with, without) reference files of requests that differ in nothing else."""
    bare: dict[str, Configuration] = {}
    dressed: list[Configuration] = []
    for one in configurations:
        if one.references:
            dressed.append(one)
        else:
            bare[one.setting] = one
    return [(one, bare[one.setting]) for one in dressed if one.setting in bare]


def with_result(configuration: Configuration) -> Outcome | None:
    """Its first run with a result."""
    return next((one for one in configuration.outcomes if one.has_result), None)


def _pair(one: Outcome, other: Outcome) -> Pair:
    return Pair(one, other) if one.first < other.first else Pair(other, one)


# --- One portion ----------------------------------------------------------------------------------


def _measure(pairs: list[Pair]) -> None:
    """Each content is read once, each distance stored at once."""
    hashes = {key for pair in pairs for key in pair.key}
    files = {file.sha256: file for file in StoredFile.objects.filter(sha256__in=hashes)}
    prints: dict[str, Print | NotComparable] = {}
    for pair in pairs:
        value, detail = _distance(pair, files, prints)
        ResultDistance.objects.get_or_create(
            kind=pair.one.kind,
            first=pair.one.first,
            second=pair.other.first,
            defaults={"value": value, "detail": detail[:DETAIL_LENGTH]},
        )


def _distance(
    pair: Pair, files: dict[str, StoredFile], prints: dict[str, Print | NotComparable]
) -> tuple[float | None, str]:
    found = [_print(one, files, prints) for one in (pair.one, pair.other)]
    for one in found:
        if isinstance(one, NotComparable):
            return None, one.message
    try:
        measured = distance(found[0], found[1])  # type: ignore[arg-type]
    except NotComparable as error:
        return None, error.message
    return measured.value, measured.detail


def _print(
    one: Outcome, files: dict[str, StoredFile], prints: dict[str, Print | NotComparable]
) -> Print | NotComparable:
    if one.first not in prints:
        try:
            given = one.text if one.kind == "chat" else files[one.first]
            prints[one.first] = read(one.kind, given)
        except NotComparable as error:
            prints[one.first] = error
        except KeyError:
            prints[one.first] = NotComparable("The file is not in the vault any more.")
    return prints[one.first]
