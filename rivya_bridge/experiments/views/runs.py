"""Pages of runs: record one by hand, start one through the API, look at one, judge it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.catalog.forms import params_form
from rivya_bridge.catalog.params import carried_params, estimate_credits, takes_prompt
from rivya_bridge.catalog.selectors import get_model, listed_models, model_names
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments import code, services
from rivya_bridge.experiments.forms import JudgeForm, NoteForm, RunForm, StudioRunForm
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_experiment, get_run, runs_by_ids
from rivya_bridge.experiments.views.cards import run_cards
from rivya_bridge.experiments.views.review import review_card
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_files
from rivya_bridge.files.services import store_uploads
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.selectors import get_task
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import STOP_POLLING, render_page


@dataclass
class _RunPage:
    """Everything of the two run forms: which model, which earlier run, both parts of the form."""

    experiment: Experiment
    model: Model | None
    earlier: Run | None
    form: forms.Form
    params: Any

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.params is None or self.params.is_valid()])

    def context(self, models: list[Model], is_studio: bool) -> dict[str, Any]:
        return {
            "experiment": self.experiment,
            "model": self.model,
            "models": models,
            "earlier": self.earlier,
            "form": self.form,
            "params_form": self.params,
            "is_studio": is_studio,
            "estimate": estimate_credits(self.model, {}) if self.model else None,
            "form_token": uuid4(),
        }


def _models_for(experiment: Experiment) -> list[Model]:
    """The models of the experiment's kind first, then the others."""
    ensure_catalog()
    models = listed_models()
    return sorted(models, key=lambda model: model.category != experiment.category)


def _open_page(
    request: HttpRequest, experiment: Experiment, models: list[Model], form_class: type[RunForm]
) -> _RunPage:
    data = request.POST if request.method == "POST" else None
    source = data if data is not None else request.GET
    earlier = get_run(source["from"]) if source.get("from") else None
    seed = _seed(request.GET.get("task", ""), earlier)
    model_id = source.get("model") or (seed.model_id if seed else "")
    if not model_id and models:
        model_id = models[0].id
    model = get_model(model_id) if model_id else None
    kept = [(str(file.pk), file.name) for file in seed.references] if seed else []
    initial = {"prompt": seed.prompt, "keep_references": [k for k, _ in kept]} if seed else {}
    form = form_class(data, request.FILES or None, initial=initial, kept=kept)
    # The service asks for these in its own words; the page must not call them optional.
    form.fields["prompt"].is_expected = model is not None and takes_prompt(model)  # type: ignore[attr-defined]
    if "results" in form.fields:
        form.fields["results"].is_expected = True  # type: ignore[attr-defined]
    carried = carried_params(model, seed.params) if seed and model else None
    params = params_form(model, data, initial=carried) if model else None
    return _RunPage(experiment, model, earlier, form, params)


@dataclass(frozen=True, slots=True)
class _Seed:
    """What the form begins with."""

    model_id: str
    prompt: str
    params: dict[str, Any]
    references: list[StoredFile]


def _seed(task_id: str, earlier: Run | None) -> _Seed | None:
    """A task's request, such as that of a job that failed; or that of the earlier run, or nothing."""
    if task_id:
        try:
            task = get_task(UUID(task_id))
        except ValueError as error:
            raise Refusal.field("task", f"{task_id[:40]!r} is the id of no task.") from error
        files = [row.file for row in task.references.all()]
        draft = task.draft
        return _Seed(task.model_id, draft.get("prompt", ""), draft.get("params", {}), files)
    if earlier is None:
        return None
    files = [row.file for row in earlier.references.all()]
    return _Seed(earlier.model_id, earlier.prompt, earlier.params, files)


def _references(page: _RunPage) -> list[StoredFile]:
    cleaned = page.form.cleaned_data
    kept = get_files(cleaned.get("keep_references", []), field="references")
    return kept + store_uploads(cleaned["references"], field="references")


def _common(page: _RunPage) -> dict[str, Any]:
    assert page.model is not None
    return {
        "model_id": page.model.id,
        "prompt": page.form.cleaned_data["prompt"].replace("\r\n", "\n"),
        "params": page.params.to_params(),
        "references": _references(page),
        "continues_from": page.earlier,
        "note": page.form.cleaned_data["note"],
    }


def _show_problems(page: _RunPage, refusal: Refusal) -> None:
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
    models = _models_for(experiment)
    try:
        page = _open_page(request, experiment, models, StudioRunForm if is_studio else RunForm)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("experiments:detail", experiment.pk)
    if request.method == "POST" and page.is_valid():
        try:
            make = _record if is_studio else _start
            run = make(request, page)
        except Refusal as refusal:
            _show_problems(page, refusal)
        else:
            return redirect("experiments:run", run.pk)
    has_errors = page.form.is_bound and not page.is_valid()
    context = page.context(models, is_studio)
    return render_page(
        request,
        "experiments/run_form.html",
        "experiments/_run_form.html",
        context,
        status=422 if has_errors else 200,
    )


def _record(request: HttpRequest, page: _RunPage) -> Run:
    cleaned = page.form.cleaned_data
    return services.record_studio_run(
        page.experiment,
        **_common(page),
        results=store_uploads(cleaned["results"], field="results"),
        result_text=cleaned["result_text"],
        credits=cleaned["credits"],
        duration_seconds=cleaned["duration_seconds"],
        rating=cleaned["rating"],
        verdict=cleaned["verdict"],
        intent_key=_form_token(request),
    )


def _start(request: HttpRequest, page: _RunPage) -> Run:
    return services.start_api_run(page.experiment, **_common(page), intent_key=_form_token(request))


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
        "results": [row.file for row in run.results.all()],
        "note_form": NoteForm(initial={"note": run.note}),
        "snippets": code.snippets(run),
        "continuations": list(run.continuations.all()),
    }
    wants_part = bool(request.headers.get("HX-Request"))
    status = STOP_POLLING if wants_part and not is_open else 200
    return render_page(
        request, "experiments/run.html", "experiments/_run.html", context, status=status
    )


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
