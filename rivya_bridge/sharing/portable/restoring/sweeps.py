"""Sweeps with their cells and tries. None of them runs here before a person says so."""

from collections.abc import Sequence
from typing import Any

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.sharing.portable.documents import (
    CELL_FIELDS,
    SWEEP_FIELDS,
    TRY_FIELDS,
)
from rivya_bridge.sharing.portable.restoring.rows import Target, read_fields, redate
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepFile, SweepTry
from rivya_bridge.sweeps.services.feeding import settle_try

GOES_ON_ELSEWHERE = (
    "It was running when it was exported; it goes on where it was started, and never from here."
)


def add_sweeps(rows: Sequence[dict[str, Any]], target: Target) -> None:
    made = [_sweep(row, target) for row in rows]
    Sweep.objects.bulk_create(made)
    redate(made, rows, "created_at")
    SweepFile.objects.bulk_create(
        SweepFile(sweep=sweep, file_id=target.files[sha256])
        for sweep, row in zip(made, rows, strict=True)
        for sha256 in row["plan"]["references"]
    )


def _sweep(row: dict[str, Any], target: Target) -> Sweep:
    """One that was running ended with the export, so that nothing here is spent by itself."""
    fields = read_fields(row, SWEEP_FIELDS)
    if fields["status"] == Sweep.Status.RUNNING:
        fields |= {"status": Sweep.Status.CANCELED, "note": GOES_ON_ELSEWHERE}
    references = [str(target.files[sha256]) for sha256 in row["plan"]["references"]]
    plan = {**row["plan"], "references": references}
    earlier_id = target.runs.get(row["continues_from"])
    return Sweep(experiment=target.experiment, plan=plan, continues_from_id=earlier_id, **fields)


def add_cells(rows: Sequence[dict[str, Any]], target: Target) -> None:
    """Cells with their tries, after all sweeps and runs."""
    if not target.sweeps:
        sweeps = Sweep.objects.filter(experiment=target.experiment).order_by("id")
        target.sweeps = list(sweeps.only("status"))
    cells = [
        SweepCell(
            sweep=target.sweeps[row["sweep"] - 1],
            references=[str(target.files[sha256]) for sha256 in row["references"]],
            **read_fields(row, CELL_FIELDS),
        )
        for row in rows
    ]
    SweepCell.objects.bulk_create(cells)
    tries = [
        (_try(cell, one, target), one)
        for cell, row in zip(cells, rows, strict=True)
        for one in row["tries"]
    ]
    made = [one for one, _ in tries]
    SweepTry.objects.bulk_create(made)
    redate(made, [row for _, row in tries], "changed_at")


def _try(cell: SweepCell, row: dict[str, Any], target: Target) -> SweepTry:
    fields = read_fields(row, TRY_FIELDS)
    is_over = cell.sweep.status == Sweep.Status.CANCELED
    if is_over and fields["status"] == SweepTry.Status.WAITING:
        fields["status"] = SweepTry.Status.CANCELED
    run = None if row["run"] is None else target.runs[row["run"]]
    return SweepTry(sweep=cell.sweep, cell=cell, run_id=run, **fields)


def settle(experiment: Experiment) -> None:
    """Tries that were open get the end that their tasks were given."""
    open_tries = SweepTry.objects.filter(
        sweep__experiment=experiment, status=SweepTry.Status.STARTED
    )
    for one in open_tries.select_related("run__task"):
        assert one.run is not None and one.run.task is not None
        settle_try(one.run.task)
