"""Writes of the automation app: templates, their immutable versions, and the jobs of a version, one
by one, by the row of a batch, or by the clock."""

from rivya_bridge.automation.services.batch_check import BatchCheck
from rivya_bridge.automation.services.batch_intake import BatchOptions, add_batch, check_batch
from rivya_bridge.automation.services.batches import (
    cancel_batch,
    change_batch,
    discard_batch,
    pause_batch,
    resume_batch,
    retry_failed,
    start_batch,
)
from rivya_bridge.automation.services.day_caps import DayBudget, day_budget, set_day_cap
from rivya_bridge.automation.services.delivery import missing_for, next_mode, set_delivery
from rivya_bridge.automation.services.failure_routes import route_failure, set_failure_route
from rivya_bridge.automation.services.feeding import feed_batch, feed_batches
from rivya_bridge.automation.services.importing import import_template
from rivya_bridge.automation.services.jobs import JobPlan, preflight_job, start_job
from rivya_bridge.automation.services.labels import move_label, register_label_gate, roll_back_label
from rivya_bridge.automation.services.schedules import (
    ScheduleOptions,
    create_schedule,
    delete_schedule,
    switch_schedule,
    update_schedule,
)
from rivya_bridge.automation.services.templates import (
    add_version,
    create_template,
    slug_taken,
    update_template,
)
from rivya_bridge.automation.services.ticking import tick_schedules

__all__ = [
    "BatchCheck",
    "BatchOptions",
    "DayBudget",
    "JobPlan",
    "ScheduleOptions",
    "add_batch",
    "add_version",
    "cancel_batch",
    "change_batch",
    "check_batch",
    "create_schedule",
    "create_template",
    "day_budget",
    "delete_schedule",
    "discard_batch",
    "feed_batch",
    "feed_batches",
    "import_template",
    "missing_for",
    "move_label",
    "next_mode",
    "pause_batch",
    "preflight_job",
    "register_label_gate",
    "resume_batch",
    "retry_failed",
    "roll_back_label",
    "route_failure",
    "set_day_cap",
    "set_delivery",
    "set_failure_route",
    "slug_taken",
    "start_batch",
    "start_job",
    "switch_schedule",
    "tick_schedules",
    "update_schedule",
    "update_template",
]
