"""Fills an empty database with a busy year: experiments, one of them with very many runs, and tasks."""

import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Experiment, Run, RunResult
from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id
from rivya_bridge.tasks.models import TERMINAL, Task

Row = dict[str, Any]

SPAN = timedelta(days=365)
SEED = 20
# As many runs as lie on the pages that are measured have result files.
RUNS_WITH_FILES = 6_000
# Open tasks are not due while the measurement lasts: the worker sees them and has nothing to do.
DUE_IN = timedelta(minutes=20)

STATUSES = {
    "succeeded": 880, "failed": 50, "canceled": 20, "held": 20, "queued": 10,
    "submitting": 2, "unconfirmed": 3, "running": 10, "saving": 5,
}  # fmt: skip
REASONS = {
    "failed": "generation_failed",
    "canceled": "canceled_by_person",
    "held": "outcome_unknown",
}
MODELS = {
    "z-image": "image", "flux-2-pro": "image", "seedance-1-0-pro": "video",
    "elevenlabs-turbo-2-5": "audio",
}  # fmt: skip
SUBJECTS = (
    "glass bottle",
    "ceramic mug",
    "running shoe",
    "desk lamp",
    "leather satchel",
    "wrist watch",
)
SCENES = (
    "on wet slate at dawn", "on a linen cloth", "against a pale green wall",
    "in a sunlit kitchen with herbs", "on raked sand", "beside a rain-streaked window",
)  # fmt: skip
MANNERS = (
    "soft side light, long shadows, muted colours, shallow depth of field",
    "hard noon light, crisp reflections, the label facing the camera and fully readable",
    "overcast light, 85 mm lens, no people, space for a headline on the left",
)


def fill(rows: int) -> uuid.UUID:
    """`rows` experiments, `rows` runs in the newest one, `rows` tasks; returns that one's id.

    Half of the runs went through the API and own half of the tasks; jobs own the others. Everything
    is spread evenly over a year and the same each time.
    """
    maker = _Maker(rows)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    with transaction.atomic():
        _insert(StoredFile, maker.files())
        _insert(Experiment, maker.experiments())
        _insert(Task, maker.tasks())
        _insert(Run, maker.runs())
        _insert(RunResult, maker.results())
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return maker.experiment_id


