"""Pages of schedules: when they run, what they give, and what became of each time."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rivya_bridge.automation import services
from rivya_bridge.automation.batch_forms import ScheduleForm
from rivya_bridge.automation.forms import JobForm
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.models import JobTemplate, Schedule, TemplateVersion
from rivya_bridge.automation.selectors import (
    chosen_version,
    get_schedule,
    get_template,
    label_rows,
    next_moments,
    schedule_rows,
    slot_rows,
)
from rivya_bridge.automation.timing import describe_cron
from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page


@require_http_methods(["GET", "HEAD", "POST"])
def schedules(request: HttpRequest, slug: str) -> HttpResponse:
    """A template's schedules and the form of a new one."""
    template = get_template(slug)
    label = request.GET.get("label", "")
    version = chosen_version(template, label)
    form, inputs = _forms(request, version)
    if request.method == "POST":
        made = _save(
            form, inputs, lambda options: services.create_schedule(template, options), label
        )
        if made:
            messages.success(request, f"{made.name} is on.")
            return redirect("automation:schedule", made.pk)
    page = keyset_page(schedule_rows(template), request.GET.get("after"))
    context = _context(template, version, form, inputs) | {
        "label": label,
        "labels": label_rows(template),
        "page": page,
        "lines": [(row, describe_cron(row.cron)) for row in page.items],
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    status = 422 if form.errors or inputs.errors else 200
    return render_page(
        request, "automation/schedules.html", "automation/_schedules.html", context, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """One schedule with its next times and its slots; a POST changes it."""
    row = get_schedule(schedule_id)
    version = chosen_version(row.template, row.label)
    form, inputs = _forms(request, version, row)
    if request.method == "POST":
        kept = {slot["name"]: row.inputs.get(slot["name"]) for slot in version.file_slots}
        made = _save(
            form, inputs, lambda options: services.update_schedule(row, options), row.label, kept
        )
        if made:
            messages.success(request, "Saved: it follows the new times from now on.")
            return redirect("automation:schedule", made.pk)
    page = keyset_page(slot_rows(row), request.GET.get("after"))
    context = _context(row.template, version, form, inputs) | {
        "schedule": row,
        "words": describe_cron(row.cron),
        "next_moments": next_moments(row.cron, row.zone, timezone.now()),
        "page": page,
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    status = 422 if form.errors or inputs.errors else 200
    return render_page(
        request, "automation/schedule.html", "automation/_slots.html", context, status=status
    )


def _context(
    template: JobTemplate, version: TemplateVersion, form: ScheduleForm, inputs: JobForm
) -> dict[str, Any]:
    return {
        "template": template,
        "version": version,
        "day": services.day_budget(template),
        "model_name": model_names().get(version.model_id, version.model_id),
        "tab": "schedules",
        "form": form,
        "input_form": inputs,
    }


def _forms(
    request: HttpRequest, version: TemplateVersion, row: Schedule | None = None
) -> tuple[ScheduleForm, JobForm]:
    """The form of the times and that of the inputs, sent as one."""
    specs = input_specs(version)
    if request.method == "POST":
        return ScheduleForm(request.POST), JobForm(
            specs, request.POST, request.FILES, prefix="input"
        )
    names = ("name", "cron", "zone", "overlap", "catch_up", "catch_up_limit")
    initial = {name: getattr(row, name) for name in names} if row else {}
    files = {spec.name for spec in specs if spec.type == "file"}
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (row.inputs if row else {}).items()
        if value is not None and name not in files
    }
    return ScheduleForm(initial=initial), JobForm(specs, initial=given, prefix="input")


def _save(
    form: ScheduleForm,
    inputs: JobForm,
    write: Callable[[services.ScheduleOptions], Schedule],
    label: str,
    kept: Mapping[str, Any] = {},
) -> Schedule | None:
    """The written schedule; None when a form has problems, which then stand at their fields.

    `kept` are the files that stay where none is sent: a browser does not send them again.
    """
    if not (form.is_valid() and inputs.is_valid()):
        return None
    try:
        made = write(form.to_options({**kept, **inputs.to_inputs()}, label))
    except Refusal as refusal:
        mine = [problem for problem in refusal.problems if problem.field in form.fields]
        others = [problem for problem in refusal.problems if problem not in mine]
        if mine or not others:
            add_problems(form, Refusal(refusal.message, mine))
        if others:
            add_problems(inputs, Refusal(refusal.message, others))
        return None
    return made


@require_POST
def act(request: HttpRequest, schedule_id: UUID, verb: str) -> HttpResponse:
    row = get_schedule(schedule_id)
    try:
        if verb == "delete":
            services.delete_schedule(row)
            messages.success(request, f"{row.name} was removed; its jobs stay.")
            return redirect("automation:schedules", row.template.slug)
        if verb not in ("enable", "disable"):
            raise Missing(f"A schedule cannot be told to {verb[:20]!r}.")
        services.switch_schedule(row, on=verb == "enable")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("automation:schedule", row.pk)
