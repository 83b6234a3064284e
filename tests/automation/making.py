"""A template with one input of each source, and what ends its jobs."""

from typing import Any

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import Batch, BatchRow, JobTemplate
from rivya_bridge.automation.services import BatchOptions, add_batch, create_template, start_batch
from rivya_bridge.automation.tables import read_objects
from tests.experiments.factories import finish


def make_template(slug: str = "banner", **changes: Any) -> JobTemplate:
    given = {
        "model_id": "flux-2-pro",
        "prompt": "A {{ subject }} on slate",
        "variables": [{"name": "subject", "default": "cup", "max_length": 20}],
        "fixed_params": {"resolution": "1K"},
        "exposed_params": [{"key": "aspectRatio", "default": "1:1"}],
        "file_slots": [{"name": "photo", "kind": "image", "required": False}],
        "credit_cap": 100,
    }
    return create_template(name="Banner", slug=slug, draft=Draft(**{**given, **changes})).template


def make_batch(template: JobTemplate, count: int = 6, **options: Any) -> Batch:
    """A checked batch of `count` rows."""
    rows = read_objects({"subject": f"cup {number}"} for number in range(1, count + 1))
    return add_batch(template, rows, BatchOptions(**options), source="form")


def running_batch(template: JobTemplate, count: int = 6, **options: Any) -> Batch:
    return start_batch(make_batch(template, count, **options))


def open_rows(batch: Batch) -> list[BatchRow]:
    rows = batch.rows.filter(status="started").select_related("job__task")
    return list(rows.order_by("ordinal"))


def end_row(row: BatchRow, status: str = "succeeded", credits: int = 1) -> None:
    finish(row.job.task, status=status, credits=credits)


def statuses(batch: Batch) -> list[str]:
    return list(batch.rows.order_by("ordinal").values_list("status", flat=True))
