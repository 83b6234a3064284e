"""Plans and sweeps as tests need them."""

from typing import Any

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.files.models import StoredFile
from rivya_bridge.sweeps.models import Sweep, SweepTry
from rivya_bridge.sweeps.plans import Plan, read_plan
from rivya_bridge.sweeps.services import start_sweep
from tests.experiments.factories import finish, make_experiment


def plan(**changes: Any) -> Plan:
    return read_plan({"models": ["z-image"], "prompt": "A bottle on slate", **changes})


def make_sweep(experiment: Experiment | None = None, **changes: Any) -> Sweep:
    return start_sweep(experiment or make_experiment(), plan(**changes))[0]


def statuses(sweep: Sweep) -> list[str]:
    return list(sweep.tries.order_by("ordinal").values_list("status", flat=True))


def open_tries(sweep: Sweep) -> list[SweepTry]:
    rows = sweep.tries.filter(status="started").select_related("run__task").order_by("ordinal")
    return list(rows)


def end(one: SweepTry, *files: StoredFile, status: str = "succeeded", credits: int = 1) -> None:
    assert one.run is not None and one.run.task is not None
    finish(one.run.task, *files, status=status, credits=credits)
