"""Rows that many tests start from, made as the product itself makes them."""

import hashlib
import itertools
from typing import Any

from django.utils import timezone

from rivya_bridge.catalog.models import CatalogModel
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services import create_experiment, record_studio_run, start_api_run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.tasks.models import Task, TaskOutput
from rivya_bridge.tasks.signals import task_finished

_numbers = itertools.count(1)


def add_models(*model_ids: str, **changes: Any) -> None:
    """Entries of the sandbox's list, as a reading of the list would store them."""
    catalogue = load_catalogue()
    for model_id in model_ids:
        raw = {**catalogue[model_id], **changes}
        CatalogModel.objects.update_or_create(
            model_id=model_id,
            defaults={
                "display_name": raw["display_name"],
                "category": raw["category"],
                "base_credits": raw["base_credits"],
                "api_status": raw["api_status"],
                "raw": raw,
                "last_seen_at": timezone.now(),
            },
        )


def make_file(name: str = "bottle.png", **changes: Any) -> StoredFile:
    """A row of the vault; its bytes are not needed by these tests."""
    sha256 = hashlib.sha256(f"{name}-{next(_numbers)}".encode()).hexdigest()
    fields = {
        "kind": "image",
        "mime_type": "image/png",
        "size_bytes": 1000,
        "width": 8,
        "height": 8,
    }
    return StoredFile.objects.create(name=name, sha256=sha256, **{**fields, **changes})


def make_experiment(**changes: Any) -> Experiment:
    return create_experiment(**{"title": "Bottle on slate", **changes})


def record(experiment: Experiment, **changes: Any) -> Run:
    """A Studio run of z-image."""
    given: dict[str, Any] = {
        "model_id": "z-image",
        "prompt": "A bottle on slate",
        "params": {},
        "references": [],
        "result_text": "made in Studio",
    }
    return record_studio_run(experiment, **{"results": [], **given, **changes})


def start(experiment: Experiment, **changes: Any) -> Run:
    """An API run of z-image, queued."""
    given: dict[str, Any] = {
        "model_id": "z-image",
        "prompt": "A bottle on slate",
        "params": {},
        "references": [],
    }
    return start_api_run(experiment, **{**given, **changes})


def finish(task: Task, *files: StoredFile, credits: int = 1, status: str = "succeeded") -> Task:
    """Ends a task as a worker would, with its outputs and the signal."""
    now = timezone.now()
    Task.objects.filter(pk=task.pk).update(
        status=status,
        remote_id=f"task_{task.pk.hex}",
        request_body=b"{}",
        exposure="accepted",
        reason="" if status == "succeeded" else "generation_failed",
        final_credits=credits,
        accepted_at=now,
        finished_at=now,
    )
    for position, file in enumerate(files):
        TaskOutput.objects.create(task=task, position=position, url="https://x.test/", file=file)
    task.refresh_from_db()
    task_finished.send(sender=Task, task=task)
    return task
