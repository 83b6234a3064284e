"""Cells as plain dictionaries for templates, worked out before the template runs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rivya_bridge.experiments.configurations import configuration_of
from rivya_bridge.experiments.models import Run
from rivya_bridge.sweeps.models import SweepCell, SweepTry
from rivya_bridge.web.templatetags.bridge import credits

T = SweepTry.Status
OPEN = (T.WAITING, T.STARTED)
ERROR_LENGTH = 160


def cell_line(cell: SweepCell, hashes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """For `sweeps/_cell.html`; the cell comes with its tries, their runs and files.

    `state` changes whenever what is shown does; `results` are its runs with a result, newest first;
    `again` counts those that failed or were canceled. With `hashes`, the SHA-256 of reference files by
    id, a repeated cell names its `configuration` on the page of stability.
    """
    tries = list(cell.tries.all())
    runs = [one.run for one in tries if one.run is not None]
    results = [one.run for one in tries if one.status == T.SUCCEEDED and one.run is not None]
    spent = [run.credits for run in runs if run.credits is not None]
    again = sum(one.status in (T.FAILED, T.CANCELED) for one in tries)
    shown = results[-1] if results else None
    status = _status(cell, tries)
    return {
        "number": cell.number,
        "status": status,
        "state": f"{status}-{len(results)}-{sum(spent)}",
        "is_open": any(one.status in OPEN for one in tries),
        "again": again,
        "again_credits": credits(again * cell.estimated_credits),
        "run_id": shown.pk if shown else (runs[-1].pk if runs else None),
        "file": _file(shown),
        "text": shown.result_text[:200] if shown else "",
        "credits": credits(sum(spent)) if sum(spent) else "",
        "results": results[::-1],
        "done": len(results),
        "tries": len(tries),
        "outputs": len({_output(run) for run in results}),
        "skipped": cell.skipped,
        "error": _error(tries)[:ERROR_LENGTH],
        "configuration": _configuration(cell, hashes) if hashes is not None else "",
        "verdict": shown.verdict if shown else "",
        "rating": shown.rating if shown else None,
    }


def _configuration(cell: SweepCell, hashes: Mapping[str, str]) -> str:
    given = tuple(hashes.get(key, "") for key in cell.references)
    return configuration_of(cell.model_id, cell.prompt, cell.params, given)


def _status(cell: SweepCell, tries: list[SweepTry]) -> str:
    """One word for all tries: what is still open before what failed before what is done."""
    if cell.skipped:
        return "skipped"
    words = [_word(one) for one in tries]
    order = (
        "held", "unconfirmed", "saving", "running", "submitting", "queued", "waiting", "failed",
        "canceled",
    )  # fmt: skip
    return next((word for word in order if word in words), "succeeded")


def _word(one: SweepTry) -> str:
    if one.status == T.STARTED and one.run is not None:
        return one.run.status
    return one.status


def _file(run: Run | None) -> Any:
    result = next(iter(run.results.all()), None) if run else None
    return result.file if result else None


def _output(run: Run) -> str:
    """What came back, by its content."""
    return ".".join(row.file.sha256 for row in run.results.all()) or run.result_text


def _error(tries: list[SweepTry]) -> str:
    for one in tries:
        if one.status == T.FAILED:
            task = one.run.task if one.run else None
            return one.problem or (task.error_message or task.reason_text if task else "")
        if _word(one) == "held" and one.run is not None and one.run.task is not None:
            return one.run.task.reason_text
    return ""


def cell_names(axes: list[dict[str, Any]], place: list[int]) -> dict[str, str]:
    """The values of a cell by the axes' keys."""
    return {axis["key"]: axis["values"][value] for axis, value in zip(axes, place, strict=True)}


def cell_out(cell: SweepCell, axes: list[dict[str, Any]]) -> dict[str, Any]:
    """A cell in the HTTP API's words."""
    line = cell_line(cell)
    runs: list[UUID] = [one.run_id for one in cell.tries.all() if one.run_id is not None]
    return {
        "number": cell.number,
        "values": cell_names(axes, cell.place),
        "status": line["status"],
        "model": cell.model_id,
        "prompt": cell.prompt,
        "params": cell.params,
        "references": cell.references,
        "estimated_credits": cell.estimated_credits,
        "credits": sum(one.run.credits or 0 for one in cell.tries.all() if one.run is not None),
        "runs": runs,
        "skipped": cell.skipped,
        "error": line["error"],
    }
