"""Pages of runs: record one by hand, start one through the API, look at one, judge it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.experiments import services
from rivya_bridge.experiments.forms import JudgeForm, NoteForm, RunForm, StudioRunForm
from rivya_bridge.experiments.run_code import run_snippets
from rivya_bridge.experiments.selectors import get_experiment, get_run, runs_by_ids
from rivya_bridge.experiments.views.cards import run_cards
from rivya_bridge.experiments.views.form_code import form_code
from rivya_bridge.experiments.views.review import review_card
from rivya_bridge.experiments.views.run_page import RunPage, models_for, open_run_page
from rivya_bridge.files.forms import show_kept
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_each
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import STOP_POLLING, render_page


def _take_files(page: RunPage) -> dict[str, list[StoredFile]]:
    """The form's files, put into the vault: should the form come back, none is asked for again.

    Raises Refusal for those that may not be kept; the form then shows the others."""
    stored: dict[str, list[StoredFile]] = {}
    problems: list[Problem] = []
    for name in ("results", "references"):
        if name in page.form.fields:
            stored[name], refused = store_each(page.form.cleaned_data.get(name, []), field=name)
            problems += refused
    show_kept(page.form, stored)
    if problems:
        raise Refusal.of(problems)
    return stored


def _common(page: RunPage, references: list[StoredFile]) -> dict[str, Any]:
    assert page.model is not None
    return {
        "model_id": page.model.id,
        "prompt": page.form.cleaned_data["prompt"].replace("\r\n", "\n"),
        "params": page.params.to_params(),
        "references": references,
        "continues_from": page.earlier,
        "note": page.form.cleaned_data["note"],
    }


def _show_problems(page: RunPage, refusal: Refusal) -> None:
    """Puts each problem at its field; those of params at the params form's field."""
    for problem in refusal.problems or ():
        key = problem.field.removeprefix("params.")
        if (
            page.params is not None
            and problem.field.startswith("params.")
            and key in page.params.fields
        ):
            page.params.add_error(key, problem.message)
        else:
            add_problems(page.form, Refusal(problem.message, [problem]))
    if not refusal.problems:
        page.form.add_error(None, refusal.message)


def _form_token(request: HttpRequest) -> str | None:
    """The intent of this one form: sent twice, it makes one run."""
    token = request.POST.get("form_token", "")
    try:
        return f"form:{UUID(token)}"
    except ValueError:
        return None


def _run_page(request: HttpRequest, experiment_id: UUID, *, is_studio: bool) -> HttpResponse:
    experiment = get_experiment(experiment_id)
    models = models_for(experiment)
    try:
        page = open_run_page(request, experiment, models, StudioRunForm if is_studio else RunForm)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("experiments:detail", experiment.pk)
    context = page.context(models, is_studio)
    if request.method == "POST":
        is_valid = page.is_valid()
        try:
            files = _take_files(page)
            if "code" in request.POST:
                return _show_code(request, page, files["references"], context)
            if is_valid:
                make = _record if is_studio else _start
                return make(request, page, files)
        except Refusal as refusal:
            _show_problems(page, refusal)
    has_errors = page.form.is_bound and not page.is_valid()
    return render_page(
        request,
        "experiments/run_form.html",
        "experiments/_run_form.html",
        context,
        status=422 if has_errors else 200,
    )


def _show_code(
    request: HttpRequest, page: RunPage, references: list[StoredFile], context: dict[str, Any]
) -> HttpResponse:
    """The form's present state as code, and what Rivya would refuse of it."""
    code = form_code(page.model, page.form, page.params, references)
    where = {"experiment": page.experiment}
    return render_page(
        request,
        "experiments/run_form.html",
        "experiments/_form_code.html",
        context | code | where,
    )


