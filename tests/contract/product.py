"""What a person asks the product for, while another server stands behind it."""

from __future__ import annotations

from typing import Any

from rivya_bridge.experiments.models import Run
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import make_experiment, start


def asked(**changes: Any) -> Task:
    run = start(make_experiment(), **{"model_id": "other-image", "prompt": "A boat"} | changes)
    return task_of(run)


def talk(**changes: Any) -> Task:
    fields = {"model_id": "other-chat", "prompt": "Hello there"} | changes
    return task_of(start(make_experiment(category="chat"), **fields))


def task_of(run: Run) -> Task:
    assert run.task is not None
    return run.task
