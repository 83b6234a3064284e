"""The proof of a promotion: with its defaults, the version asks for exactly what the run asked for."""

import json
from collections.abc import Mapping
from typing import Any

from rivya_bridge.automation.content import Content
from rivya_bridge.automation.inputs import build_request, read_inputs
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem, Refusal

MadeRequest = tuple[str, dict[str, Any], list[StoredFile]]


def round_trip_difference(version: Content, run: Run) -> list[Problem]:
    """What differs between the run's request and that of a job without any inputs; empty when equal.

    Fields are `model`, `prompt`, `params.<key>`, `references`, or the input that has no default.
    """
    try:
        request = made_request(version, {})
    except Refusal as refusal:
        return [_without_default(problem) for problem in refusal.problems]
    return request_differences(request, version.model_id, run)


def made_request(version: Content, raw: Mapping[str, Any]) -> MadeRequest:
    """Prompt, params and references that a job with these inputs would send. Raises Refusal."""
    model = get_model(version.model_id)
    return build_request(version, read_inputs(version, model, raw, with_examples=True))


def request_differences(request: MadeRequest, model_id: str, run: Run) -> list[Problem]:
    """What differs between a made request and that of the run, by field; empty when equal."""
    prompt, params, references = request
    used = [reference.file for reference in run.references.all()]
    problems = []
    if model_id != run.model_id:
        problems.append(_differs("model", run.model_id, model_id))
    if prompt != run.prompt:
        problems.append(_differs("prompt", run.prompt, prompt))
    problems += _param_differences(run.params, params)
    if [file.pk for file in references] != [file.pk for file in used]:
        names = [", ".join(file.name for file in files) or "none" for files in (used, references)]
        problems.append(_differs("references", *names))
    return problems


def _param_differences(used: dict[str, Any], made: dict[str, Any]) -> list[Problem]:
    return [
        _differs(f"params.{key}", _shown(used, key), _shown(made, key))
        for key in dict.fromkeys([*used, *made])
        if _shown(used, key) != _shown(made, key)
    ]


def _shown(params: dict[str, Any], key: str) -> str:
    return (
        json.dumps(params[key], sort_keys=True, ensure_ascii=False) if key in params else "not set"
    )


def _differs(field: str, used: str, made: str) -> Problem:
    text = (
        f"{field} differs: the run had {_short(used)}, the template with its defaults makes "
        f"{_short(made)}. Set the defaults to what the run used."
    )
    return Problem(field, text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:119]}…")


def _without_default(problem: Problem) -> Problem:
    text = (
        f"With its defaults alone the template makes no request: {problem.message} "
        "Set the default to what the run used."
    )
    return Problem(problem.field, text, problem.limit)
