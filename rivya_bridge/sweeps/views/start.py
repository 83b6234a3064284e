"""The form of a sweep: what it would do and cost, live, and its start."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rivya_bridge.catalog.selectors import listed_models
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_experiment, get_run
from rivya_bridge.files.forms import show_kept
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_each
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.sweeps.forms import SweepForm, as_data, initial_of
from rivya_bridge.sweeps.plans import Plan
from rivya_bridge.sweeps.selectors import get_sweep
from rivya_bridge.sweeps.services import SweepCheck, check_sweep, start_sweep
from rivya_bridge.web.errors import add_refusal


@dataclass
class _Page:
    """The form with its files and the run that the sweep continues from; `check` is what it would do."""

    experiment: Experiment
    models: list[Model]
    earlier: Run | None
    form: SweepForm
    files: list[StoredFile] = field(default_factory=list)
    check: SweepCheck | None = None

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "experiment": self.experiment,
            "form": self.form,
            "check": self.check,
            "models": self.models,
            "earlier": self.earlier,
            "form_token": request.POST.get("form_token") or str(uuid4()),
            "is_other_params": request.POST.get("params_of") != self.form.params_of,
        }


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """``?from=`` a run or ``?sweep=`` fills the form in, ``?repeats=`` its number of repeats. A POST
    starts; one of htmx, or with `check`, only says what it would do."""
    experiment = get_experiment(experiment_id)
    try:
        page = _opened(request, experiment)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("experiments:detail", experiment.pk)
    _take_files(page)
    if request.method == "POST" or {"from", "sweep"} & set(request.GET):
        _look(page)
    is_start = request.method == "POST" and "check" not in request.POST and not _is_htmx(request)
    if is_start and not page.form.errors and _is_price_known(request, page):
        try:
            return redirect("sweeps:grid", _start(request, page))
        except Refusal as refusal:
            _show(page.form, refusal)
    return _rendered(request, page, 422 if is_start and page.form.errors else 200)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _opened(request: HttpRequest, experiment: Experiment) -> _Page:
    ensure_catalog()
    models = [m for m in listed_models(experiment.category) if m.is_available]
    if request.method == "POST":
        earlier_id = request.POST.get("from")
        earlier = get_run(earlier_id) if earlier_id else None
        form = SweepForm(request.POST, request.FILES, models=models)
    else:
        initial, earlier = _seed(request, models)
        if repeats := request.GET.get("repeats"):
            initial["repeats"] = repeats
        form = SweepForm(as_data(initial), models=models)
    return _Page(experiment, models, earlier, form)


def _seed(request: HttpRequest, models: Sequence[Model]) -> tuple[dict[str, Any], Run | None]:
    """What the form begins with, an earlier sweep's plan, a run's settings or the first model; and the
    run that the sweep continues from."""
    if sweep_id := request.GET.get("sweep"):
        sweep = get_sweep(sweep_id)
        return initial_of(sweep.plan), sweep.continues_from
    if run_id := request.GET.get("from"):
        run = get_run(run_id)
        plan = {
            "models": [run.model_id],
            "prompts": [run.prompt],
            "params": {
                key: [value] for key, value in run.params.items() if not isinstance(value, list)
            },
            "references": [str(row.file_id) for row in run.references.all()],
        }
        return initial_of(plan), run
    return {"models": [models[0].id] if models else []}, None


def _take_files(page: _Page) -> None:
    """Uploads go into the vault at once, so that a form that comes back has lost none."""
    given = page.form["references"].data
    files, problems = store_each(given, field="references")
    page.files = list(dict.fromkeys(files))
    show_kept(page.form, {"references": page.files})
    for problem in problems:
        page.form.add_problem(problem)


def _look(page: _Page) -> None:
    """Checks what stands in the form, so that the button says what it would do. What breaks a rule of its
    field is told together with what the rest would do wrong."""
    if not page.form.is_readable:
        return
    is_valid = page.form.is_valid()
    try:
        check = check_sweep(_plan(page), leave_out=page.form.cleaned_data["leave_out"])
    except Refusal as refusal:
        _show(page.form, refusal)
    else:
        page.check = check if is_valid else None


def _is_price_known(request: HttpRequest, page: _Page) -> bool:
    """Whether the button said at least what it would cost, or was never asked to: what is pressed while
    a new price is on its way starts nothing."""
    seen = request.POST.get("seen")
    if seen is None or page.check is None or page.check.blockers:
        return True
    known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 12 else 0
    if page.check.estimate <= known:
        return True
    text = (
        f"It would be {page.check.price}, more than the button said when it was pressed. Press it again "
        "if that is meant."
    )
    page.form.add_error(None, text)
    return False


def _plan(page: _Page) -> Plan:
    return page.form.to_plan([str(file.pk) for file in page.files])


def _start(request: HttpRequest, page: _Page) -> UUID:
    sweep, _ = start_sweep(
        page.experiment,
        _plan(page),
        leave_out=page.form.cleaned_data["leave_out"],
        continues_from=page.earlier,
        intent_key=_form_token(request),
    )
    return sweep.pk


def _form_token(request: HttpRequest) -> str | None:
    """The intent of this one form: sent twice, it makes one sweep."""
    try:
        return f"form:{UUID(request.POST.get('form_token', ''))}"
    except ValueError:
        return None


def _show(form: SweepForm, refusal: Refusal) -> None:
    for problem in refusal.problems:
        form.add_problem(problem)
    if not refusal.problems:
        form.add_error(None, refusal.message)


def _rendered(request: HttpRequest, page: _Page, status: int) -> HttpResponse:
    """For htmx the price, and the params where they do not fit the models any more: what one types in is
    never replaced. Else the page."""
    template = "sweeps/_check.html" if _is_htmx(request) else "sweeps/create.html"
    response = render(request, template, page.context(request), status=status)
    response["Vary"] = "HX-Request"
    return response
