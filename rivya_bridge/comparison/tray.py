"""The compare tray: runs of an experiment put aside to be seen side by side.

It lies in the session, one for each experiment, so that it follows its owner from page to page and
outlasts a reload or a sign-in elsewhere on the page, with or without script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rivya_bridge.comparison.services import LEAST_RUNS, MOST_RUNS
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.refusals import Refusal

KEY = "compare_tray"
# Experiments whose trays are remembered, the latest last.
MOST_TRAYS = 20

# Session data: {experiment id: [run id, …]} in the order in which they were put in.
Session = Any


@dataclass(frozen=True, slots=True)
class Tray:
    """The tray of one experiment as its runs, in order."""

    experiment_id: UUID
    runs: tuple[Run, ...]

    @property
    def is_enough(self) -> bool:
        return len(self.runs) >= LEAST_RUNS

    @property
    def missing(self) -> int:
        """How many runs are still needed before there is something to compare."""
        return max(0, LEAST_RUNS - len(self.runs))

    @property
    def query(self) -> str:
        """The board's address."""
        return "&".join(f"run={run.pk}" for run in self.runs)


def tray_ids(session: Session, experiment_id: UUID | str) -> list[str]:
    """Ids of the runs in the tray of an experiment (no query)."""
    return list(_trays(session).get(str(experiment_id), ()))


def read_tray(session: Session, experiment: Experiment) -> Tray:
    """The tray with its runs; one query, none for an empty one. A run that is gone is left out."""
    ids = tray_ids(session, experiment.pk)
    if not ids:
        return Tray(experiment.pk, ())
    rows = Run.objects.filter(experiment=experiment, pk__in=ids).only(
        "number", "model_id", "verdict"
    )
    found = {str(run.pk): run for run in rows}
    return Tray(experiment.pk, tuple(found[one] for one in ids if one in found))


def change_tray(
    session: Session, experiment: Experiment, *, put: Sequence[str] = (), take: Iterable[str] = ()
) -> list[str]:
    """Takes runs out and puts others in; one that is in already stays where it is.

    Raises Refusal for a run of another experiment, or when more than MOST_RUNS would be in it.
    """
    kept = [one for one in tray_ids(session, experiment.pk) if one not in set(take)]
    new = [one for one in dict.fromkeys(put) if one not in kept]
    known = {str(pk) for pk in _known(experiment, [*kept, *new])}
    strangers = [one for one in new if one not in known]
    if strangers:
        text = f"There is no run {strangers[0][:60]!r} in this experiment: choose one of its runs."
        raise Refusal.field("run", text)
    ids = [one for one in [*kept, *new] if one in known]
    if len(ids) > MOST_RUNS:
        raise Refusal.field(
            "run",
            f"A comparison takes up to {MOST_RUNS} runs, and {len(ids)} would be in the tray: take "
            "one out first.",
            MOST_RUNS,
        )
    _write(session, str(experiment.pk), ids)
    return ids


def _known(experiment: Experiment, ids: Iterable[str]) -> Iterable[UUID]:
    wanted = []
    for one in ids:
        try:
            wanted.append(UUID(one))
        except ValueError:
            continue
    return Run.objects.filter(experiment=experiment, pk__in=wanted).values_list("pk", flat=True)


def _trays(session: Session) -> dict[str, list[str]]:
    trays = session.get(KEY)
    return trays if isinstance(trays, dict) else {}


def _write(session: Session, experiment_id: str, ids: list[str]) -> None:
    trays = {key: value for key, value in _trays(session).items() if key != experiment_id}
    if ids:
        trays[experiment_id] = ids
    session[KEY] = dict(list(trays.items())[-MOST_TRAYS:])


class Membership:
    """Which runs are in any tray, for `{% if run.pk in in_tray %}`; reads the session when asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: set[str] | None = None

    def __contains__(self, run_id: object) -> bool:
        if self._ids is None:
            self._ids = {one for ids in _trays(self._session).values() for one in ids}
        return str(run_id) in self._ids
