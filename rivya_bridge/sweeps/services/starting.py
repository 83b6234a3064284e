"""The start of a sweep: every row in one transaction, then the first runs."""

from typing import Any

from rivya_bridge.access.services import do_once, find_once
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services.storing import check_lineage
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepFile, SweepTry
from rivya_bridge.sweeps.plans import Plan
from rivya_bridge.sweeps.services.checking import (
    CheckedCell,
    SweepCheck,
    check_sweep,
    refuse_blocked,
)
from rivya_bridge.sweeps.services.feeding import feed_on_commit


def start_sweep(
    experiment: Experiment,
    plan: Plan,
    *,
    leave_out: bool = False,
    continues_from: Run | None = None,
    intent_key: str | None = None,
    scope: str = "",
) -> tuple[Sweep, bool]:
    """The sweep, and whether it was made now: the same `intent_key` and plan give the same sweep.

    `continues_from` is the run of the same experiment that all of its runs continue.

    Raises Refusal with every blocker, and then nothing was stored or spent; Conflict when the key was
    used for another plan.
    """
    scope = scope or f"sweep:{experiment.pk}"
    body: dict[str, Any] = {**plan.as_json(), "leave_out": leave_out}
    if continues_from is not None:
        body["continues_from"] = str(continues_from.pk)
    if earlier := find_once(scope, intent_key, body):
        return Sweep.objects.get(pk=earlier), False
    refuse_other_lineage(experiment, continues_from)
    check = check_sweep(plan, leave_out=leave_out)
    refuse_blocked(check)
    made, is_new = do_once(
        scope, intent_key, body, lambda: str(_store(experiment, check, continues_from).pk)
    )
    return Sweep.objects.get(pk=made), is_new


def refuse_other_lineage(experiment: Experiment, continues_from: Run | None) -> None:
    """Raises Refusal for a run of another experiment."""
    problems: list[Problem] = []
    check_lineage(problems, experiment, continues_from)
    if problems:
        raise Refusal.of(problems)


def _store(experiment: Experiment, check: SweepCheck, continues_from: Run | None) -> Sweep:
    """In the caller's transaction."""
    plan = check.plan
    sweep = Sweep.objects.create(
        experiment=experiment,
        title=plan.title or check.words[:200],
        plan=plan.as_json(),
        axes=[axis.as_json() for axis in check.axes],
        repeats=plan.repeats,
        concurrency=plan.concurrency,
        credit_cap=plan.credit_cap,
        cell_count=len(check.cells),
        skipped_count=len(check.cells) - len(check.valid),
        estimated_credits=check.estimate,
        continues_from=continues_from,
    )
    SweepFile.objects.bulk_create(
        SweepFile(sweep=sweep, file=file) for file in check.files.values()
    )
    cells = SweepCell.objects.bulk_create(
        _cell(sweep, number, one) for number, one in enumerate(check.cells, start=1)
    )
    running = [cell for cell in cells if not cell.skipped]
    SweepTry.objects.bulk_create(
        # One round over all cells before the next, so that the grid fills evenly.
        SweepTry(sweep=sweep, cell=cell, ordinal=turn * len(running) + place)
        for turn in range(plan.repeats)
        for place, cell in enumerate(running, start=1)
    )
    feed_on_commit(sweep.pk)
    return sweep


def _cell(sweep: Sweep, number: int, one: CheckedCell) -> SweepCell:
    return SweepCell(
        sweep=sweep,
        number=number,
        place=list(one.cell.place),
        model_id=one.cell.model.id,
        prompt=one.cell.prompt,
        params=dict(one.cell.params),
        references=list(one.cell.references),
        estimated_credits=one.estimate,
        skipped=one.reason,
    )