def _record(
    request: HttpRequest, page: RunPage, files: dict[str, list[StoredFile]]
) -> HttpResponse:
    cleaned = page.form.cleaned_data
    given: dict[str, Any] = _common(page, files["references"]) | {
        "results": files["results"],
        "result_text": cleaned["result_text"],
        "credits": cleaned["credits"],
        "duration_seconds": cleaned["duration_seconds"],
        "rating": cleaned["rating"],
        "verdict": cleaned["verdict"],
        "intent_key": _form_token(request),
    }
    if cleaned["grouping"] == "each" and len(files["results"]) > 1:
        runs = services.record_each(page.experiment, **given)
        messages.success(request, f"{len(runs)} runs are recorded, one for each result.")
        return redirect("experiments:detail", page.experiment.pk)
    return redirect("experiments:run", services.record_studio_run(page.experiment, **given).pk)


def _start(request: HttpRequest, page: RunPage, files: dict[str, list[StoredFile]]) -> HttpResponse:
    given = _common(page, files["references"])
    run = services.start_api_run(page.experiment, **given, intent_key=_form_token(request))
    return redirect("experiments:run", run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Records what was done by hand in Studio."""
    return _run_page(request, experiment_id, is_studio=True)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Sends a run to Rivya."""
    return _run_page(request, experiment_id, is_studio=False)


@require_safe
def detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run; its live part alone when htmx asks, until its task has ended."""
    run = get_run(run_id)
    is_open = run.task is not None and not run.task.is_terminal
    references = [row.file for row in run.references.all()]
    context = {
        "run": run,
        "experiment": run.experiment,
        "model_name": model_names().get(run.model_id, run.model_id),
        "is_open": is_open,
        "references": references,
        "explanation": explain(run.task) if run.task else None,
        "results": [row.file for row in run.results.all()],
        "note_form": NoteForm(initial={"note": run.note}),
        "snippets": run_snippets(run),
        # Those of a sweep are told by their sweep.
        "continuations": list(run.continuations.filter(sweep_try=None)),
        "begun_sweeps": list(run.begun_sweeps.all()),
    }
    wants_part = bool(request.headers.get("HX-Request"))
    status = STOP_POLLING if wants_part and not is_open else 200
    return render_page(
        request, "experiments/run.html", "experiments/_run.html", context, status=status
    )


@require_safe
def again(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """To the form of a new run, filled in as this one was."""
    run = get_run(run_id)
    query = urlencode({"from": run.pk, "model": run.model_id})
    return redirect(f"{reverse('experiments:start', args=[run.experiment_id])}?{query}")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The cards of runs that were open, as out-of-band swaps; 286 once none is open any more."""
    runs = runs_by_ids(request.GET.getlist("id"))
    live_ids = [run.pk for run in runs if run.task and not run.task.is_terminal]
    context = {"runs": run_cards(runs, model_names()), "live_ids": live_ids}
    status = 200 if live_ids else STOP_POLLING
    return render(request, "experiments/_live.html", context, status=status)


@require_POST
def judge(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Rates, accepts or rejects; the judged part alone when htmx asks."""
    run = get_run(run_id)
    form = JudgeForm(request.POST)
    if form.is_valid():
        if "rating" in request.POST:
            services.rate_run(run, form.cleaned_data["rating"] or None)
        if "verdict" in request.POST:
            verdict = form.cleaned_data["verdict"]
            services.judge_run(run, "" if verdict == "undecided" else verdict)
    else:
        messages.error(request, "A rating is 1 to 5, a verdict accepted, rejected or undecided.")
    if request.headers.get("HX-Request"):
        if "review" in request.POST:
            return render(request, "experiments/_review_card.html", review_card(get_run(run_id)))
        return render(request, "experiments/_judge.html", {"run": get_run(run_id)})
    return redirect("experiments:run", run_id)


@require_POST
def note(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = get_run(run_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        services.annotate_run(run, form.cleaned_data["note"])
        messages.success(request, "The note is saved.")
    else:
        messages.error(request, f"The note was not saved: {form.errors['note'][0]}")
    return redirect("experiments:run", run_id)
