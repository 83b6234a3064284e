"""What it takes to export and import an experiment: `python benchmarks/import_scale.py [runs ...]`.

For each number of runs (2,000 and 10,000 unless others are given) an experiment is made in an
installation of its own: half of its runs went through the API with all that task history keeps of them
and stand in sweeps, every hundredth has a picture of its own. It is exported, and imported into another
empty installation, each in a process of its own with a small page cache. Prints database queries for
each run, the peak of memory and what of it came with the work, and how both grew from the first number
to the last. Linux only.
"""

import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

COUNTS = (2_000, 10_000)
RUNS_A_FILE = 100
CELLS = 250
EVENTS = 8
PROMPT = "A ceramic mug on raked sand, soft side light, long shadows, muted colours, take {}"
HEAD = f"{'':8}{'runs':>7}{'queries':>9}{'a run':>7}{'peak MB':>9}{'of it work':>11}{'seconds':>9}"


def main(counts: list[int]) -> int:
    print(HEAD)
    facts = {count: _measure(count) for count in counts}
    first, last = facts[counts[0]], facts[counts[-1]]
    for work in ("export", "import"):
        queries, peak = (last[work][name] / first[work][name] for name in ("queries", "peak_mb"))
        print(
            f"{work}: {counts[-1] / counts[0]:g} times the runs take {queries:.1f} times the queries "
            f"and {peak:.2f} times the memory"
        )
    return 0


def _measure(count: int) -> dict[str, dict[str, float]]:
    """Queries, memory and seconds of an export and an import."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="bridge-import-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        path = folder / "experiment.zip"
        _step(folder / "there", "fill", str(count))
        for work, place in (("export", "there"), ("import", "here")):
            found[work] = one = _step(folder / place, work, str(path))
            print(
                f"{work:8}{count:7,}{one['queries']:9,}{one['queries'] / count:7.2f}"
                f"{one['peak_mb']:9.0f}{one['peak_mb'] - one['start_mb']:11.0f}{one['seconds']:9.1f}"
            )
    return found


def _step(data: Path, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "BRIDGE_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
    environment |= {"DJANGO_SETTINGS_MODULE": "rivya_bridge.settings"}
    done = subprocess.run(
        [sys.executable, __file__, "step", *arguments],
        env=environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


# --- In a process of its own ----------------------------------------------------------------------


def step(work: str, argument: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _keep_page_cache_small()
    works: dict[str, Callable[[], None]] = {
        "fill": lambda: _fill(int(argument)),
        "export": lambda: _export(Path(argument)),
        "import": lambda: _import(Path(argument)),
    }
    print(json.dumps(_watched(works[work])))


def _keep_page_cache_small() -> None:
    """SQLite's cache of pages grows with the database to a bound of its own: it would hide the rest."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-1000")


def _watched(work: Callable[[], None]) -> dict[str, float]:
    from django.db import connection

    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    start, began = _peak_mb(), time.monotonic()
    with connection.execute_wrapper(count):
        work()
    seconds = time.monotonic() - began
    return {"queries": queries, "start_mb": start, "peak_mb": _peak_mb(), "seconds": seconds}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _export(path: Path) -> None:
    from rivya_bridge.experiments.models import Experiment
    from rivya_bridge.sharing.portable.writing import export_experiment

    with path.open("wb") as out:
        export_experiment(Experiment.objects.get(), out)


def _import(path: Path) -> None:
    from rivya_bridge.sharing.working import import_experiment

    import_experiment(path)


def _fill(count: int) -> None:
    from django.db import transaction

    from rivya_bridge.experiments.models import Experiment

    experiment = Experiment.objects.create(title="Mug on sand", run_count=count)
    pictures = [_picture(number) for number in range(count // RUNS_A_FILE)]
    with transaction.atomic():
        for start in range(0, count, 500):
            _add_runs(experiment, range(start + 1, min(start + 500, count) + 1), pictures)


def _picture(seed: int) -> Any:
    from PIL import Image

    from rivya_bridge.files.services import store_upload

    out = io.BytesIO()
    Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(768)).save(out, "PNG")
    return store_upload(io.BytesIO(out.getvalue()), f"mug-{seed}.png")


def _add_runs(experiment: Any, numbers: range, pictures: list[Any]) -> None:
    from rivya_bridge.experiments.models import Run, RunResult

    tasks = _tasks([number for number in numbers if number % 2])
    runs = Run.objects.bulk_create(
        Run(
            experiment=experiment,
            number=number,
            source="api" if number in tasks else "studio",
            task=tasks.get(number),
            model_id="z-image",
            category="image",
            prompt=PROMPT.format(number),
            params={"aspect_ratio": "4:5"},
            result_text="" if number in tasks else "It was good.",
            note="Readable.",
        )
        for number in numbers
    )
    RunResult.objects.bulk_create(
        RunResult(run=run, file=pictures[run.number // RUNS_A_FILE - 1], position=0)
        for run in runs
        if run.number % RUNS_A_FILE == 0
    )
    _add_sweep(experiment, [run for run in runs if run.number in tasks])


def _tasks(numbers: list[int]) -> dict[int, Any]:
    from django.utils import timezone

    from rivya_bridge.tasks.models import Task, TaskAttempt, TaskEvent

    now = timezone.now()
    tasks = Task.objects.bulk_create(
        Task(
            origin="run",
            account="benchmark",
            model_id="z-image",
            category="image",
            status="succeeded",
            remote_id=f"task_{number}",
            idempotency_key=f"key-{number}",
            request_body=json.dumps({"prompt": PROMPT.format(number)}).encode(),
            remote_payload={"id": f"task_{number}", "notes": PROMPT * 4},
            draft={"model": "z-image"},
            exposure="accepted",
            estimated_credits=4,
            final_credits=4,
            due_at=now,
            accepted_at=now,
            finished_at=now,
            origin_id=_id(number),
        )
        for number in numbers
    )
    TaskEvent.objects.bulk_create(
        TaskEvent(task=task, seq=seq, at=now, kind="polled", text="Still running.", data={"n": seq})
        for task in tasks
        for seq in range(1, EVENTS + 1)
    )
    TaskAttempt.objects.bulk_create(
        TaskAttempt(task=task, number=1, started_at=now, outcome="accepted", http_status=202)
        for task in tasks
    )
    return dict(zip(numbers, tasks, strict=True))


def _id(number: int) -> Any:
    from uuid import UUID

    return UUID(int=number)


def _add_sweep(experiment: Any, runs: list[Any]) -> None:
    from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepTry
    from rivya_bridge.sweeps.plans import Plan

    runs = runs[:CELLS]
    sweep = Sweep.objects.create(
        experiment=experiment,
        title=f"{len(runs)} prompts",
        status="finished",
        plan=Plan(models=("z-image",)).as_json(),
        axes=[{"key": "prompts", "label": "Prompt", "values": [run.prompt for run in runs]}],
        concurrency=6,
        cell_count=len(runs),
    )
    cells = SweepCell.objects.bulk_create(
        SweepCell(
            sweep=sweep, number=place + 1, place=[place], model_id="z-image", prompt=run.prompt
        )
        for place, run in enumerate(runs)
    )
    SweepTry.objects.bulk_create(
        SweepTry(sweep=sweep, cell=cell, ordinal=cell.number, status="succeeded", run=run)
        for cell, run in zip(cells, runs, strict=True)
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["step"]:
        step(*sys.argv[2:])
    else:
        sys.exit(main([int(one) for one in sys.argv[1:]] or list(COUNTS)))
