"""The form of a sweep: what it would do and cost, live, and its start."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rivya_bridge.catalog.selectors import listed_models
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.experiments.selectors import get_experiment, get_run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_files
from rivya_bridge.files.services import store_uploads
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.sweeps.forms import SweepForm, as_data, initial_of
from rivya_bridge.sweeps.selectors import get_sweep
from rivya_bridge.sweeps.services import SweepCheck, check_sweep, start_sweep
from rivya_bridge.web.errors import add_refusal

PRICE = "sweep-price"
FORM = "sweep-form"


@dataclass
class _Page:
    """The form with its files, and what was found when it was checked."""

    experiment: Experiment
    models: list[Model]
    files: list[StoredFile]
    form: SweepForm
    check: SweepCheck | None = None

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "experiment": self.experiment,
            "form": self.form,
            "check": self.check,
            "models": self.models,
            "files": self.files,
            "form_token": request.POST.get("form_token") or str(uuid4()),
        }


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """``?from=`` a run or ``?sweep=`` fills the form in. A POST starts; one of htmx, or with
    `check`, only says what it would do."""
    experiment = get_experiment(experiment_id)
    try:
        page = _opened(request, experiment)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("experiments:detail", experiment.pk)
    is_start = request.method == "POST" and "check" not in request.POST and not _is_htmx(request)
    if is_start and page.form.is_valid():
        try:
            return redirect("sweeps:grid", _start(request, page))
        except Refusal as refusal:
            _show(page.form, refusal)
    else:
        _look(page)
    return _rendered(request, page, 422 if page.form.errors else 200)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _opened(request: HttpRequest, experiment: Experiment) -> _Page:
    """Uploads go into the vault at once, so that a page that comes back has lost none."""
    ensure_catalog()
    models = [m for m in listed_models(experiment.category) if m.is_available]
    if request.method == "POST":
        data = request.POST.copy()
        sent = request.FILES.getlist("references")
    else:
        data, sent = as_data(_seed(request, models)), []
    uploads = store_uploads(sent, field="references") if sent else []
    kept = get_files(list(dict.fromkeys(data.getlist("keep_references"))))
    files = list(dict.fromkeys([*kept, *uploads]))
    data.setlist("keep_references", [str(file.pk) for file in files])
    names = [(str(file.pk), file.name) for file in files]
    form = SweepForm(data, models=models, chosen=data.getlist("models"), kept=names)
    return _Page(experiment, models, files, form)


def _seed(request: HttpRequest, models: Sequence[Model]) -> dict[str, Any]:
    """What the form begins with: an earlier sweep's plan, a run's settings, or the first model."""
    if sweep_id := request.GET.get("sweep"):
        return initial_of(get_sweep(sweep_id).plan)
    if run_id := request.GET.get("from"):
        run = get_run(run_id)
        return initial_of(
            {
                "models": [run.model_id],
                "prompts": [run.prompt],
                "params": {
                    key: [value] for key, value in run.params.items() if not isinstance(value, list)
                },
                "references": [str(row.file_id) for row in run.references.all()],
            }
        )
    return {"models": [models[0].id] if models else []}


def _start(request: HttpRequest, page: _Page) -> UUID:
    form = page.form
    sweep, _ = start_sweep(
        page.experiment,
        form.to_plan([str(file.pk) for file in page.files]),
        leave_out=form.cleaned_data["leave_out"],
        intent_key=_form_token(request),
    )
    return sweep.pk


def _form_token(request: HttpRequest) -> str | None:
    """The intent of this one form: sent twice, it makes one sweep."""
    try:
        return f"form:{UUID(request.POST.get('form_token', ''))}"
    except ValueError:
        return None


def _look(page: _Page) -> None:
    """Checks what stands in the form, so that the button says what it would do."""
    form = page.form
    if not form.is_valid():
        return
    try:
        plan = form.to_plan([str(file.pk) for file in page.files])
        page.check = check_sweep(plan, leave_out=form.cleaned_data["leave_out"])
    except Refusal as refusal:
        _show(form, refusal)


def _show(form: SweepForm, refusal: Refusal) -> None:
    for problem in refusal.problems:
        form.add_problem(problem)
    if not refusal.problems:
        form.add_error(None, refusal.message)


def _rendered(request: HttpRequest, page: _Page, status: int) -> HttpResponse:
    """Only the price while one types, the whole form when its fields may change, else the page."""
    target = request.headers.get("HX-Target", "")
    parts = {PRICE: "sweeps/_price.html", FORM: "sweeps/_form.html"}
    template = parts.get(target, "sweeps/create.html")
    response = render(request, template, page.context(request), status=status)
    response["Vary"] = "HX-Request, HX-Target"
    return response
