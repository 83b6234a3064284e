"""Promoting a run: what is proposed from it, edited by a person, checked, and saved."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation.prompts import escape_prompt, variables_in
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import get_run
from rivya_bridge.promotion.forms import (
    PromoteForm,
    VariableForm,
    options_text,
    param_rows,
    slot_rows,
)
from rivya_bridge.promotion.proposals import Proposal, without
from rivya_bridge.promotion.services import preview_promotion, promote_run, propose
from rivya_bridge.promotion.variables import complete_variables, values_in
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems

# At most this many variables get a row; more is a prompt that nobody can fill in.
MAX_VARIABLES = 20


def _variable_rows(
    run: Run, prompt: str, proposal: Proposal, data: Any
) -> tuple[list[dict[str, Any]], str]:
    """A row per variable of the prompt: its form, and the words seen in its place; and what keeps the
    prompt from being read.

    A row that the browser did not send (its variable is new in the prompt) starts from the proposal.
    """
    try:
        names = set(variables_in(prompt))
        known = [one for one in proposal.variables if one["name"] in names]
        declared = complete_variables(prompt, run.prompt, known)[:MAX_VARIABLES]
    except Refusal as refusal:
        return [], refusal.message
    rows = []
    for variable in declared:
        prefix = f"variable-{variable['name']}"
        was_sent = data is not None and f"{prefix}-type" in data
        form = VariableForm(data if was_sent else None, prefix=prefix, initial=_initial(variable))
        rows.append({"form": form, "seen": proposal.seen.get(variable["name"], [])})
    return rows, ""


def _initial(variable: dict[str, Any]) -> dict[str, Any]:
    """A declaration as its form shows it."""
    default = variable.get("default")
    if isinstance(default, bool):
        default = "yes" if default else "no"
    options = options_text(variable.get("options", ()))
    kind = "text" if variable["type"] == "choice" and not options else variable["type"]
    return variable | {"type": kind, "default": default, "options": options}


def _rows(run: Run, data: Any) -> dict[str, Any]:
    """All parts of the form, from what was sent or else from the proposal."""
    proposal = propose(run)
    removed = data.get("remove", "") if data is not None else ""
    prompt = data.get("prompt", "") if data is not None else proposal.prompt
    prompt = _without_variable(prompt.replace("\r\n", "\n"), removed, run, proposal)
    if removed:
        data = data.copy()
        data["prompt"] = prompt
    initial = {
        "name": proposal.name,
        "prompt": prompt,
        "credit_cap": proposal.credit_cap,
        "count": proposal.expected["count"],
    }
    model = get_model(run.model_id)
    exposed = [one["key"] for one in proposal.exposed_params]
    files = [row.file for row in run.references.all()]
    variables, prompt_error = _variable_rows(run, prompt, proposal, data)
    form = PromoteForm(data, initial=initial)
    if run.category == "chat":
        form.fields["prompt"].label = "Message"
    return {
        "proposal": proposal,
        "form": form,
        "prompt": prompt,
        "variables": variables,
        "prompt_error": prompt_error,
        "params": param_rows(model, run.params, exposed, proposal.varied_params, data),
        "slots": slot_rows(proposal.file_slots, files, model, data),
    }


def _without_variable(prompt: str, name: str, run: Run, proposal: Proposal) -> str:
    """The prompt with the run's own words where the variable stood.

    Where these cannot be told (its part is optional), the whole prompt is the run's again.
    """
    if not name:
        return prompt
    words = values_in(prompt, run.prompt) | {
        one["name"]: one["default"]
        for one in proposal.variables
        if one["type"] in ("text", "choice")
    }
    if name not in words or re.search(rf"\{{%\s*if\s+(with_)?{re.escape(name)}\b", prompt):
        return escape_prompt(run.prompt)
    place = re.compile(rf"\{{\{{\s*{re.escape(name)}\b[^{{}}]*\}}\}}")
    return place.sub(lambda _: escape_prompt(str(words[name])), prompt)


def _is_valid(rows: dict[str, Any]) -> bool:
    parts = [rows["form"], *(row["form"] for row in rows["params"] + rows["slots"])]
    sent = [row["form"] for row in rows["variables"] if row["form"].is_bound]
    return all([form.is_valid() for form in [*parts, *sent]])


def _choices(run: Run, rows: dict[str, Any]) -> dict[str, Any]:
    """What the valid form says of the version; rows that were not sent stand as proposed."""
    proposal: Proposal = rows["proposal"]
    proposed = {one["name"]: one for one in proposal.variables}
    declared = []
    for form in (row["form"] for row in rows["variables"]):
        if form.is_bound:
            declared.append(form.declaration())
        elif form.initial["name"] in proposed:
            declared.append(proposed[form.initial["name"]])
    exposed = [
        {
            "key": row["param"].key,
            "default": row["value"],
            "label": row["form"].cleaned_data["label"] if row["form"].is_bound else "",
        }
        for row in rows["params"]
        if (row["form"].cleaned_data["exposed"] if row["form"].is_bound else row["is_proposed"])
    ]
    return {
        "prompt": rows["prompt"],
        "variables": declared,
        "exposed_params": exposed,
        "fixed_params": without(run.params, exposed),
        "file_slots": [
            row["slot"] | (row["form"].chosen() if row["form"].is_bound else {})
            for row in rows["slots"]
        ],
    }


def _promote(run: Run, rows: dict[str, Any], author: str) -> Any:
    cleaned = rows["form"].cleaned_data
    return promote_run(
        run,
        name=cleaned["name"],
        slug=cleaned["slug"] or None,
        description=cleaned["description"],
        credit_cap=cleaned["credit_cap"],
        reason=cleaned["reason"],
        expected={"count": cleaned["count"] or 1},
        author=author,
        **_choices(run, rows),
    )


def _previews(run: Run, rows: dict[str, Any]) -> dict[str, Any]:
    """For each source run what it would send, where the form can be read as it stands."""
    bound = [row["form"] for row in rows["variables"] + rows["params"] + rows["slots"]]
    if not all(form.is_valid() for form in bound if form.is_bound):
        return {"previews": [], "preview_problems": []}
    try:
        previews, problems = preview_promotion(run, rows["proposal"], **_choices(run, rows))
    except Refusal as refusal:
        previews, problems = [], list(refusal.problems)
    differing = sum(bool(one.differences) for one in previews)
    return {"previews": previews, "preview_problems": problems, "differing": differing}


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
    is_preview = data is not None and ("preview" in data or "remove" in data)
    if data is not None and not is_preview and _is_valid(rows):
        try:
            version = _promote(run, rows, author_of(request))
        except Refusal as refusal:
            add_problems(rows["form"], refusal, {"template": "name"})
        else:
            messages.success(request, "The template is ready: start its first job below.")
            return redirect("automation:template", version.template.slug)
    context = rows | {"run": run, "experiment": run.experiment, "is_preview": is_preview}
    context |= _previews(run, rows)
    template = "promotion/promote.html"
    if is_preview and request.headers.get("HX-Request") and not request.POST.get("remove"):
        is_part = request.POST.get("part") == "previews"
        template = "promotion/_previews.html" if is_part else "promotion/_variables.html"
    status = 422 if data is not None and not is_preview else 200
    return render(request, template, context, status=status)
