"""/_sandbox/scenarios: which faults exist, which are on, and switching them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from ..context import Sandbox
from ..errors import invalid, missing
from ..scenarios.board import EVERY_KEY
from ..scenarios.entries import LIMITS, read_entry
from ..scenarios.kinds import BadEntry
from ..scenarios.places import EVERYWHERE
from ..scenarios.registry import SCENARIOS
from .guard import Body, controlled


def list_scenarios(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """Every scenario with its settings, and the switches that are on."""
    return {
        "switches": [switch.shown() for switch in sandbox.board.switches()],
        "scenarios": [scenario.shown() for scenario in SCENARIOS.values()],
        "settings_of_all": {limit.name: limit.sentence for limit in LIMITS},
        "routes": list(EVERYWHERE),
    }


def switch_on(sandbox: Sandbox, _request: Request, body: Body) -> dict[str, Any]:
    """`{"scenario": "rate_limited", "key": "rvya_sk_…", "times": 2, "seconds": 3}`.

    Without `key` it is on for every request.
    """
    settings = dict(body)
    name = settings.pop("scenario", None)
    key = settings.pop("key", EVERY_KEY)
    if name is None:
        raise invalid("scenario is required.")
    try:
        return sandbox.board.switch_on(str(key), read_entry(name, settings)).shown()
    except BadEntry as problem:
        raise invalid(str(problem)) from None


def switch_off(sandbox: Sandbox, request: Request, _: Body) -> dict[str, Any]:
    """Switch one off by its id."""
    if not sandbox.board.switch_off(request.path_params["switch_id"]):
        raise missing("This switch")
    return {"switched_off": 1}


def switch_all_off(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """Switch everything off."""
    return {"switched_off": sandbox.board.switch_all_off()}


ROUTES = [
    controlled("/_sandbox/scenarios", list_scenarios),
    controlled("/_sandbox/scenarios", switch_on, "POST", 201),
    controlled("/_sandbox/scenarios", switch_all_off, "DELETE"),
    controlled("/_sandbox/scenarios/{switch_id}", switch_off, "DELETE"),
]
