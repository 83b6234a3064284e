"""Writes of the rehearsal app, one module per verb."""

from rivya_bridge.rehearsal.services.checks import month_credits, tick_drift
from rivya_bridge.rehearsal.services.deciding import accept_result, overrule
from rivya_bridge.rehearsal.services.drift import (
    DriftOptions,
    change_drift_schedule,
    create_drift_schedule,
    delete_drift_schedule,
    switch_drift_schedule,
)
from rivya_bridge.rehearsal.services.feeding import cancel_waiting, feed_rehearsals
from rivya_bridge.rehearsal.services.golden import (
    change_tolerance,
    golden_from_job,
    golden_from_run,
    remove_golden_case,
)
from rivya_bridge.rehearsal.services.judging import judge_case, judge_waiting
from rivya_bridge.rehearsal.services.rules import release_label, require_rehearsal, set_measure
from rivya_bridge.rehearsal.services.starting import (
    RehearsalPlan,
    plan_rehearsal,
    start_rehearsal,
)

__all__ = [
    "DriftOptions",
    "RehearsalPlan",
    "accept_result",
    "cancel_waiting",
    "change_drift_schedule",
    "change_tolerance",
    "create_drift_schedule",
    "delete_drift_schedule",
    "feed_rehearsals",
    "golden_from_job",
    "golden_from_run",
    "judge_case",
    "judge_waiting",
    "month_credits",
    "overrule",
    "plan_rehearsal",
    "release_label",
    "remove_golden_case",
    "require_rehearsal",
    "set_measure",
    "start_rehearsal",
    "switch_drift_schedule",
    "tick_drift",
]
