"""The sandbox's own page: what it is, its keys and models, the last requests, and its faults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, StrictUndefined, Template
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..choices import SEED_KEYS
from ..context import Sandbox, origin, sandbox_of
from ..errors import ApiError
from ..scenarios.board import EVERY_KEY
from ..scenarios.entries import LIMITS, Entry, read_header
from ..scenarios.kinds import BadEntry
from ..scenarios.registry import SCENARIOS
from ..traffic import Seen
from ..wallet import balance
from .guard import BODY_BYTES, guarded

SHOWN_REQUESTS = 25
FAULTS = "/#faults"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"

Form = Mapping[str, str]


async def show_home(request: Request) -> Response:
    """The page as it stands now."""
    return await _page(request)


async def switch_on(request: Request) -> Response:
    """Switch the form's scenario on; with a mistake in it the page comes back with its sentence."""
    form = await _form(request)
    board = sandbox_of(request).board
    try:
        entry = _entry(form)
        await run_in_threadpool(board.switch_on, form.get("key", EVERY_KEY), entry)
    except BadEntry as problem:
        return await _page(request, form, str(problem))
    return RedirectResponse(FAULTS, status_code=303)


async def switch_off(request: Request) -> Response:
    """Switch one off by its id, or all without one; one that is off already is no mistake."""
    form = await _form(request)
    board = sandbox_of(request).board
    if "switch" in form:
        await run_in_threadpool(board.switch_off, form["switch"])
    else:
        await run_in_threadpool(board.switch_all_off)
    return RedirectResponse(FAULTS, status_code=303)


def _entry(form: Form) -> Entry:
    settings = form.get("settings", "").strip()
    entries = read_header(f"{form.get('scenario', '')};{settings}")
    if len(entries) != 1:
        raise BadEntry("Separate settings by semicolons, such as times=2; seconds=3.")
    return entries[0]


async def _form(request: Request) -> Form:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_BYTES:
            raise ApiError("validation_failed", f"Send at most {BODY_BYTES} bytes.", status=413)
    fields = parse_qs(raw.decode("latin-1"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


async def _page(request: Request, form: Form | None = None, problem: str = "") -> Response:
    facts = await run_in_threadpool(_facts, sandbox_of(request))
    text = _template().render(
        facts, base=origin(request), form=form or {}, problem=problem, every=EVERY_KEY
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(text, status_code=400 if problem else 200, headers=headers)


def _facts(sandbox: Sandbox) -> dict[str, Any]:
    accounts = sorted({seed.account for seed in SEED_KEYS.values()})
    return {
        "keys": sandbox.keys.all(),
        "balances": {account: balance(sandbox.store, account) for account in accounts},
        "models": list(sandbox.catalogue.values()),
        "switches": [switch.shown() for switch in sandbox.board.switches()],
        "changed": _changed,
        "groups": _groups(),
        "requests": [_shown(seen) for seen in sandbox.traffic.last(SHOWN_REQUESTS)],
        "count": sandbox.traffic.count,
    }


def _changed(switch: Mapping[str, Any]) -> list[str]:
    """The settings in which a switch differs from its scenario's own."""
    scenario = SCENARIOS[switch["scenario"]]
    usual = {each.name: each.default for each in (*scenario.parameters, *LIMITS)}
    usual["routes"] = "|".join(scenario.routes)
    settings = switch["settings"].items()
    return [f"{word}={value}" for word, value in settings if value != usual[word]]


def _groups() -> list[tuple[str, list[dict[str, object]]]]:
    shown = groupby(SCENARIOS.values(), key=lambda scenario: scenario.group)
    return [(group, [scenario.shown() for scenario in members]) for group, members in shown]


def _shown(seen: Seen) -> dict[str, Any]:
    """A request for the page. A key that is not ours may be a real one sent by mistake."""
    key = seen.key if seen.key in SEED_KEYS else seen.key and f"unknown, ends in {seen.key[-4:]}"
    return {**seen.shown(), "key": key}


@cache
def _template() -> Template:
    text = resources.files(__package__).joinpath("home.html").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text)


ROUTES = [
    guarded("/", show_home, "GET"),
    guarded("/switches", switch_on, "POST"),
    guarded("/switches/off", switch_off, "POST"),
]
