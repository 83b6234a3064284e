"""Answers instead of the usual one: before the sandbox did the work, or after."""

from __future__ import annotations

import json
from email.utils import formatdate

from starlette.types import Message

from ..call import Call
from ..kinds import Parameter, Scenario, Values, WireEffect
from ..places import API, CHAT, CREATE, CREDITS, EVERYWHERE, KEYED, MODELS, STATUS, STREAM

JSON = ("Content-Type", "application/json")
HTML = ("Content-Type", "text/html; charset=utf-8")
WHEN = Parameter(
    "when", "before", "whether the work was done when the answer goes wrong", ("before", "after")
)
SECONDS = Parameter("seconds", 5.0, "how many seconds to wait", most=10_000_000.0)
PAGE = "<!doctype html><title>{0}</title><h1>{0}</h1><hr><center>gateway</center>\n"


async def refuse(
    call: Call, status: int, code: str, text: str, *headers: tuple[str, str], when: object = None
) -> None:
    """Answer with the envelope; with `when` "after", let the work be done first."""
    if when == "after":
        await call.pass_silently()
    body = json.dumps(call.envelope(code, text)).encode()
    await call.answer(status, body, [JSON, *headers])


async def rate_limited(call: Call, values: Values) -> None:
    """429 in one of the three forms a client has to survive."""
    seconds = float(values["seconds"])
    wishes = {
        "none": [],
        "seconds": [("Retry-After", f"{seconds:.0f}")],
        "date": [("Retry-After", formatdate(call.now() + seconds, usegmt=True))],
        "nonsense": [("Retry-After", "soon")],
    }
    wish = wishes[str(values["retry_after"])]
    await refuse(call, 429, "rate_limited", "Too many requests in this window.", *wish)


async def server_error(call: Call, values: Values) -> None:
    text = "The sandbox was asked to fail this request."
    await refuse(call, 500, "internal_error", text, when=values["when"])


async def bad_gateway(call: Call, values: Values) -> None:
    await _gateway(call, 502, "502 Bad Gateway", values)


async def unavailable(call: Call, values: Values) -> None:
    await _gateway(call, 503, "503 Service Unavailable", values)


async def gateway_timeout(call: Call, values: Values) -> None:
    await _gateway(call, 504, "504 Gateway Time-out", values)


async def _gateway(call: Call, status: int, title: str, values: Values) -> None:
    if values["when"] == "after":
        await call.pass_silently()
    await call.answer(status, PAGE.format(title).encode(), [HTML])


async def api_disabled(call: Call, values: Values) -> None:
    text = "The public API is switched off for now."
    await refuse(call, 503, "public_api_disabled", text)


async def unknown_error(call: Call, values: Values) -> None:
    text = "An answer that no documentation names."
    await refuse(call, int(values["status"]), str(values["code"]), text, when=values["when"])


async def task_lost(call: Call, values: Values) -> None:
    await refuse(call, 404, "not_found", "This generation was not found in this account.")


async def redirected(call: Call, values: Values) -> None:
    target = str(values["to"]) or str(call.scope["path"])
    await call.answer(int(values["status"]), b"", [("Location", target)])


async def stream_missing(call: Call, values: Values) -> None:
    await refuse(call, 404, "not_found", "There is no such route.")


async def credits_out(call: Call, values: Values) -> None:
    text = "The wallet is too low. Nothing was created and nothing was spent."
    await refuse(call, int(values["status"]), "insufficient_credits", text)


async def no_credits_shown(call: Call, values: Values) -> None:
    body = {"current_credits": values["credits"]}
    await call.answer(200, json.dumps(body).encode(), [JSON])


async def key_refused(call: Call, values: Values) -> None:
    code = str(values["code"])
    status = 403 if code == "api_scope_denied" else 401
    await refuse(call, status, code, "This API key is not accepted any more.")


