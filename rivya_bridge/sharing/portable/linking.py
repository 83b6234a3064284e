"""Whether the documents of an experiment name only what they hold."""

from typing import Any

from rivya_bridge.refusals import Problem
from rivya_bridge.sharing.portable.documents import BALLOTS, COMPARISONS, EXPERIMENT, FILES, RUNS
from rivya_bridge.tasks.models import Status

ACCEPTED = {Status.RUNNING, Status.SAVING, Status.SUCCEEDED}
STOPPED = {Status.HELD, Status.FAILED, Status.CANCELED}


class Links:
    """Collects numbers and hashes as the documents are read in their order, and what does not fit."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._files: set[str] = set()
        self._numbers: set[int] = set()
        self._last = 0
        self._remote_ids: set[str] = set()
        self._preview: str | None = None
        self._run_count = 0

    def add(self, document: str, where: str, row: dict[str, Any]) -> None:
        """A row whose shape is right."""
        readers = {
            EXPERIMENT: self._experiment,
            FILES: self._file,
            RUNS: self._run,
            COMPARISONS: self._comparison,
            BALLOTS: self._ballot,
        }
        for text in readers[document](row):
            self.problems.append(Problem("file", f"{where}: {text}"))

    def _experiment(self, row: dict[str, Any]) -> list[str]:
        self._preview, self._run_count = row["preview"], row["run_count"]
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
        if missing := next((one for one in hashes if one not in self._files), None):
            found.append(f"the file {missing[:12]}… is in no list.")
        return found

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
