"""Valid answers in another spelling: the other variants of what the documents leave open."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from ..call import Call
from ..kinds import Parameter, Scenario, Values, WireEffect
from ..places import API, CHAT, CREATE, CREDITS, FILE, MODELS, SESSIONS, STATUS, UPLOAD, WEBHOOKS

FILE_SPELLINGS = {
    "id": "file_id",
    "mime_type": "mimeType",
    "size_bytes": "sizeBytes",
    "duration_seconds": "durationSeconds",
    "duration_token": "durationToken",
}


def _rewritten(change: Callable[[Any, Values], Any]) -> WireEffect:
    """An effect on the JSON of a successful answer; other answers pass."""

    async def effect(call: Call, values: Values) -> None:
        begun, body = await call.pass_silently()
        kept = [(name, value) for name, value in begun["headers"] if name != b"content-length"]
        fields = [(name.decode(), value.decode("latin-1")) for name, value in kept]
        if begun["status"] < 300 and dict(fields).get("content-type") == "application/json":
            changed = await run_in_threadpool(change, json.loads(body), values)
            body = json.dumps(changed).encode()
        await call.answer(begun["status"], body, fields)

    return effect


def _status(body: Any, values: Values) -> Any:
    if isinstance(body, dict) and body.get("status") in ("queued", "processing"):
        return {**body, "status": values["word"]}
    return body


def _terminal_status(body: Any, values: Values) -> Any:
    if isinstance(body, dict) and body.get("status") in ("succeeded", "failed"):
        return {**body, "status": values["word"]}
    return body


def _bare(body: Any, values: Values) -> Any:
    """What a generation cannot do without: its id, its status, and how it ended."""
    needed = {name: body.get(name) for name in ("id", "status", "result", "error")}
    return {name: value for name, value in needed.items() if value is not None}


def _fractional(value: Any, values: Values) -> Any:
    """Every amount of credits as a number with a fraction, which is .0 where it was charged."""
    if not isinstance(value, dict):
        return value
    amounts = ("reserved_credits", "final_credits", "reserved", "final")
    inner = {
        name: float(one) if name in amounts and isinstance(one, int) else _fractional(one, values)
        for name, one in value.items()
    }
    if "current_credits" in inner:
        inner["current_credits"] += 0.5
    return inner


def _behind(body: Any, values: Values) -> Any:
    """A session without its last turn."""
    return {**body, "messages": body["messages"][:-2]} if "messages" in body else body


def _extra(value: Any, values: Values) -> Any:
    """Every object gains members that no documentation names."""
    if isinstance(value, list):
        return [_extra(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _extra(item, values) for name, item in value.items()}
    return {**inner, "x_new_member": {"nested": [1, None, "text"]}, "region": "eu-9"}


def _respelled(body: Any, values: Values) -> Any:
    return {FILE_SPELLINGS.get(name, name): value for name, value in body.items()}


def _secret(body: Any, values: Values) -> Any:
    return {"secret" if name == "signing_secret" else name: v for name, v in body.items()}


def _sparse(body: Any, values: Values) -> Any:
    bare: dict[str, Any] = {
        "params": [],
        "reference_media": None,
        "max_prompt_length": None,
        "notices": [],
    }
    return {**body, "data": [{**model, **bare} for model in body["data"]]}


def _relabelled(body: Any, values: Values) -> Any:
    """As much changes in a list of models as Rivya may change without a new version."""
    first, *others = body["data"]
    newcomer = {
        **first,
        "id": f"{first['id']}-next",
        "category": "hologram",
        "api_status": "preview",
        "api_input_status": "available_thought",
        "billing_type": "PER_MINUTE",
    }
    return {**body, "data": [newcomer, *others]}


async def no_request_id(call: Call, values: Values) -> None:
    call.scope["unstamped"] = True
    await call.pass_on()


async def idempotency_ignored(call: Call, values: Values) -> None:
    kept = [(name, v) for name, v in call.scope["headers"] if name != b"idempotency-key"]
    await call.app({**call.scope, "headers": kept}, call.receive, call.send)


SCENARIOS = (
    Scenario(
        "unknown_status",
        "A generation that has not ended shows a status that no documentation names.",
        (STATUS, CREATE),
        (Parameter("word", "dreaming", "the status"),),
        wire=_rewritten(_status),
    ),
    Scenario(
        "unknown_end",
        "A generation that has ended shows a status that no documentation names.",
        (STATUS,),
        (Parameter("word", "archived", "the status"),),
        wire=_rewritten(_terminal_status),
    ),
    Scenario(
        "fields_absent",
        "Generations name only id, status, result and error.",
        (CREATE, STATUS),
        wire=_rewritten(_bare),
    ),
    Scenario(
        "credits_fractional",
        "Credits are numbers with a fraction, and the wallet holds half a credit more.",
        (CREATE, STATUS, CREDITS, CHAT),
        wire=_rewritten(_fractional),
    ),
    Scenario(
        "session_behind",
        "A session does not show its last turn yet.",
        (SESSIONS,),
        wire=_rewritten(_behind),
    ),
    Scenario(
        "unknown_members",
        "Every object of the answer has members that no documentation names.",
        API,
        wire=_rewritten(_extra),
    ),
    Scenario(
        "file_spelling",
        "Files with file_id, mimeType, sizeBytes, durationSeconds and durationToken.",
        (UPLOAD, FILE),
        wire=_rewritten(_respelled),
    ),
    Scenario(
        "secret_spelling",
        "The signing secret of an endpoint comes as `secret`.",
        (WEBHOOKS,),
        wire=_rewritten(_secret),
    ),
    Scenario(
        "models_sparse",
        "Models without params, reference media and prompt limits, as in the documented example.",
        (MODELS,),
        wire=_rewritten(_sparse),
    ),
    Scenario(
        "models_changed",
        "The first model is gone, and a new one has words that no documentation names.",
        (MODELS,),
        wire=_rewritten(_relabelled),
    ),
    Scenario(
        "no_request_id",
        "No X-Request-Id header (its name is assumed).",
        API,
        wire=no_request_id,
    ),
    Scenario(
        "idempotency_ignored",
        "The Idempotency-Key is not looked at: each repetition is a new task and a new charge.",
        (CREATE,),
        wire=idempotency_ignored,
    ),
)
