"""The runs of an experiment, read once, and grouped by what was asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from rivya_bridge.experiments.configurations import configuration_of, setting_of
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult

# Older runs of a larger experiment are left out, and the page says so.
MOST_RUNS = 2_000
FIELDS = (
    "experiment", "number", "model_id", "prompt", "params", "category", "result_text", "studio_credits",
    "studio_seconds", "verdict", "rating", "task__status", "task__final_credits",
    "task__accepted_at", "task__finished_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run. `output` names all that came back by its content, '' without a result;
    `first` is the content (SHA-256) that distances are measured of, of `kind`."""

    run_id: UUID
    number: int
    status: str
    output: str
    first: str
    kind: str
    credits: int | None
    seconds: float | None
    verdict: str
    rating: int | None
    text: str = ""

    @property
    def has_result(self) -> bool:
        return bool(self.output) and self.status in ("succeeded", "recorded")


@dataclass(slots=True)
class Configuration:
    """One request and what came of it, oldest first."""

    key: str
    setting: str
    model_id: str
    prompt: str
    params: Mapping[str, Any]
    references: tuple[str, ...]
    outcomes: list[Outcome] = field(default_factory=list)


def read_configurations(experiment: Experiment) -> list[Configuration]:
    """The newest 2,000 runs by configuration, the one with most runs first (three queries)."""
    return configurations_among(Run.objects.filter(experiment=experiment))


def configurations_among(runs: QuerySet[Run]) -> list[Configuration]:
    """The same of any runs; those of two experiments are never one configuration."""
    rows = list(runs.select_related("task").only(*FIELDS).order_by("-id")[:MOST_RUNS])
    ids = [run.pk for run in rows]
    references = _hashes(RunReference, ids)
    results = _hashes(RunResult, ids)
    found: dict[tuple[UUID, str], Configuration] = {}
    for run in reversed(rows):
        given = tuple(sha256 for sha256, _ in references.get(run.pk, ()))
        key = configuration_of(run.model_id, run.prompt, run.params, given)
        place = run.experiment_id, key
        if place not in found:
            setting = setting_of(run.model_id, run.prompt, run.params)
            found[place] = Configuration(key, setting, run.model_id, run.prompt, run.params, given)
        found[place].outcomes.append(_outcome(run, results.get(run.pk, [])))
    return sorted(found.values(), key=lambda one: -len(one.outcomes))


def _hashes(
    model: type[RunReference] | type[RunResult], ids: list[UUID]
) -> dict[UUID, list[tuple[str, str]]]:
    """(SHA-256, kind) of each run's files in their order."""
    found: dict[UUID, list[tuple[str, str]]] = {}
    rows = model.objects.filter(run__in=ids).order_by("run_id", "position")
    for run_id, sha256, kind in rows.values_list("run_id", "file__sha256", "file__kind"):
        found.setdefault(run_id, []).append((sha256, kind))
    return found


def _outcome(run: Run, results: list[tuple[str, str]]) -> Outcome:
    text = "" if results else run.result_text
    first, kind = results[0] if results else (_hash(text), "chat")
    whole = ".".join(sha256 for sha256, _ in results) or first
    return Outcome(
        run.pk, run.number, run.status, whole, first, kind, run.credits, run.duration_seconds,
        run.verdict, run.rating, text,
    )  # fmt: skip


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
