"""What the votes and runs of an experiment say, read once for ranking, pairing and findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.configurations import configuration_of, setting_of
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.tasks.models import Status

# Enough for new pairs and for figures. Older runs of a larger experiment count where they were voted on.
MOST_RUNS = 2_000
RUN_FIELDS = (
    "number", "model_id", "prompt", "params", "result_text", "studio_credits", "studio_seconds",
    "verdict", "rating", "task__status", "task__final_credits", "task__accepted_at",
    "task__finished_at",
)  # fmt: skip


@dataclass(frozen=True)
class Entrant:
    """A run with a result. `setting` names what was asked for besides references, `configuration` with
    them: runs of one configuration are repeats of each other."""

    id: UUID
    number: int
    model: str
    prompt: str
    params: Mapping[str, Any]
    references: tuple[str, ...]
    kind: str
    verdict: str
    credits: int | None = None
    seconds: float | None = None
    rating: int | None = None

    @cached_property
    def setting(self) -> str:
        return setting_of(self.model, self.prompt, self.params)

    @cached_property
    def configuration(self) -> str:
        return configuration_of(self.model, self.prompt, self.params, self.references)


@dataclass(frozen=True, slots=True)
class Vote:
    """One counted vote: `share` is what the left one won, 1, 0.5 or 0."""

    ballot: UUID
    left: UUID
    right: UUID
    share: float
    is_both_bad: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Entrants by run id, oldest first, and the votes on them, oldest first. `has_more`: there are
    older runs that nobody voted on, beyond MOST_RUNS."""

    entrants: Mapping[UUID, Entrant]
    votes: tuple[Vote, ...]
    has_more: bool = False


SHARES = {"left": 1.0, "right": 0.0, "tie": 0.5, "both_bad": 0.5}


def read_evidence(experiment: Experiment) -> Evidence:
    """Everything that was judged in an experiment (four queries however many runs; one more where old
    runs were voted on)."""
    votes = _votes(experiment)
    runs, has_more = _runs(experiment, votes)
    ids = [run.pk for run in runs]
    references: dict[UUID, list[str]] = {}
    rows = RunReference.objects.filter(run__in=ids).order_by("run_id", "position")
    for run_id, sha256 in rows.values_list("run_id", "file__sha256"):
        references.setdefault(run_id, []).append(sha256)
    results = RunResult.objects.filter(run__in=ids, position=0)
    kinds = dict(results.values_list("run_id", "file__kind"))
    entrants = {
        run.pk: _entrant(run, tuple(references.get(run.pk, ())), kinds.get(run.pk, "text"))
        for run in reversed(runs)
        if _has_result(run, kinds)
    }
    counted = tuple(vote for vote in votes if vote.left in entrants and vote.right in entrants)
    return Evidence(entrants, counted, has_more)


def _runs(experiment: Experiment, votes: Iterable[Vote]) -> tuple[list[Run], bool]:
    """The newest runs and all that were voted on, newest first; and whether there are more."""
    rows = Run.objects.filter(experiment=experiment).select_related("task").only(*RUN_FIELDS)
    newest = list(rows.order_by("-id")[: MOST_RUNS + 1])
    if len(newest) <= MOST_RUNS:
        return newest, False
    runs = newest[:MOST_RUNS]
    known = {run.pk for run in runs}
    voted = {run for vote in votes for run in (vote.left, vote.right)} - known
    older = list(rows.filter(pk__in=voted).order_by("-id")) if voted else []
    return [*runs, *older], True


def _has_result(run: Run, kinds: Mapping[UUID, str]) -> bool:
    ended = run.task is None or run.task.status == Status.SUCCEEDED
    return ended and (run.pk in kinds or bool(run.result_text))


def _entrant(run: Run, references: tuple[str, ...], kind: str) -> Entrant:
    return Entrant(
        id=run.pk,
        number=run.number,
        model=run.model_id,
        prompt=run.prompt,
        params=run.params,
        references=references,
        kind=kind,
        credits=run.credits,
        seconds=run.duration_seconds,
        verdict=run.verdict,
        rating=run.rating,
    )


def _votes(experiment: Experiment) -> tuple[Vote, ...]:
    rows = Ballot.objects.filter(experiment=experiment, undone_at=None).exclude(outcome="")
    values = rows.order_by("voted_at", "id").values_list("pk", "left_id", "right_id", "outcome")
    return tuple(
        Vote(pk, left, right, SHARES[outcome], outcome == "both_bad")
        for pk, left, right, outcome in values
    )
