"""What the two run forms show: the model, the earlier run, and both parts of the form."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest

from rivya_bridge.catalog.forms import params_form
from rivya_bridge.catalog.params import carried_params, estimate_credits, takes_prompt
from rivya_bridge.catalog.selectors import get_model, listed_models
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.forms import RunForm
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.files.forms import show_kept
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.selectors import get_task


@dataclass
class RunPage:
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


def models_for(experiment: Experiment) -> list[Model]:
    """The models of the experiment's kind first, then the others."""
    ensure_catalog()
    models = listed_models()
    return sorted(models, key=lambda model: model.category != experiment.category)


def open_run_page(
    request: HttpRequest, experiment: Experiment, models: list[Model], form_class: type[RunForm]
) -> RunPage:
    data = request.POST if request.method == "POST" else None
    source = data if data is not None else request.GET
    earlier = get_run(source["from"]) if source.get("from") else None
    seed = _seed(request.GET.get("task", ""), earlier)
    model_id = source.get("model") or (seed.model_id if seed else "")
    if not model_id and models:
        model_id = models[0].id
    model = get_model(model_id) if model_id else None
    initial = {"prompt": seed.prompt} if seed else {}
    form = form_class(data, request.FILES or None, initial=initial)
    show_kept(form, {"references": seed.references if seed else []})
    # The service asks for these in its own words; the page must not call them optional.
    form.fields["prompt"].is_expected = model is not None and takes_prompt(model)  # type: ignore[attr-defined]
    if "results" in form.fields:
        form.fields["results"].is_expected = True  # type: ignore[attr-defined]
        form.fields["grouping"].is_expected = True  # type: ignore[attr-defined]
    carried = carried_params(model, seed.params) if seed and model else None
    params = params_form(model, data, initial=carried) if model else None
    return RunPage(experiment, model, earlier, form, params)


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
