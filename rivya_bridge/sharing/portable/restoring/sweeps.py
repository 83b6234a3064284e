"""Sweeps with their cells and tries. None of them runs here before a person says so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rivya_bridge.sharing.portable.documents import (
    CELL_FIELDS,
    CELLS,
    SWEEP_FIELDS,
    SWEEPS,
    TRY_FIELDS,
)
from rivya_bridge.sharing.portable.reading import Checked
from rivya_bridge.sharing.portable.restoring.rows import Target, in_groups, read_fields, redate
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepFile, SweepTry
from rivya_bridge.sweeps.services.feeding import settle_try

GOES_ON_ELSEWHERE = (
    "It was running when it was exported; it goes on where it was started, and never from here."
)


def add_sweeps(checked: Checked, target: Target) -> None:
    ids: dict[int, UUID] = {}
    stopped: set[int] = set()
    for group in in_groups(checked.lines(SWEEPS)):
        ids |= _add_sweeps(group, target)
        stopped |= {row["number"] for row in group if row["status"] == Sweep.Status.RUNNING}
    for group in in_groups(checked.lines(CELLS)):
        _add_cells(group, target, ids, stopped)
    _settle(target)


def _add_sweeps(rows: Sequence[dict[str, Any]], target: Target) -> dict[int, UUID]:
    made = [_sweep(row, target) for row in rows]
    Sweep.objects.bulk_create(made)
    redate(made, rows, "created_at")
    SweepFile.objects.bulk_create(
        SweepFile(sweep=sweep, file_id=target.files[sha256])
        for sweep, row in zip(made, rows, strict=True)
        for sha256 in row["plan"]["references"]
    )
    return {row["number"]: sweep.pk for sweep, row in zip(made, rows, strict=True)}


def _sweep(row: dict[str, Any], target: Target) -> Sweep:
    """One that was running ended with the export, so that nothing here is spent by itself."""
    fields = read_fields(row, SWEEP_FIELDS)
    if fields["status"] == Sweep.Status.RUNNING:
        fields |= {"status": Sweep.Status.CANCELED, "note": GOES_ON_ELSEWHERE}
    references = [str(target.files[sha256]) for sha256 in row["plan"]["references"]]
    plan = {**row["plan"], "references": references}
    return Sweep(experiment=target.experiment, plan=plan, **fields)


def _add_cells(
    rows: Sequence[dict[str, Any]], target: Target, ids: dict[int, UUID], stopped: set[int]
) -> None:
    cells = [
        SweepCell(
            sweep_id=ids[row["sweep"]],
            references=[str(target.files[sha256]) for sha256 in row["references"]],
            **read_fields(row, CELL_FIELDS),
        )
        for row in rows
    ]
    SweepCell.objects.bulk_create(cells)
    tries = [
        (_try(cell, one, target, is_stopped=row["sweep"] in stopped), one)
        for cell, row in zip(cells, rows, strict=True)
        for one in row["tries"]
    ]
    made = [one for one, _ in tries]
    SweepTry.objects.bulk_create(made)
    redate(made, [row for _, row in tries], "changed_at")


def _try(cell: SweepCell, row: dict[str, Any], target: Target, *, is_stopped: bool) -> SweepTry:
    fields = read_fields(row, TRY_FIELDS)
    if is_stopped and fields["status"] == SweepTry.Status.WAITING:
        fields["status"] = SweepTry.Status.CANCELED
    run = None if row["run"] is None else target.runs[row["run"]]
    return SweepTry(sweep_id=cell.sweep_id, cell=cell, run_id=run, **fields)


def _settle(target: Target) -> None:
    """Tries that were open get the end that their tasks were given."""
    open_tries = SweepTry.objects.filter(
        sweep__experiment=target.experiment, status=SweepTry.Status.STARTED
    )
    for one in open_tries.select_related("run__task"):
        assert one.run is not None and one.run.task is not None
        settle_try(one.run.task)