async def conflict(call: Call, values: Values) -> None:
    text = "The first request with this Idempotency-Key is still running."
    await refuse(call, 409, "idempotency_conflict", text, when=values["when"])


async def other_success(call: Call, values: Values) -> None:
    async def look(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 300:
            message = {**message, "status": int(values["status"])}
        await call.send(message)

    await call.pass_through(look)


async def models_need_key(call: Call, values: Values) -> None:
    if any(name == b"authorization" for name, _ in call.scope["headers"]):
        await call.pass_on()
        return
    await refuse(call, 401, "api_key_missing", "Send the header Authorization: Bearer rvya_sk_…")


def _plain(name: str, sentence: str, effect: WireEffect) -> Scenario:
    return Scenario(name, sentence, EVERYWHERE, (WHEN,), wire=effect)


SCENARIOS = (
    Scenario(
        "rate_limited",
        "429 rate_limited, with a Retry-After in seconds, as a date, not readable, or without one.",
        API,
        (
            Parameter(
                "retry_after",
                "seconds",
                "the form of the header",
                ("none", "seconds", "date", "nonsense"),
            ),
            SECONDS,
        ),
        wire=rate_limited,
    ),
    _plain("server_error", "500 internal_error in the usual envelope.", server_error),
    _plain("bad_gateway", "502 with the HTML page of a gateway.", bad_gateway),
    _plain("unavailable", "503 with the HTML page of a gateway.", unavailable),
    _plain("gateway_timeout", "504 with the HTML page of a gateway.", gateway_timeout),
    Scenario("api_disabled", "503 public_api_disabled.", API, wire=api_disabled),
    Scenario(
        "unknown_error",
        "An error whose code and status no documentation names.",
        API,
        (
            Parameter("code", "quota_of_the_moon", "the error's code"),
            Parameter("status", 418, "the HTTP status", least=400, most=599),
            WHEN,
        ),
        wire=unknown_error,
    ),
    Scenario(
        "task_lost", "404 not_found for a generation that was accepted.", (STATUS,), wire=task_lost
    ),
    Scenario(
        "redirected",
        "A redirect, which a client must not follow with its key.",
        EVERYWHERE,
        (
            Parameter("status", 307, "the HTTP status", least=300, most=399),
            Parameter("to", "", "where it leads; empty is the same address"),
        ),
        wire=redirected,
    ),
    Scenario(
        "stream_missing",
        "404 for the stream's route, as of a server that answers chat turns only whole.",
        (STREAM,),
        wire=stream_missing,
    ),
    Scenario(
        "credits_out",
        "402 insufficient_credits, however much the wallet holds.",
        (CREATE, CHAT, STREAM),
        (Parameter("status", 402, "the HTTP status, which is assumed", least=400, most=499),),
        wire=credits_out,
    ),
    Scenario(
        "credits_shown",
        "The balance is shown wrongly; the wallet itself is untouched.",
        (CREDITS,),
        (Parameter("credits", 0, "the balance to show", least=-1e12),),
        wire=no_credits_shown,
    ),
    Scenario(
        "key_revoked",
        "The key stops being accepted; with skip=N in the middle of a run.",
        KEYED,
        (
            Parameter(
                "code",
                "api_key_revoked",
                "the refusal",
                ("api_key_revoked", "api_key_expired", "api_key_invalid", "api_scope_denied"),
            ),
        ),
        wire=key_refused,
    ),
    Scenario(
        "idempotency_conflict",
        "409 idempotency_conflict, as while the first request of a key still runs.",
        (CREATE, CHAT, STREAM),
        (WHEN,),
        wire=conflict,
    ),
    Scenario(
        "other_success_status",
        "Success with another 2xx status than usual (the statuses are assumed).",
        API,
        (Parameter("status", 200, "the HTTP status", least=200, most=299),),
        wire=other_success,
    ),
    Scenario(
        "models_need_key",
        "401 for the list of models when no key is sent (it is documented as public).",
        (MODELS,),
        wire=models_need_key,
    ),
)
