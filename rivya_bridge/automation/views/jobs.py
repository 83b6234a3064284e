"""Pages of templates and jobs."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.automation.forms import JobForm
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.model_uses import model_changes, model_trouble
from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.selectors import (
    JobFilter,
    check_job_filter,
    chosen_version,
    earlier_try,
    filtered_jobs,
    get_job,
    get_template,
    job_rows,
    jobs_by_ids,
    label_rows,
    later_try,
    template_rows,
    with_shown_inputs,
)
from rivya_bridge.automation.services import day_budget, preflight_job, set_day_cap, start_job
from rivya_bridge.automation.views.conduct import conduct_of
from rivya_bridge.catalog.selectors import closed_models, model_names
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.tasks.models import Status
from rivya_bridge.tasks.selectors import STATUS_GROUPS
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import STOP_POLLING, render_page
from rivya_bridge.web.pagination import Page, keyset_page
from rivya_bridge.webhooks.selectors import how_learned


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = keyset_page(template_rows(request.GET.get("q", "")), request.GET.get("after"))
    context = {
        "page": page,
        "q": request.GET.get("q", "")[:200],
        "closed_models": closed_models(),
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    return render_page(request, "automation/index.html", "automation/_index.html", context)


def _live_ids(jobs: list[Job]) -> list[UUID]:
    return [job.pk for job in jobs if not job.task.is_terminal]


def _page_context(request: HttpRequest, template: JobTemplate) -> dict[str, Any]:
    label = request.GET.get("label", "")
    version = chosen_version(template, label)
    page = keyset_page(job_rows(template), request.GET.get("after"))
    with_shown_inputs(page.items)
    return {
        "template": template,
        "version": version,
        "specs": input_specs(version),
        "model_name": model_names().get(version.model_id, version.model_id),
        "model_trouble": model_trouble(version),
        "model_changes": model_changes(version),
        "conduct": conduct_of(template),
        "day": day_budget(template),
        "tab": "jobs",
        "label": label,
        "labels": label_rows(template),
        "page": page,
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
        "live_ids": _live_ids(page.items),
        "form_token": uuid4(),
    }


def _job_to_repeat(request: HttpRequest, template: JobTemplate) -> Job | None:
    """The job of this template that `again` names; None for anything else."""
    try:
        job = get_job(UUID(request.GET.get("again", "")))
    except (ValueError, Refusal):
        return None
    return job if job.template_id == template.pk else None


def _inputs_of(job: Job | None) -> dict[str, Any]:
    """A job's inputs as its form shows them."""
    inputs = job.inputs if job else {}
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in inputs.items()
        if value is not None
    }


@require_http_methods(["GET", "HEAD", "POST"])
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """The template with its form and its jobs; a POST starts one job, or with `check` only says what
    it would send and cost."""
    row = get_template(slug)
    context = _page_context(request, row)
    data = request.POST if request.method == "POST" else None
    repeated = _job_to_repeat(request, row)
    form = JobForm(context["specs"], data, request.FILES or None, initial=_inputs_of(repeated))
    context |= {"form": form, "repeated": repeated}
    if data is not None and form.is_valid():
        try:
            if "check" in data:
                context["plan"] = preflight_job(context["version"], form.to_inputs())
                _show_plan_problems(form, context["plan"])
            else:
                return redirect("automation:job", _start(request, row, form).pk)
        except Refusal as refusal:
            add_problems(form, refusal)
    status = 422 if form.errors else 200
    page = "automation/template.html"
    return render_page(request, page, "automation/_jobs.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def spending(request: HttpRequest, slug: str) -> HttpResponse:
    """Sets what its jobs may spend in a day: `day_cap` is a whole number, or empty for no cap.

    A GET, such as of the address that a refused form leaves behind, leads to the template.
    """
    row = get_template(slug)
    if request.method != "POST":
        return redirect("automation:template", row.slug)
    given = request.POST.get("day_cap", "").strip()
    is_number = given.isascii() and given.isdigit() and len(given) < 10
    try:
        set_day_cap(row, int(given) if is_number else 0 if given else None)
    except Refusal as refusal:
        context = _page_context(request, row)
        context |= {"form": JobForm(context["specs"]), "repeated": None}
        context["conduct"] |= {"cap_given": given, "cap_error": refusal.message}
        return render(request, "automation/template.html", context, status=422)
    text = "The cap holds for every job that is sent from now on."
    messages.success(request, "There is no cap for a day now." if row.day_cap is None else text)
    return redirect("automation:template", row.slug)


def _show_plan_problems(form: JobForm, plan: Any) -> None:
    if plan.problems:
        add_problems(form, Refusal.of(plan.problems))


def _start(request: HttpRequest, row: JobTemplate, form: JobForm) -> Job:
    try:
        intent = f"form:{UUID(request.POST.get('form_token', ''))}"
    except ValueError:
        intent = None
    label = request.GET.get("label", "")
    job, _ = start_job(
        row, form.to_inputs(), source=Job.Source.FORM, intent_key=intent, label=label
    )
    return job


@require_safe
def all_jobs(request: HttpRequest) -> HttpResponse:
    """The jobs of all templates; nonsense in the filter is named above the list."""
    names = ("status", "source", "template")
    wanted = JobFilter(**{name: request.GET.get(name, "").strip() for name in names})
    problems = check_job_filter(wanted)
    empty: Page[Job] = Page([], None, True)
    page = empty if problems else keyset_page(filtered_jobs(wanted), request.GET.get("after"))
    with_shown_inputs(page.items)
    query = {name: getattr(wanted, name) for name in names if getattr(wanted, name)}
    context = {
        "page": page,
        "wanted": wanted,
        "problems": problems,
        "names_template": True,
        "live_ids": _live_ids(page.items),
        "statuses": [*STATUS_GROUPS, *Status.values],
        "sources": Job.Source.values,
        "templates": JobTemplate.objects.order_by("name").values_list("slug", "name")[:200],
        "next_query": urlencode({**query, "after": page.next_cursor or ""}),
        "first_query": urlencode(query),
    }
    return render_page(
        request,
        "automation/jobs.html",
        "automation/_all_jobs.html",
        context,
        status=422 if problems else 200,
    )


@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job; its live part alone when htmx asks, until its task has ended."""
    [row] = with_shown_inputs([get_job(job_id)])
    context = {
        "job": row,
        "task": row.task,
        "template": row.template,
        "is_open": not row.task.is_terminal,
        "results": [output.file for output in row.task.outputs.all() if output.file],
        "explanation": explain(row.task),
        "learned": how_learned(row.task),
        "earlier": earlier_try(row),
        "later": later_try(row),
        "events": list(row.task.events.all()),
        "model_name": model_names().get(row.version.model_id, row.version.model_id),
    }
    wants_part = bool(request.headers.get("HX-Request"))
    status = STOP_POLLING if wants_part and row.task.is_terminal else 200
    return render_page(
        request, "automation/job.html", "automation/_job.html", context, status=status
    )


@require_safe
def again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """To the form of a new job, filled in as this one was."""
    row = get_job(job_id)
    where = reverse("automation:template", args=[row.template.slug])
    return redirect(f"{where}?{urlencode({'again': row.pk})}")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Rows of jobs that were open, as out-of-band swaps; 286 once none is open any more."""
    jobs = with_shown_inputs(jobs_by_ids(request.GET.getlist("id")))
    live_ids = _live_ids(jobs)
    status = 200 if live_ids else STOP_POLLING
    context = {"jobs": jobs, "live_ids": live_ids, "names_template": "names" in request.GET}
    return render(request, "automation/_live.html", context, status=status)
