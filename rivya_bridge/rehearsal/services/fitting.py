"""Which inputs of a template repeat what was accepted, and whether that can be repeated at all."""

from typing import Any

from rivya_bridge.automation.inputs import read_inputs
from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.automation.selectors import chosen_version
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.promotion.round_trip import made_request, request_differences
from rivya_bridge.promotion.variables import values_in
from rivya_bridge.refusals import Problem, Refusal


def inputs_of_run(template: JobTemplate, run: Run) -> dict[str, Any]:
    """What a job of the current version is given to ask for what the run asked for.

    A param that the run left to its model may be set by the template. Raises Refusal naming every
    other difference.
    """
    version = chosen_version(template)
    raw = _raw_inputs(version, run)
    try:
        request = made_request(version, raw)
    except Refusal as refusal:
        raise _unfit(version, run, list(refusal.problems)) from refusal
    problems = [
        problem
        for problem in request_differences(request, version.model_id, run)
        if not problem.field.startswith("params.")
        or problem.field.removeprefix("params.") in run.params
    ]
    if problems:
        raise _unfit(version, run, problems)
    model = get_model(version.model_id)
    return read_inputs(version, model, raw, with_examples=True).as_json()


def _raw_inputs(version: TemplateVersion, run: Run) -> dict[str, Any]:
    names = [variable["name"] for variable in version.variables]
    found = values_in(version.prompt, run.prompt)
    keys = [entry["key"] for entry in version.exposed_params]
    slots = [slot["name"] for slot in version.file_slots]
    files = [str(reference.file_id) for reference in run.references.all()]
    return {
        **{name: found[name] for name in names if name in found},
        **{key: run.params[key] for key in keys if key in run.params},
        **dict(zip(slots, files, strict=False)),
    }


def _unfit(version: TemplateVersion, run: Run, problems: list[Problem]) -> Refusal:
    reasons = " ".join(problem.message for problem in problems)
    text = f"Run {run.number} cannot be repeated by version {version.number}: {reasons}"
    return Refusal(text, [Problem("run", text), *problems])


def inputs_of_job(template: JobTemplate, job: Job) -> dict[str, Any]:
    """A job's own inputs, if the current version still takes them. Raises Refusal where it does not."""
    version = chosen_version(template)
    try:
        return read_inputs(version, get_model(version.model_id), job.inputs).as_json()
    except Refusal as refusal:
        text = (
            f"Job ··{job.pk.hex[-6:]} cannot be repeated by version {version.number}: "
            f"{refusal.message}"
        )
        raise Refusal(text, [Problem("job", text), *refusal.problems]) from refusal
