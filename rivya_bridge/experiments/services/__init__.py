"""Writes of the experiments app, by noun; each raises Refusal and then has changed nothing."""

from rivya_bridge.experiments.services.api_runs import start_api_run
from rivya_bridge.experiments.services.experiments import create_experiment, update_experiment
from rivya_bridge.experiments.services.judging import annotate_run, judge_run, rate_run
from rivya_bridge.experiments.services.studio_runs import (
    check_studio_run,
    record_each,
    record_studio_run,
)

__all__ = [
    "annotate_run",
    "check_studio_run",
    "create_experiment",
    "judge_run",
    "rate_run",
    "record_each",
    "record_studio_run",
    "start_api_run",
    "update_experiment",
]