class _Maker:
    """Rows as the services would leave them, oldest first."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._random = random.Random(SEED)
        self._now = timezone.now()
        self._account = current_connection()
        self.experiment_id = _id_at(self._now)
        self._run_ids = [_id_at(self._when(number)) for number in range(rows)]
        self._task_ids = [_id_at(self._when(number)) for number in range(rows)]
        self._file_ids = [_id_at(self._now) for _ in range(min(rows, RUNS_WITH_FILES))]

    def _when(self, number: int) -> datetime:
        return self._now - SPAN * (1 - number / self._rows) - timedelta(seconds=1)

    def _prompt(self) -> str:
        parts = map(self._random.choice, (SUBJECTS, SCENES, MANNERS))
        return "A {} {}, {}".format(*parts)

    def experiments(self) -> Iterator[Row]:
        for number in range(self._rows):
            is_last = number == self._rows - 1
            moment = self._when(number)
            subject = self._random.choice(SUBJECTS)
            yield dict(
                id=self.experiment_id if is_last else _id_at(moment),
                title=f"{subject.capitalize()} {self._random.choice(SCENES)}, no. {number}",
                question=f"Which model keeps the {subject} recognisable and its label readable?",
                category=self._random.choice(("image", "image", "video", "audio")),
                tags=["autumn", subject],
                status=self._random.choice(("exploring", "exploring", "settled")),
                run_count=self._rows if is_last else 0,
                accepted_count=self._rows // 4 if is_last else 0,
                rejected_count=self._rows // 4 if is_last else 0,
                preview_id=self._file_ids[-1] if is_last else None,
                created_at=moment,
                updated_at=moment,
            )

    def tasks(self) -> Iterator[Row]:
        for number, task_id in enumerate(self._task_ids):
            [status] = self._random.choices([*STATUSES], [*STATUSES.values()])
            yield self._task(number, task_id, status)

    def _task(self, number: int, task_id: uuid.UUID, status: str) -> Row:
        model_id = self._random.choice([*MODELS])
        draft = {"model": model_id, "prompt": self._prompt(), "params": {"aspect_ratio": "4:5"}}
        moment = self._when(number)
        is_run = number % 2 == 0
        was_accepted = status in ("running", "saving", "succeeded", "failed")
        return dict(
            id=task_id,
            origin="run" if is_run else "job",
            origin_id=self._run_ids[number] if is_run else uuid.UUID(int=number),
            group_label="Bottle on slate" if is_run else "Product banner",
            group_url=f"/experiments/{self.experiment_id}/" if is_run else "/templates/banner/",
            account=self._account.account,
            base_url=self._account.base_url,
            model_id=model_id,
            category=MODELS[model_id],
            draft=draft,
            search_text=f"{draft['prompt']} {model_id}",
            status=status,
            remote_id=f"task_{number}" if was_accepted else None,
            remote_payload={"id": f"task_{number}", "status": status} if was_accepted else None,
            idempotency_key=str(uuid.UUID(int=number)),
            request_body=json.dumps(draft).encode(),
            request_sha256="0" * 64,
            due_at=moment if status in TERMINAL else self._now + DUE_IN,
            attempts=1,
            exposure="accepted" if was_accepted else "none",
            held_from="submitting" if status == "held" else "",
            reason=REASONS.get(status, ""),
            reason_text="The model gave no result." if status in REASONS else "",
            error_message="The model gave no result." if status == "failed" else "",
            estimated_credits=4,
            reserved_credits=4 if was_accepted else None,
            final_credits={"succeeded": 4, "failed": 0}.get(status),
            created_at=moment,
            updated_at=moment,
            accepted_at=moment if was_accepted else None,
            finished_at=moment + timedelta(seconds=9) if status in TERMINAL else None,
        )

    def runs(self) -> Iterator[Row]:
        for number, run_id in enumerate(self._run_ids):
            model_id = self._random.choice([*MODELS])
            is_api = number % 2 == 0
            yield dict(
                id=run_id,
                experiment_id=self.experiment_id,
                number=number + 1,
                source="api" if is_api else "studio",
                task_id=self._task_ids[number] if is_api else None,
                model_id=model_id,
                category=MODELS[model_id],
                prompt=self._prompt(),
                params={"aspect_ratio": "4:5", "resolution": "2K"},
                result_text="" if is_api else "Label readable, shadows too hard.",
                studio_credits=None if is_api else 4,
                studio_seconds=None if is_api else 8.5,
                rating=self._random.choice((None, None, 3, 4, 5)),
                verdict=self._random.choice(("", "", "accepted", "rejected")),
                created_at=self._when(number),
                updated_at=self._when(number),
            )

    def files(self) -> Iterator[Row]:
        for number, file_id in enumerate(self._file_ids):
            yield dict(
                id=file_id,
                sha256=f"{number:064x}",
                kind=self._random.choice(("image", "image", "image", "video")),
                mime_type="image/png",
                size_bytes=1_400_000,
                name=f"bottle-{number}.png",
                width=1024,
                height=1280,
                preview_width=384,
                preview_height=480,
                created_at=self._now,
            )

    def results(self) -> Iterator[Row]:
        newest = self._run_ids[-len(self._file_ids) :]
        for run_id, file_id in zip(newest, self._file_ids, strict=True):
            yield dict(run_id=run_id, file_id=file_id, position=0)


def _id_at(moment: datetime) -> uuid.UUID:
    """The product's own kind of id, as it would have been made then."""
    random_bits = new_id().int & ((1 << 80) - 1)
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | random_bits)


def _insert(model: type[Model], rows: Iterable[Row]) -> None:
    """One prepared statement for all rows, given by column attribute; the rest are the defaults.

    Several times faster than `bulk_create` on SQLite.
    """
    fields = [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'
    defaults = {field.attname: field.get_default() for field in fields}
    values = (tuple(map(_plain, (defaults | row).values())) for row in rows)
    with connection.cursor() as cursor:
        while batch := list(islice(values, 5_000)):
            cursor.executemany(statement, batch)


def _plain(value: Any) -> Any:
    """As Django's SQLite backend writes it: a UUID as 32 digits, a time without its zone, JSON."""
    match value:
        case uuid.UUID():
            return value.hex
        case datetime():
            return str(value.replace(tzinfo=None))
        case dict() | list():
            return json.dumps(value)
    return value
