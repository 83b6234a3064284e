"""Reads of the automation app, one module per noun."""

from rivya_bridge.automation.selectors.batches import (
    ROW_FILTERS,
    BatchProgress,
    batch_rows,
    batch_rows_page,
    get_batch,
    progress_of,
    row_error,
    row_status,
    rows_in_chunks,
)
from rivya_bridge.automation.selectors.jobs import (
    JobFilter,
    check_job_filter,
    filtered_jobs,
    get_job,
    get_template,
    job_rows,
    jobs_by_ids,
    template_rows,
    with_shown_inputs,
)
from rivya_bridge.automation.selectors.schedules import (
    get_schedule,
    next_moments,
    schedule_rows,
    slot_rows,
)
from rivya_bridge.automation.selectors.versions import (
    chosen_version,
    get_version,
    label_rows,
    move_rows,
    version_rows,
)

__all__ = [
    "ROW_FILTERS",
    "BatchProgress",
    "JobFilter",
    "batch_rows",
    "batch_rows_page",
    "check_job_filter",
    "chosen_version",
    "filtered_jobs",
    "get_batch",
    "get_job",
    "get_schedule",
    "get_template",
    "get_version",
    "job_rows",
    "jobs_by_ids",
    "label_rows",
    "move_rows",
    "next_moments",
    "progress_of",
    "row_error",
    "row_status",
    "rows_in_chunks",
    "schedule_rows",
    "slot_rows",
    "template_rows",
    "version_rows",
    "with_shown_inputs",
]
