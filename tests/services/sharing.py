"""The scenario of sharing, sweeps and removal; django is set up by whoever imports it."""

import io
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services import create_experiment
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.removing import removable_files, remove_files
from rivya_bridge.files.services import store_upload
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.services import restore_staged
from rivya_bridge.sharing.portable.writing import export_experiment
from rivya_bridge.sharing.progress import Claim
from rivya_bridge.sharing.staging import receive_in_place
from rivya_bridge.sharing.working import import_experiment, stop
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.plans import read_plan
from rivya_bridge.sweeps.services import cancel_sweep, start_sweep
from rivya_bridge.sweeps.services.feeding import feed_sweep
from rivya_bridge.tasks import background
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import finish
from tests.sharing.making import noise
from tests.sharing.test_portable import documents


def sharing() -> dict[str, Any]:
    background.advance_task.delay = lambda task_id: None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "swept.zip"
        planned = _sweep()
        experiment = Experiment.objects.get()
        return {
            "vendor": connection.vendor,
            **planned,
            **_out_and_in(experiment, path),
            **_canceled(path),
            **_removal(),
        }


def _keep(seed: int, name: str) -> StoredFile:
    return store_upload(io.BytesIO(noise(seed)), name)


def _sweep() -> dict[str, Any]:
    """One cell left out, one done, one failed, one canceled."""
    experiment = create_experiment(title="Bottle in settings")
    given = {
        "models": ["flux-2-pro"],
        "prompt": "A bottle on slate",
        "params": {"resolution": "1K, 2K"},
        "replacements": [{"search": "slate", "alternatives": ["linen"]}],
        "references": [str(_keep(1, "reference.png").pk)],
        "skip": ["SKIP: 2K & linen"],
        "concurrency": 2,
    }
    refused: list[str] = []
    try:
        start_sweep(experiment, read_plan({**given, "models": ["no-such-model"]}))
    except Refusal as refusal:
        refused = [one.field for one in refusal.problems]
    # Its runs start with the commit, as many as may be open at once.
    sweep, _ = start_sweep(experiment, read_plan(given))
    started = sweep.tries.filter(status="started").count()
    planned = [sweep.cell_count, sweep.skipped_count, sweep.tries.count(), sweep.status]
    again = feed_sweep(sweep.pk)
    Sweep.objects.filter(pk=sweep.pk).update(status="paused")
    done, failed = sweep.tries.filter(status="started").order_by("ordinal")
    finish(done.run.task, _keep(2, "result.png"), credits=4)
    finish(failed.run.task, status="failed", credits=0)
    cancel_sweep(Sweep.objects.get(pk=sweep.pk))
    return {
        "refused_plan": refused,
        "planned": planned,
        "fed": [started, again],
        "tries": sorted(sweep.tries.values_list("status", flat=True)),
    }


def _out_and_in(experiment: Experiment, path: Path) -> dict[str, Any]:
    before = _exported(experiment)
    path.write_bytes(before)
    known = ""
    try:
        import_experiment(path)
    except Conflict as conflict:
        known = "here already" if "here already" in conflict.message else conflict.message
    made = import_experiment(path, again=True)
    one, other = documents(before), documents(_exported(made))
    return {
        "known": known,
        "differing": [name for name in one if one[name] != other[name]],
        "runs": [experiment.runs.count(), made.runs.count()],
    }


def _exported(experiment: Experiment) -> bytes:
    out = io.BytesIO()
    export_experiment(Experiment.objects.get(pk=experiment.pk), out)
    return out.getvalue()


class _Halfway(Exception):
    pass


class _Stopping(Claim):
    """Breaks off when the runs are there."""

    def keep(self, **fields: Any) -> None:
        super().keep(**fields)
        if "cells.jsonl" in fields.get("made", {}).get("lines", {}):
            raise _Halfway


def _canceled(path: Path) -> dict[str, Any]:
    before = _counts()
    asked = {"straight": True, "again": True}
    staged = receive_in_place(path, Staged.Purpose.EXPERIMENT, asked=asked)
    manifest_counts = {name: len(rows) for name, rows in documents(path.read_bytes()).items()}
    Staged.objects.filter(pk=staged.pk).update(
        status="importing", worker="halfway", facts={"counts": manifest_counts}
    )
    with suppress(_Halfway):
        restore_staged(_Stopping(Staged.objects.get(pk=staged.pk), None))
    arriving = Experiment.everything.filter(is_arriving=True)
    there = arriving.count()
    stop(staged)
    return {"arriving": [there, arriving.count()], "before": before, "left": _counts()}


def _counts() -> list[int]:
    return [Experiment.everything.count(), *(one.objects.count() for one in (Run, Task, Sweep))]


def _removal() -> dict[str, Any]:
    _keep(3, "unused.png")
    named = _keep(4, "named.png")
    Run.objects.filter(number=1).update(params={"input": str(named.pk)})
    later = timezone.now() + timedelta(days=2)
    found = removable_files(later)
    remove_files(found, later)
    return {
        "removed": [file.name for file in found],
        "kept": sorted(StoredFile.objects.values_list("name", flat=True)),
    }
