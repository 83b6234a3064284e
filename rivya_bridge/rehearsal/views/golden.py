"""The page of golden cases: what is accepted, what could be, and what results are held to."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import get_job, get_template
from rivya_bridge.automation.views.versions import header_context
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.forms import MeasureForm
from rivya_bridge.rehearsal.models import GoldenCase
from rivya_bridge.rehearsal.results import result_of_job, result_of_run
from rivya_bridge.rehearsal.selectors.golden import (
    Measure,
    candidate_jobs,
    candidate_runs,
    get_golden_case,
    golden_cases,
    inputs_in_words,
    measure_of,
)
from rivya_bridge.rehearsal.services.fitting import divided, fitting_of
from rivya_bridge.web.errors import add_refusal

MOST_AT_ONCE = 50


def page_context(template: JobTemplate, part: str) -> dict[str, Any]:
    """What every page of a template's rehearsals needs."""
    return header_context(template, "rehearsal") | {"part": part}


@require_http_methods(["GET", "HEAD", "POST"])
def golden(request: HttpRequest, slug: str) -> HttpResponse:
    """The golden cases; a POST adds what was ticked, each on its own."""
    template = get_template(slug)
    if request.method == "POST":
        _add(request, template)
        return redirect("rehearsal:golden", slug)
    measure = measure_of(template)
    cases = list(golden_cases(template))
    runs, others = divided(fitting_of(template), candidate_runs(template))
    words = inputs_in_words(template, cases)
    context = page_context(template, "golden") | {
        "cases": [
            _line(case, measure)
            | {
                "inputs": words[case.pk],
                "is_repeated": list(words.values()).count(words[case.pk]) > 1,
            }
            for case in cases
        ],
        "runs": [(run, result_of_run(run)) for run in runs if result_of_run(run)],
        "others": others,
        "jobs": [(job, result_of_job(job)) for job in candidate_jobs(template)],
        "measure": measure,
        "measure_form": MeasureForm(_kinds(template, cases), measure=measure),
    }
    return render(request, "rehearsal/golden.html", context)


def _line(case: GoldenCase, measure: Measure) -> dict[str, Any]:
    spans = {
        name: value
        for name, value in case.expected.items()
        if name in ("width", "height", "duration_seconds", "size_bytes", "characters")
    }
    files = [row.file for row in case.files.all()]
    return {
        "case": case,
        "first": files[0] if files else None,
        "tolerance": measure.tolerance_of(case),
        "spans": spans,
    }


def _kinds(template: JobTemplate, cases: list[GoldenCase]) -> list[str]:
    """Of the current version and of the cases that there are."""
    version = template.current_version
    kinds = {case.category for case in cases} | ({version.category} if version else set())
    return sorted(kinds)


def _add(request: HttpRequest, template: JobTemplate) -> None:
    """Adds every ticked run and job that can be golden; each other says why not."""
    author = author_of(request)
    wanted: list[Callable[[], GoldenCase]] = [
        *(_adder_of_run(template, raw, author) for raw in request.POST.getlist("run")),
        *(_adder_of_job(template, raw, author) for raw in request.POST.getlist("job")),
    ]
    if not wanted:
        messages.error(request, "Nothing was ticked: tick at least one accepted result.")
    made = 0
    for add in wanted[:MOST_AT_ONCE]:
        try:
            add()
            made += 1
        except Refusal as refusal:
            add_refusal(request, Refusal(refusal.message))
    if made:
        plural = "case is" if made == 1 else "cases are"
        messages.success(request, f"{made} golden {plural} added. Nothing was sent or spent.")


def _adder_of_run(template: JobTemplate, raw: str, author: str) -> Callable[[], GoldenCase]:
    return lambda: services.golden_from_run(template, get_run(raw), author=author)


def _adder_of_job(template: JobTemplate, raw: str, author: str) -> Callable[[], GoldenCase]:
    return lambda: services.golden_from_job(template, get_job(raw), author=author)


@require_POST
def act(request: HttpRequest, slug: str, case_id: UUID, verb: str) -> HttpResponse:
    """Removes a case, or gives it a tolerance of its own."""
    case = get_golden_case(get_template(slug), case_id)
    try:
        if verb == "remove":
            services.remove_golden_case(case)
            messages.success(
                request, f"{case.name} is no longer rehearsed; earlier rehearsals keep it."
            )
        elif verb == "tolerance":
            services.change_tolerance(case, _number(request.POST.get("tolerance", "")))
            messages.success(request, f"The tolerance of {case.name} is saved.")
        else:
            raise Missing(f"A golden case cannot be told to {verb[:20]!r}.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("rehearsal:golden", slug)


def _number(text: str) -> object:
    """The number in a text; the text itself for the service to refuse."""
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return text


@require_POST
def measure(request: HttpRequest, slug: str) -> HttpResponse:
    """Tolerances by kind, and what counts."""
    template = get_template(slug)
    now = measure_of(template)
    form = MeasureForm(_kinds(template, list(golden_cases(template))), request.POST, measure=now)
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{name}: {' '.join(str(error) for error in errors)}")
        return redirect("rehearsal:golden", slug)
    try:
        services.set_measure(template, form.tolerances(now), form.cleaned_data["counts"])
        messages.success(request, "Saved: it holds for rehearsals that start from now on.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("rehearsal:golden", slug)
