"""Pages of drift checks: when they run and what they may cost, what became of each time, the history."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import (
    chosen_version,
    get_template,
    label_rows,
    next_moments,
)
from rivya_bridge.automation.timing import describe_cron
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.chart import history_chart
from rivya_bridge.rehearsal.forms import DriftForm
from rivya_bridge.rehearsal.models import DriftSchedule
from rivya_bridge.rehearsal.selectors.drift import (
    drift_schedules,
    drift_slots,
    get_drift_schedule,
    judged_rehearsals,
    last_check,
)
from rivya_bridge.rehearsal.selectors.golden import measure_of
from rivya_bridge.rehearsal.views.golden import page_context
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

SHOWN = 5


def _labels(template: JobTemplate) -> list[str]:
    return [label.name for label in label_rows(template)]


@require_http_methods(["GET", "HEAD", "POST"])
def drift(request: HttpRequest, slug: str) -> HttpResponse:
    """A template's drift checks, their history, and the form of a new schedule."""
    template = get_template(slug)
    version = chosen_version(template)
    plan = services.plan_rehearsal(template, version)
    once = max(1, plan.estimated_credits)
    initial = {"credits_per_check": once, "credits_per_month": 5 * once}
    form = DriftForm(_labels(template), request.POST or None, initial=initial)
    if request.method == "POST" and _saved(
        form, lambda: services.create_drift_schedule(template, form.to_options())
    ):
        messages.success(request, "The drift check is on.")
        return redirect("rehearsal:drift", slug)
    now = timezone.now()
    tolerance = measure_of(template).tolerances.get(version.category, 0.3)
    checks = judged_rehearsals(template, "drift")
    schedules = [
        (row, describe_cron(row.cron), services.month_credits(row, now))
        for row in drift_schedules(template)
    ]
    context = page_context(template, "drift") | {
        "form": form,
        "plan": plan,
        "schedules": schedules,
        "chart": history_chart(checks, tolerance),
        "checks": checks[::-1][:SHOWN],
        "last": last_check(template),
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "rehearsal/drift.html", "rehearsal/drift.html", context, status=status
    )


def _saved(form: DriftForm, write: Callable[[], DriftSchedule]) -> bool:
    """Whether it was written; otherwise its problems stand at their fields."""
    if not form.is_valid():
        return False
    try:
        write()
    except Refusal as refusal:
        add_problems(form, refusal)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def drift_schedule(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """One schedule with its next times and its slots; a POST changes it."""
    row = get_drift_schedule(schedule_id)
    names = ("label", "cron", "zone", "credits_per_check", "credits_per_month")
    initial = {name: getattr(row, name) for name in names}
    form = DriftForm(_labels(row.template), request.POST or None, initial=initial)
    if request.method == "POST" and _saved(
        form, lambda: services.change_drift_schedule(row, form.to_options())
    ):
        messages.success(request, "Saved.")
        return redirect("rehearsal:drift_schedule", row.pk)
    now = timezone.now()
    page = keyset_page(drift_slots(row), request.GET.get("after"))
    context = page_context(row.template, "drift") | {
        "schedule": row,
        "words": describe_cron(row.cron),
        "form": form,
        "spent": services.month_credits(row, now),
        "next_moments": next_moments(row.cron, row.zone, now),
        "page": page,
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "rehearsal/drift_schedule.html", "rehearsal/_slots.html", context, status=status
    )


@require_POST
def act(request: HttpRequest, schedule_id: UUID, verb: str) -> HttpResponse:
    """Switches a schedule on or off, or removes it."""
    row = get_drift_schedule(schedule_id)
    if verb == "delete":
        services.delete_drift_schedule(row)
        messages.success(request, "The drift schedule was removed; its checks stay.")
        return redirect("rehearsal:drift", row.template.slug)
    if verb not in ("enable", "disable"):
        add_refusal(request, Missing(f"A drift schedule cannot be told to {verb[:20]!r}."))
    else:
        services.switch_drift_schedule(row, on=verb == "enable")
    return redirect("rehearsal:drift_schedule", row.pk)
