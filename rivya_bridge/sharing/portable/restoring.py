"""An exported experiment as rows again, equal to those that were exported.

Tasks come back as history: ended, under an account that is none, with a key that is never sent. The
guards of the database keep them so.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from rivya_bridge.comparison.models import Ballot, Comparison, ComparisonItem
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.identifiers import new_id
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.models import ImportedExperiment
from rivya_bridge.sharing.portable.documents import (
    ATTEMPT_FIELDS,
    BALLOT_FIELDS,
    BALLOTS,
    COMPARISON_FIELDS,
    COMPARISONS,
    EVENT_FIELDS,
    EXPERIMENT_FIELDS,
    FILES,
    IMPORTED,
    RUN_FIELDS,
    RUNS,
    TASK_FIELDS,
    imported_key,
    member_of,
)
from rivya_bridge.sharing.portable.reading import Checked, to_moment
from rivya_bridge.tasks.models import (
    OPEN,
    Status,
    Task,
    TaskAttempt,
    TaskEvent,
    TaskOutput,
    TaskReference,
)

GROUP = 100
OPEN_REASON = "imported_open"

Row = TypeVar("Row")


def store_media(checked: Checked) -> dict[str, UUID]:
    """The ids of all files by their SHA-256; those that the vault lacks are put into it."""
    found: dict[str, UUID] = {}
    for file in checked.lines(FILES):
        sha256 = file["sha256"]
        known = StoredFile.objects.filter(sha256=sha256).first()
        if known is None:
            with checked.archive.open(member_of(file)) as stream:
                limit = settings.DOWNLOAD_MAX_BYTES
                known = store_upload(stream, file["name"], max_bytes=limit, field="file")
        if known.sha256 != sha256:
            text = f"{file['name'][:80]} changed while it lay here: the disk may be damaged."
            raise Refusal.field("file", text)
        found[sha256] = known.pk
    return found


def restore(checked: Checked, files: dict[str, UUID]) -> Experiment:
    """Every row anew; call it inside a transaction."""
    restoring = _Restoring(checked, files)
    return restoring.everything()


class _Restoring:
    def __init__(self, checked: Checked, files: dict[str, UUID]) -> None:
        self._checked = checked
        self._files = files
        self._runs: dict[int, UUID] = {}
        document = checked.experiment
        preview = document["preview"]
        self._experiment = Experiment.objects.create(
            **_read(document, EXPERIMENT_FIELDS), preview_id=files[preview] if preview else None
        )
        self._import_id = self._experiment.pk.hex[-9:]

    def everything(self) -> Experiment:
        checked, experiment = self._checked, self._experiment
        for group in _groups(checked.lines(RUNS)):
            self._add_runs(group)
        for group in _groups(checked.lines(COMPARISONS)):
            self._add_comparisons(group)
        for group in _groups(checked.lines(BALLOTS)):
            self._add_ballots(group)
        _redate([experiment], [checked.experiment], "created_at", "updated_at")
        exported_at = to_moment(checked.manifest["exported_at"])
        assert exported_at is not None
        ImportedExperiment.objects.create(
            experiment=experiment,
            content_sha256=checked.manifest["content_sha256"],
            exported_at=exported_at,
        )
        experiment.refresh_from_db()
        return experiment

    # --- Runs and their tasks ---------------------------------------------------------------------

    def _add_runs(self, rows: Sequence[dict[str, Any]]) -> None:
        with_task = [row for row in rows if row["task"]]
        ids = {row["number"]: new_id() for row in rows}
        self._runs |= ids
        tasks = [self._task(row["task"], ids[row["number"]]) for row in with_task]
        Task.objects.bulk_create(tasks)
        _redate(tasks, [row["task"] for row in with_task], "created_at", "updated_at")
        for task, row in zip(tasks, with_task, strict=True):
            self._add_history(task, row["task"])
        task_of = {row["number"]: task for row, task in zip(with_task, tasks, strict=True)}
        runs = [
            Run(
                id=ids[row["number"]],
                experiment=self._experiment,
                task=task_of.get(row["number"]),
                continues_from_id=self._runs.get(row["continues_from"]),
                **_read(row, RUN_FIELDS),
            )
            for row in rows
        ]
        Run.objects.bulk_create(runs)
        _redate(runs, rows, "created_at", "updated_at")
        for name, model in (("references", RunReference), ("results", RunResult)):
            self._add_files(model, rows, name)

    def _add_files(self, model: Any, rows: Sequence[dict[str, Any]], name: str) -> None:
        model.objects.bulk_create(
            model(run_id=self._runs[row["number"]], file_id=self._files[sha256], position=position)
            for row in rows
            for position, sha256 in enumerate(row[name])
        )

    def _task(self, facts: dict[str, Any], run_id: UUID) -> Task:
        """The row that keeps the facts; what was still open ended with the export."""
        fields = _read(facts, TASK_FIELDS)
        if fields["status"] in OPEN:
            fields |= {
                "status": Status.CANCELED,
                "reason": OPEN_REASON,
                "reason_text": f"It was {fields['status']} when it was exported; it goes on where it "
                "was started, and never from here.",
                "finished_at": fields["updated_at"],
            }
        body = facts["request_body"]
        return Task(
            id=new_id(fields["created_at"]),
            origin=Task.Origin.RUN,
            origin_id=run_id,
            group_url=f"/experiments/{self._experiment.pk}/",
            account=f"import-{self._import_id}",
            idempotency_key=imported_key(facts["idempotency_key"], self._import_id),
            request_body=None if body is None else body.encode(),
            due_at=fields["finished_at"] or fields["created_at"],
            # History needs nobody any more.
            handled_at=fields["finished_at"] or fields["created_at"],
            **fields,
        )

    def _add_history(self, task: Task, facts: dict[str, Any]) -> None:
        TaskReference.objects.bulk_create(
            TaskReference(task=task, file_id=self._files[sha256], position=position)
            for position, sha256 in enumerate(facts["references"])
        )
        TaskOutput.objects.bulk_create(
            TaskOutput(
                task=task,
                position=one["position"],
                url=one["url"],
                file_id=self._files[one["file"]] if one["file"] else None,
            )
            for one in facts["outputs"]
        )
        TaskAttempt.objects.bulk_create(
            TaskAttempt(task=task, **_read(one, ATTEMPT_FIELDS)) for one in facts["sendings"]
        )
        last = max((one["seq"] for one in facts["events"]), default=0)
        text = "Imported from a file: it was sent by another installation and is history here."
        TaskEvent.objects.bulk_create(
            [
                *(TaskEvent(task=task, **_read(one, EVENT_FIELDS)) for one in facts["events"]),
                TaskEvent(task=task, seq=last + 1, at=timezone.now(), kind=IMPORTED, text=text),
            ]
        )

    # --- Judgement --------------------------------------------------------------------------------

    def _add_comparisons(self, rows: Sequence[dict[str, Any]]) -> None:
        made = [
            Comparison(
                experiment=self._experiment,
                winner_id=self._runs[row["winner"]] if row["winner"] else None,
                **_read(row, COMPARISON_FIELDS),
            )
            for row in rows
        ]
        Comparison.objects.bulk_create(made)
        _redate(made, rows, "created_at", "updated_at")
        ComparisonItem.objects.bulk_create(
            ComparisonItem(comparison=one, run_id=self._runs[number], position=position)
            for one, row in zip(made, rows, strict=True)
            for position, number in enumerate(row["runs"])
        )

    def _add_ballots(self, rows: Sequence[dict[str, Any]]) -> None:
        made = [
            Ballot(
                experiment=self._experiment,
                left_id=self._runs[row["left"]],
                right_id=self._runs[row["right"]],
                **_read(row, BALLOT_FIELDS),
            )
            for row in rows
        ]
        Ballot.objects.bulk_create(made)
        _redate(made, rows, "created_at")


def _read(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields as the models take them: moments from their text."""
    return {
        name: _moment(row[name]) if name == "at" or name.endswith("_at") else row[name]
        for name in names
    }


def _moment(value: str | None) -> datetime | None:
    return None if value is None else to_moment(value)


def _redate(made: Sequence[models.Model], rows: Sequence[dict[str, Any]], *names: str) -> None:
    """Creating a row dates it now: this puts the dates of the export in place."""
    for one, row in zip(made, rows, strict=True):
        for name in names:
            setattr(one, name, _moment(row[name]))
    if made:
        type(made[0])._default_manager.bulk_update(made, names, batch_size=GROUP)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group
