"""Whether the documents of an experiment name only what they hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rivya_bridge.refusals import Problem
from rivya_bridge.sharing.portable.documents import (
    BALLOTS,
    CELLS,
    COMPARISONS,
    EXPERIMENT,
    FILES,
    OVERRIDES,
    RUNS,
    SWEEPS,
)
from rivya_bridge.sweeps.models import SweepTry
from rivya_bridge.tasks.models import Status

ACCEPTED = {Status.RUNNING, Status.SAVING, Status.SUCCEEDED}
STOPPED = {Status.HELD, Status.FAILED, Status.CANCELED}
WITH_RUN = {SweepTry.Status.STARTED, SweepTry.Status.SUCCEEDED}


class Links:
    """Collects numbers and hashes as the documents are read in their order, and what does not fit."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._files: set[str] = set()
        self._numbers: set[int] = set()
        self._api_runs: set[int] = set()
        self._last = 0
        self._remote_ids: set[str] = set()
        self._run_count = 0
        self._preview: str | None = None
        self._grids: list[_Grid] = []
        self._overridden: set[str] = set()

    def add(self, document: str, where: str, row: dict[str, Any]) -> None:
        """A row whose shape is right."""
        readers = {
            EXPERIMENT: self._experiment,
            FILES: self._file,
            RUNS: self._run,
            COMPARISONS: self._comparison,
            BALLOTS: self._ballot,
            SWEEPS: self._sweep,
            CELLS: self._cell,
            OVERRIDES: self._override,
        }
        for text in readers[document](row) if document in readers else ():
            self.problems.append(Problem("file", f"{where}: {text}"))

    def end(self) -> None:
        """After the last row: what only all of them can say."""
        for text in self._unlisted([self._preview] if self._preview else []):
            self.problems.append(Problem("file", f"{EXPERIMENT}: {text}"))

    def _experiment(self, row: dict[str, Any]) -> list[str]:
        self._run_count, self._preview = row["run_count"], row["preview"]
        return []

    def _file(self, row: dict[str, Any]) -> list[str]:
        known = row["sha256"] in self._files
        self._files.add(row["sha256"])
        return ["the same file stands twice."] if known else []

    def _run(self, row: dict[str, Any]) -> list[str]:
        found = []
        number, task = row["number"], row["task"]
        if not self._last < number <= self._run_count:
            found.append(f"run {number} is out of order, or beyond the experiment's count.")
        earlier = row["continues_from"]
        if earlier is not None and earlier not in self._numbers:
            found.append(f"continues run {earlier}, which is not before it.")
        if (row["source"] == "api") != (task is not None):
            found.append("a run has a task if, and only if, its source is api.")
        self._last = number
        self._numbers.add(number)
        hashes = [*row["references"], *row["results"]]
        if task:
            found += self._task(task)
            hashes += [*task["references"], *(o["file"] for o in task["outputs"] if o["file"])]
        if task:
            self._api_runs.add(number)
        return [*found, *self._unlisted(hashes)]

    def _unlisted(self, hashes: Iterable[str]) -> list[str]:
        missing = next((one for one in hashes if one not in self._files), None)
        return [f"the file {missing[:12]}… is in no list."] if missing else []

    def _task(self, task: dict[str, Any]) -> list[str]:
        """What the database would refuse, in words."""
        found = []
        status, remote_id = task["status"], task["remote_id"]
        if status in ACCEPTED and remote_id is None:
            found.append(f"a task that is {status} has a remote id.")
        if status in STOPPED and not task["reason"]:
            found.append(f"a task that is {status} has a reason.")
        if task["exposure"] != "none" and task["request_body"] is None:
            found.append("a task that was sent has its body.")
        if remote_id is not None and remote_id in self._remote_ids:
            found.append(f"the remote id {remote_id[:40]!r} stands twice.")
        if remote_id is not None:
            self._remote_ids.add(remote_id)
        for name, key in (("events", "seq"), ("sendings", "number"), ("outputs", "position")):
            keys = [one[key] for one in task[name]]
            if len(set(keys)) < len(keys):
                found.append(f"{name} of its task stand twice.")
        return found

    def _comparison(self, row: dict[str, Any]) -> list[str]:
        strange = [one for one in row["runs"] if one not in self._numbers]
        found = [f"compares run {strange[0]}, which is not there."] if strange else []
        if row["winner"] is not None and row["winner"] not in row["runs"]:
            found.append("its winner is none of the compared runs.")
        return found

    def _ballot(self, row: dict[str, Any]) -> list[str]:
        sides = {row["left"], row["right"]}
        if len(sides) < 2 or not sides <= self._numbers:
            return ["a vote is on two runs that are there."]
        return []

    # --- Sweeps and decisions ---------------------------------------------------------------------

    def _sweep(self, row: dict[str, Any]) -> list[str]:
        found = self._unlisted(row["plan"]["references"])
        self._grids.append(_Grid([len(axis["values"]) for axis in row["axes"]], row["cell_count"]))
        if row["number"] != len(self._grids):
            found.append(f"sweep {row['number']} is out of order: sweeps are numbered from 1.")
        earlier = row["continues_from"]
        if earlier is not None and earlier not in self._numbers:
            found.append(f"sweep {row['number']} continues run {earlier}, which is not there.")
        return found

    def _cell(self, row: dict[str, Any]) -> list[str]:
        if row["sweep"] > len(self._grids):
            return [f"a cell of sweep {row['sweep']}, which is not there."]
        grid = self._grids[row["sweep"] - 1]
        found = [*self._unlisted(row["references"]), *grid.add(row)]
        for one in row["tries"]:
            number = one["run"]
            if number is None and one["status"] in WITH_RUN:
                found.append(f"a try that is {one['status']} has a run.")
            if number is not None and number not in self._api_runs:
                found.append(f"a try of run {number}, which is no API run or stands in two tries.")
            self._api_runs.discard(number)
        return found

    def _override(self, row: dict[str, Any]) -> list[str]:
        if row["ended_at"] is not None:
            return []
        known = row["question"] in self._overridden
        self._overridden.add(row["question"])
        return [f"{row['question']} has two answers in force."] if known else []


@dataclass(slots=True)
class _Grid:
    """A sweep's axes by how many values they have, and which cells and tries have been read."""

    sizes: list[int]
    cell_count: int
    last: int = 0
    ordinals: set[int] = field(default_factory=set)

    def add(self, cell: dict[str, Any]) -> list[str]:
        found = []
        if not self.last < cell["number"] <= self.cell_count:
            found.append(f"cell {cell['number']} is out of order, or beyond the sweep's count.")
        self.last = cell["number"]
        place = cell["place"]
        fits = len(place) == len(self.sizes)
        if not fits or any(at >= size for at, size in zip(place, self.sizes, strict=True)):
            found.append(f"the place of cell {cell['number']} is on none of the sweep's axes.")
        ordinals = [one["ordinal"] for one in cell["tries"]]
        if len(set(ordinals)) < len(ordinals) or self.ordinals.intersection(ordinals):
            found.append(f"tries of cell {cell['number']} stand twice.")
        self.ordinals.update(ordinals)
        return found
