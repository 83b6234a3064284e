"""Pages of batches: the table that comes in, its check, its progress, its results."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.automation import services
from rivya_bridge.automation.batch_forms import BatchForm
from rivya_bridge.automation.exports import problem_lines, result_lines
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.models import Batch, Job, JobTemplate
from rivya_bridge.automation.selectors import (
    ROW_FILTERS,
    batch_rows,
    batch_rows_page,
    chosen_version,
    get_batch,
    get_template,
    label_rows,
    progress_of,
    row_error,
    row_status,
)
from rivya_bridge.automation.services.batch_check import MOST_SHOWN, start_problems
from rivya_bridge.automation.services.day_caps import day_notices
from rivya_bridge.automation.tables import FORMATS, example_table, read_table
from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.tasks.models import are
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import STOP_POLLING, render_page
from rivya_bridge.web.pagination import keyset_page

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


@require_http_methods(["GET", "HEAD", "POST"])
def batches(request: HttpRequest, slug: str) -> HttpResponse:
    """A template's batches and the form of a new one; a POST checks a table and starts nothing."""
    template = get_template(slug)
    label = request.GET.get("label", "")
    version = chosen_version(template, label)
    is_sent = request.method == "POST"
    form = BatchForm(request.POST, request.FILES) if is_sent else BatchForm()
    if is_sent and form.is_valid():
        try:
            return redirect("automation:batch", _add(template, form, label).pk)
        except Refusal as refusal:
            add_problems(form, refusal)
    page = keyset_page(batch_rows(template), request.GET.get("after"))
    context = {
        "template": template,
        "version": version,
        "model_name": model_names().get(version.model_id, version.model_id),
        "specs": input_specs(version),
        "tab": "batches",
        "label": label,
        "labels": label_rows(template),
        "day": services.day_budget(template),
        "form": form,
        "page": page,
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "automation/batches.html", "automation/_batches.html", context, status=status
    )


def _add(template: JobTemplate, form: BatchForm, label: str) -> Batch:
    stream, kind = form.to_table()
    rows, absent = read_table(stream, kind, input_specs(chosen_version(template, label)))
    return services.add_batch(
        template, rows, form.to_options(label), source=Job.Source.FORM, absent=absent
    )


@require_safe
def example(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """A table to begin with: one column per input in the version's order, and one row."""
    template = get_template(slug)
    if kind not in FORMATS:
        raise Missing("There are examples in csv and in jsonl.")
    text = example_table(kind, input_specs(chosen_version(template, request.GET.get("label", ""))))
    response = HttpResponse(text, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{template.slug}.{kind}"'
    return response


@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One batch; its live part alone when htmx polls, until it is over."""
    row = get_batch(batch_id)
    progress = progress_of(row)
    is_live = row.status in ("running", "paused") or progress.counts["started"] > 0
    context = {"batch": row, "template": row.template, "progress": progress, "is_live": is_live}
    # Canceling ends what waits here; a held task waits too.
    is_open = row.status in ("running", "paused")
    context["can_cancel"] = is_open and (progress.counts["waiting"] > 0 or progress.held > 0)
    context |= _checked(row) if row.status in ("checked", "checking") else _rows(request, row)
    if request.headers.get("HX-Request") and request.GET.get("live"):
        status = 200 if is_live else STOP_POLLING
        return render(request, "automation/_batch_live.html", context, status=status)
    return render_page(request, "automation/batch.html", "automation/_batch_rows.html", context)


def _checked(row: Batch) -> dict[str, Any]:
    """What a person reads before the start: what forbids it, what would wait, the first problems."""
    blockers = start_problems(
        row_count=row.row_count,
        invalid_count=row.invalid_count,
        estimate=row.estimated_credits,
        credit_cap=row.credit_cap,
        leave_out=True,
    )
    invalid = row.rows.filter(status="invalid").order_by("ordinal")[:MOST_SHOWN]
    shown = [(one, problem) for one in invalid for problem in one.problems][:MOST_SHOWN]
    notices = day_notices(row.template, row.estimated_credits)
    return {"blockers": blockers, "notices": notices, "problems": shown}


def _rows(request: HttpRequest, row: Batch) -> dict[str, Any]:
    wanted = request.GET.get("status", "")
    page = batch_rows_page(row, status=wanted, after=request.GET.get("after"))
    slots = {slot["name"] for slot in row.version.file_slots}
    lines = [
        {
            "row": one,
            "status": row_status(one),
            "error": row_error(one),
            "inputs": _short(one.inputs, slots),
            "files": [o.file for o in one.job.task.outputs.all() if o.file] if one.job else [],
        }
        for one in page.items
    ]
    query = f"status={wanted}&" if wanted else ""
    return {
        "page": page,
        "lines": lines,
        "wanted": wanted,
        "filters": ROW_FILTERS,
        "after": request.GET.get("after", ""),
        "next_query": f"{query}after={page.next_cursor}",
        "first_query": query.rstrip("&"),
    }


def _short(inputs: dict[str, Any], slots: set[str]) -> str:
    words = [
        f"{name}: {str(value)[:60]}"
        for name, value in inputs.items()
        if name not in slots and value is not None
    ]
    return " · ".join(words)


@require_POST
def act(request: HttpRequest, batch_id: UUID, verb: str) -> HttpResponse:
    """What a person decides; a refusal is shown on the page that it leads back to."""
    row = get_batch(batch_id)
    try:
        message = _act(request, row, verb)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, message)
        if verb == "discard":
            return redirect("automation:batches", row.template.slug)
    return redirect("automation:batch", row.pk)


def _so_many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _act(request: HttpRequest, row: Batch, verb: str) -> str:
    match verb:
        case "start":
            services.start_batch(row, leave_out=bool(request.POST.get("leave_out")))
            return f"Started: {_so_many(row.valid_count, 'job')}, {row.concurrency} at once."
        case "pause":
            services.pause_batch(row)
            return "Paused: no further row starts; what Rivya has is finished."
        case "resume":
            services.resume_batch(row)
            return "It goes on."
        case "cancel":
            services.cancel_batch(row)
            return "The rows that waited are canceled; what Rivya has is finished and charged."
        case "retry":
            count = services.retry_failed(row)
            return f"{_so_many(count, 'failed row')} {are(count)} tried again."
        case "discard":
            services.discard_batch(row)
            return "The batch was discarded. Nothing of it was ever started."
        case "change":
            services.change_batch(row, **_changes(request))
            return "Changed."
    raise Missing(f"A batch cannot be told to {verb[:20]!r}.")


def _changes(request: HttpRequest) -> dict[str, int]:
    changes = {}
    for name in ("concurrency", "credit_cap"):
        raw = request.POST.get(name, "").strip()
        if raw:
            changes[name] = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
    return changes


@require_safe
def problems(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Every problem of every row as CSV."""
    row = get_batch(batch_id)
    return _download(row, "problems", problem_lines(row))


@require_safe
def results(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Every row with its result as CSV."""
    row = get_batch(batch_id)

    def address_of(file_id: UUID) -> str:
        return request.build_absolute_uri(reverse("files:content", args=[file_id]))

    return _download(row, "results", result_lines(row, address_of))


def _download(row: Batch, what: str, lines: Any) -> StreamingHttpResponse:
    name = f"{slugify(row.name)[:60] or 'batch'}-{what}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type=TYPES["csv"], headers=headers)
