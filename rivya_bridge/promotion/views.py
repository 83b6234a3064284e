"""Promoting a run: what is proposed from it, edited by a person, checked, and saved."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.promotion.forms import (
    PromoteForm,
    VariableForm,
    param_rows,
    slot_rows,
)
from rivya_bridge.promotion.services import promote_run, propose
from rivya_bridge.promotion.variables import complete_variables
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems

# At most this many variables get a row; more is a prompt that nobody can fill in.
MAX_VARIABLES = 20


def _variable_forms(run: Run, prompt: str, data: Any) -> tuple[list[VariableForm], str]:
    """A row per variable of the prompt, with what stood there in the run as default; and what keeps
    the prompt from being read.

    A row that the browser did not send (its variable is new in the prompt) starts from its proposal.
    """
    try:
        declared = complete_variables(prompt, run.prompt, [])[:MAX_VARIABLES]
    except Refusal as refusal:
        return [], refusal.message
    rows = []
    for variable in declared:
        prefix = f"variable-{variable['name']}"
        initial = {"name": variable["name"], "type": "text"} | variable
        was_sent = data is not None and f"{prefix}-type" in data
        rows.append(VariableForm(data if was_sent else None, prefix=prefix, initial=initial))
    return rows, ""


def _rows(run: Run, data: Any) -> dict[str, Any]:
    """All parts of the form, from what was sent or else from the proposal."""
    proposal = propose(run)
    form = PromoteForm(
        data,
        initial={
            "name": proposal.name,
            "prompt": proposal.prompt,
            "credit_cap": proposal.credit_cap,
        },
    )
    prompt = data.get("prompt", "") if data is not None else proposal.prompt
    prompt = prompt.replace("\r\n", "\n")
    exposed = [one["key"] for one in proposal.exposed_params]
    files = [row.file for row in run.references.all()]
    variables, prompt_error = _variable_forms(run, prompt, data)
    return {
        "proposal": proposal,
        "form": form,
        "prompt": prompt,
        "variables": variables,
        "prompt_error": prompt_error,
        "params": param_rows(get_model(run.model_id), run.params, exposed, data),
        "slots": slot_rows(proposal.file_slots, files, data),
    }


def _is_valid(rows: dict[str, Any]) -> bool:
    parts = [rows["form"], *(row["form"] for row in rows["params"] + rows["slots"])]
    sent = [form for form in rows["variables"] if form.is_bound]
    return all([form.is_valid() for form in [*parts, *sent]])


def _promote(run: Run, rows: dict[str, Any]) -> Any:
    cleaned = rows["form"].cleaned_data
    declared = [form.declaration() for form in rows["variables"] if form.is_bound]
    exposed = [
        {"key": row["param"].key, "default": row["value"]}
        for row in rows["params"]
        if row["form"].cleaned_data["exposed"]
    ]
    keys = {one["key"] for one in exposed}
    slots = [
        row["slot"]
        | {
            "name": row["form"].cleaned_data["name"],
            "label": row["form"].cleaned_data["label"],
            "required": row["form"].cleaned_data["required"],
        }
        for row in rows["slots"]
    ]
    return promote_run(
        run,
        name=cleaned["name"],
        slug=cleaned["slug"] or None,
        description=cleaned["description"],
        prompt=rows["prompt"],
        variables=declared,
        exposed_params=exposed,
        fixed_params={key: value for key, value in run.params.items() if key not in keys},
        file_slots=slots,
        credit_cap=cleaned["credit_cap"],
        reason=cleaned["reason"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The form; `preview` only shows the rows of the variables that the prompt now has."""
    run = get_run(run_id)
    data = request.POST if request.method == "POST" else None
    try:
        rows = _rows(run, data)
        if data is None and rows["proposal"].problems:
            raise Refusal.of(rows["proposal"].problems)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("experiments:run", run.pk)
    is_preview = data is not None and "preview" in data
    if data is not None and not is_preview and _is_valid(rows):
        try:
            version = _promote(run, rows)
        except Refusal as refusal:
            add_problems(rows["form"], refusal, {"template": "name"})
        else:
            messages.success(request, "The template is ready: start its first job below.")
            return redirect("automation:template", version.template.slug)
    context = rows | {"run": run, "experiment": run.experiment, "is_preview": is_preview}
    template = "promotion/promote.html"
    if is_preview and request.headers.get("HX-Request"):
        template = "promotion/_variables.html"
    status = 422 if data is not None and not is_preview else 200
    return render(request, template, context, status=status)
