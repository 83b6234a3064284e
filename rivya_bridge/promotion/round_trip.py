"""The proof of a promotion: with its defaults, the version asks for exactly what the run asked for."""

import json
from collections.abc import Mapping
from typing import Any

from rivya_bridge.automation.content import Content
from rivya_bridge.automation.inputs import build_request, read_inputs
from rivya_bridge.automation.request_body import address_of, preview_body
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model

MadeRequest = tuple[str, dict[str, Any], list[StoredFile]]
Body = dict[str, Any]
# Names of the request, and of the run, that are ours to trace it by.
TRACES = ("client_request_id",)
REFERENCES = "referenceMediaItems"


def round_trip_difference(version: Content, run: Run) -> list[Problem]:
    """What differs between the run's request and that of a job without any inputs; empty when equal.

    Fields are `model`, `prompt`, `params.<key>`, `references`, or the input that has no default.
    """
    try:
        made = made_body(version, {})
    except Refusal as refusal:
        return [_without_default(problem) for problem in refusal.problems]
    return body_differences(body_of(run), made)


def made_request(version: Content, raw: Mapping[str, Any]) -> MadeRequest:
    """Prompt, params and references that a job with these inputs would send. Raises Refusal."""
    model = get_model(version.model_id)
    return build_request(version, read_inputs(version, model, raw, with_examples=True))


def made_body(
    version: Content,
    raw: Mapping[str, Any],
    model: Model | None = None,
    files: Mapping[str, StoredFile] | None = None,
) -> Body:
    """The request body that a job with these inputs would send. Raises Refusal.

    No query with the `model` and with `files`, every file that is named, by its id.
    """
    model = model or get_model(version.model_id)
    inputs = read_inputs(version, model, raw, with_examples=True, files=files)
    return preview_body(model, *build_request(version, inputs))


def body_of(run: Run, model: Model | None = None) -> Body:
    """The body that the run really sent, files by their hash; of a Studio run, what it would send."""
    files = [reference.file for reference in run.references.all()]
    sent = _sent(run)
    if sent is None:
        model = model or get_model(run.model_id)
        return preview_body(model, run.prompt, run.params, files)
    params = sent.get("params")
    if isinstance(params, dict) and REFERENCES in params:
        items = zip(params[REFERENCES], files, strict=False)
        sent["params"] = params | {REFERENCES: [_as_shown(item, file) for item, file in items]}
    if "attachments" in sent:
        sent["attachments"] = [{"file_id": address_of(file)} for file in files]
    return sent


def _sent(run: Run) -> Body | None:
    """The frozen bytes of the run's task, read; None where nothing was sent."""
    raw = bytes(run.task.request_body or b"{}") if run.task else b"{}"
    body = json.loads(raw)
    return {key: body[key] for key in body if key not in TRACES} or None


def _as_shown(item: Mapping[str, Any], file: StoredFile) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if key != "durationToken"}
    return kept | {"url": address_of(file)}


# --- Differences ----------------------------------------------------------------------------------


def body_differences(used: Body, made: Body) -> list[Problem]:
    """What differs between the run's body and a made one, by field; empty when they are equal."""
    before, after = _fields(used), _fields(made)
    return [
        _differs(field, _shown(before, field), _shown(after, field))
        for field in dict.fromkeys([*before, *after])
        if _shown(before, field) != _shown(after, field)
    ]


def _fields(body: Body) -> dict[str, Any]:
    """The body flat: params by key, and files by name and hash."""
    found = {key: value for key, value in body.items() if key not in ("params", "attachments")}
    if "message" in found:
        found["prompt"] = found.pop("message")
    params = body.get("params") or {}
    found |= {f"params.{key}": value for key, value in params.items() if key != REFERENCES}
    if references := params.get(REFERENCES) or body.get("attachments"):
        found["references"] = references
    return found


def _shown(fields: Mapping[str, Any], key: str) -> str:
    if key not in fields:
        return "not set"
    return json.dumps(fields[key], sort_keys=True, ensure_ascii=False)


def _differs(field: str, used: str, made: str) -> Problem:
    text = (
        f"{field} differs: the run had {_short(used)}, the template with its defaults makes "
        f"{_short(made)}. Set the defaults to what the run used."
    )
    return Problem(field, text)


def _short(text: str) -> str:
    return text if len(text) <= 240 else f"{text[:239]}…"


def _without_default(problem: Problem) -> Problem:
    text = (
        f"With its defaults alone the template makes no request: {problem.message} "
        "Set the default to what the run used."
    )
    return Problem(problem.field, text, problem.limit)
