"""What a template not yet saved would send for each of the runs that it was drawn from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rivya_bridge.automation.content import Draft
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.induction import Induction, inputs_of
from rivya_bridge.promotion.round_trip import body_differences, body_of, made_body
from rivya_bridge.promotion.variables import values_in
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model


@dataclass(frozen=True, slots=True)
class Preview:
    """One source run: the inputs that would repeat it, the request they make (as JSON text; "" when
    there is none), and how that differs from what the run sent. `fits` is False for a run whose prompt
    is not of the shape."""

    run: Run
    inputs: dict[str, Any]
    request: str
    differences: list[Problem]
    fits: bool


def previews_of(draft: Draft, sources: Sequence[Run], induction: Induction) -> list[Preview]:
    """A preview for each source run, in order; `draft` is in its full form (one query)."""
    members = induction.shape.members if induction.shape else (0,)
    model = get_model(draft.model_id)
    files = {str(row.file_id): row.file for run in sources for row in run.references.all()}
    return [
        _preview(
            _for_run(draft, run),
            run,
            _inputs(draft, run, place, induction),
            place in members,
            model,
            files,
        )
        for place, run in enumerate(sources)
    ]


def _for_run(draft: Draft, run: Run) -> Draft:
    """Without the defaults that stand for the first run: what a run did not set was not sent."""
    exposed = [
        {**entry, "default": None} if entry["key"] not in run.params else entry
        for entry in draft.exposed_params
    ]
    return replace(draft, exposed_params=exposed)


def _inputs(draft: Draft, run: Run, place: int, induction: Induction) -> dict[str, Any]:
    """What a job is given to repeat the run: words of its prompt, its params and its files."""
    names = [variable["name"] for variable in draft.variables]
    shape = induction.shape
    found: Mapping[str, Any] = values_in(draft.prompt, run.prompt)
    if shape and place in shape.members:
        found = {**found, **inputs_of(shape, place)}
    words = {name: found[name] for name in names if name in found}
    keys = [entry["key"] for entry in draft.exposed_params]
    params = {key: run.params[key] for key in keys if key in run.params}
    files = [str(reference.file_id) for reference in run.references.all()]
    slots = [slot["name"] for slot in draft.file_slots]
    return {**words, **params, **dict(zip(slots, files, strict=False))}


def _preview(
    draft: Draft,
    run: Run,
    inputs: dict[str, Any],
    fits: bool,
    model: Model,
    files: Mapping[str, StoredFile],
) -> Preview:
    try:
        made = made_body(draft, inputs, model, files)
    except Refusal as refusal:
        return Preview(run, inputs, "", list(refusal.problems), fits)
    differences = body_differences(body_of(run, model), made)
    return Preview(run, inputs, json.dumps(made, ensure_ascii=False, indent=2), differences, fits)
