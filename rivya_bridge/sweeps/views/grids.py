"""A sweep's grid: the page, what of it changed, and what a person decides about it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.sweeps import services
from rivya_bridge.sweeps.cell_lines import cell_line
from rivya_bridge.sweeps.grids import Layout, lay_out
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.selectors import (
    cells_by_numbers,
    get_sweep,
    prices_of,
    progress_by_id,
    progress_of,
    reference_hashes,
    sweep_rows,
)
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import STOP_POLLING, render_page
from rivya_bridge.web.pagination import keyset_page


@require_safe
def index(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """The sweeps of an experiment, newest first."""
    experiment = get_experiment(experiment_id)
    page = keyset_page(sweep_rows(experiment), request.GET.get("after"))
    progress = progress_by_id(page.items)
    context = {
        "experiment": experiment,
        "page": page,
        "lines": [(sweep, progress[sweep.pk]) for sweep in page.items],
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    return render_page(request, "sweeps/index.html", "sweeps/_index.html", context)


@require_safe
def grid(request: HttpRequest, sweep_id: UUID) -> HttpResponse:
    """The grid at its permanent address; axes, values and page stand in the query."""
    sweep = get_sweep(sweep_id)
    layout = lay_out(sweep.axes, request.GET.dict())
    lines = {line["number"]: line for line in _lines(sweep, layout.flat)}
    rows = [
        (label, [lines[number] for number in numbers if number in lines])
        for label, numbers in zip(layout.row_labels, layout.numbers, strict=True)
    ]
    has_references = any(axis["key"] == "references" for axis in sweep.axes)
    context = {
        "layout": layout,
        "rows": rows,
        "has_references": has_references,
        **_head(sweep, list(lines.values())),
        **_links(sweep, layout),
    }
    return render_page(request, "sweeps/grid.html", "sweeps/_grid.html", context)


def _lines(sweep: Sweep, numbers: Iterable[int]) -> list[dict[str, Any]]:
    hashes = reference_hashes(sweep) if sweep.repeats > 1 else None
    return [cell_line(cell, hashes) for cell in cells_by_numbers(sweep, numbers)]


def _head(sweep: Sweep, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What stands above the grid, and the cells that may still change."""
    progress = progress_of(sweep)
    watched = ".".join(f"{line['number']}~{line['state']}" for line in lines if line["is_open"])
    is_live = sweep.status == "running" or progress.counts["started"] > 0
    return {
        "sweep": sweep,
        "experiment": sweep.experiment,
        "progress": progress,
        "prices": prices_of(sweep),
        "watched": watched,
        "is_live": is_live,
    }


def _links(sweep: Sweep, layout: Layout) -> dict[str, Any]:
    here = reverse("sweeps:grid", args=[sweep.pk])
    swapped = {"rows": layout.columns, "columns": layout.rows, "from": None}
    pages = {"previous": layout.previous_start, "next": layout.next_start}
    links = {
        f"{name}_url": f"{here}?{layout.query(**{'from': start})}" if start is not None else ""
        for name, start in pages.items()
    }
    if layout.columns is not None:
        links["swap_url"] = f"{here}?{layout.query(**swapped)}"
    return links


@require_safe
def live(request: HttpRequest, sweep_id: UUID) -> HttpResponse:
    """What changed of the watched cells, as out-of-band swaps; 286 once nothing can change any more."""
    context = _news(get_sweep(sweep_id), _watched(request.GET.get("cells", "")))
    status = 200 if context["is_live"] else STOP_POLLING
    return render(request, "sweeps/_live.html", context, status=status)


def _news(sweep: Sweep, known: dict[int, str]) -> dict[str, Any]:
    """The cells that are not any more in the state in which they are known."""
    lines = _lines(sweep, known)
    changed = [line for line in lines if known[line["number"]] != line["state"]]
    return _head(sweep, lines) | {"changed": changed, "is_swap": True}


def _watched(raw: str) -> dict[int, str]:
    """Numbers of cells with the state in which they were last shown; nonsense is passed over."""
    found: dict[int, str] = {}
    for part in raw.split(".")[:200]:
        number, _, state = part.partition("~")
        if number.isascii() and number.isdigit() and len(number) < 6:
            found[int(number)] = state
    return found


@require_POST
def act(request: HttpRequest, sweep_id: UUID, verb: str) -> HttpResponse:
    """What a person decides; a refusal is shown on the page that it leads back to.

    htmx gets what changed of the named cells in place, so that nothing that one reads moves; what
    concerns the whole sweep brings the same view of it anew.
    """
    sweep = get_sweep(sweep_id)
    is_htmx = bool(request.headers.get("HX-Request"))
    try:
        done = _act(request, sweep, verb)
    except Refusal as refusal:
        if is_htmx:
            raise
        add_refusal(request, refusal)
    else:
        if is_htmx and (numbers := _numbers(request)):
            known = _watched(request.POST.get("cells", "")) | dict.fromkeys(numbers, "")
            return render(request, "sweeps/_live.html", _news(get_sweep(sweep_id), known))
        messages.success(request, done)
    if is_htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    here = reverse("sweeps:grid", args=[sweep.pk])
    layout = lay_out(sweep.axes, {**request.GET.dict()})
    return redirect(f"{here}?{layout.query()}" if request.GET else here)


def _act(request: HttpRequest, sweep: Sweep, verb: str) -> str:
    match verb:
        case "pause":
            services.pause_sweep(sweep)
            return "Paused: no further run starts; what Rivya has is finished."
        case "resume":
            services.resume_sweep(sweep)
            return "It goes on."
        case "cancel":
            count = services.cancel_sweep(sweep)
            runs = "run that was not sent is" if count == 1 else "runs that were not sent are"
            return f"{count:,} {runs} canceled; what Rivya has is finished."
        case "retry" | "retry-canceled":
            is_canceled = verb == "retry-canceled"
            count = services.retry_cells(sweep, _numbers(request), canceled=is_canceled)
            return f"{count:,} run{'s' if count != 1 else ''} will be tried again."
        case "change":
            services.change_sweep(sweep, **_changes(request))
            return "Changed."
    raise Missing(f"A sweep cannot be told to {verb[:20]!r}.")


def _numbers(request: HttpRequest) -> list[int] | None:
    """The named cells; None for all, when none is named."""
    raw = request.POST.getlist("cell")
    found = [int(one) for one in raw if one.isascii() and one.isdigit() and len(one) < 6]
    return found if raw else None


def _changes(request: HttpRequest) -> dict[str, int]:
    changes = {}
    for name in ("concurrency", "credit_cap"):
        raw = request.POST.get(name, "").strip()
        if raw:
            changes[name] = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
    return changes
