"""The sandbox's knobs: its clock, its wallets, its keys, what is due, and a fresh start."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from ..choices import MAIN_ACCOUNT, SEED_KEYS
from ..context import Sandbox
from ..errors import invalid, missing
from ..identifiers import iso_utc
from ..lifecycle import milliseconds
from ..moving_clock import LARGEST_STEP_SECONDS
from ..wallet import balance, open_wallet, set_balance
from .guard import Body, controlled

LARGEST_BALANCE = 2**31 - 1
WORDS = {"revoke": "revoked", "expire": "expired", "restore": "active"}


def show_clock(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """The sandbox's time, how far it was set forward, and its speed."""
    now = sandbox.clock()
    return {
        "now": iso_utc(int(now * 1000)),
        "unix_seconds": now,
        "ahead_seconds": sandbox.clock.ahead_seconds,
        "speed": sandbox.choices.speed,
    }


def advance_clock(sandbox: Sandbox, request: Request, body: Body) -> dict[str, Any]:
    """`{"seconds": 60}`: set the clock forward; what falls due by that is sent."""
    seconds = body.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise invalid("seconds must be a number.")
    if not 0 <= seconds <= LARGEST_STEP_SECONDS:
        raise invalid(f"seconds must be a number from 0 to {LARGEST_STEP_SECONDS}.")
    sandbox.clock.advance(seconds)
    sandbox.now_ms()
    sandbox.dispatcher.wake()
    return show_clock(sandbox, request, body)


def change_balance(sandbox: Sandbox, _request: Request, body: Body) -> dict[str, Any]:
    """`{"credits": 12, "account": "sandbox"}`: what the wallet is to hold."""
    credits, account = body.get("credits"), body.get("account", MAIN_ACCOUNT)
    if not isinstance(credits, int) or isinstance(credits, bool):
        raise invalid("credits must be a whole number.")
    if not 0 <= credits <= LARGEST_BALANCE:
        raise invalid(f"credits must be from 0 to {LARGEST_BALANCE}.")
    if account not in {seed.account for seed in SEED_KEYS.values()}:
        raise missing("This account")
    set_balance(sandbox.store, account, credits, sandbox.now_ms())
    return {"account": account, "balance": balance(sandbox.store, account)}


def show_keys(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """The keys of this sandbox, their states, scopes and accounts."""
    return {
        "data": [
            {
                "key": token,
                "state": seed.state,
                "scopes": sorted(seed.scopes),
                "account": seed.account,
            }
            for token, seed in sandbox.keys.all().items()
        ]
    }


def change_key(sandbox: Sandbox, request: Request, _: Body) -> dict[str, Any]:
    """Revoke, expire or restore a key."""
    token, word = request.path_params["key"], request.path_params["word"]
    if word not in WORDS:
        raise missing(f"The action {word[:40]}")
    changed = sandbox.keys.set_state(token, WORDS[word])
    if changed is None:
        raise missing("This key")
    return {"key": token, "state": changed.state}


def run_dispatcher(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """Deliver all callbacks that are due and wait for it."""
    return {"attempts": sandbox.dispatcher.run_due()}


def reset(sandbox: Sandbox, _request: Request, _: Body) -> dict[str, Any]:
    """Forget everything and begin anew: wallets, keys, clock and switches as at first."""
    sandbox.store.empty()
    sandbox.clock.load()
    sandbox.keys.load()
    sandbox.board.load()
    sandbox.window.forget()
    sandbox.traffic.forget()
    open_wallet(sandbox.store, sandbox.choices.opening_balance, milliseconds(sandbox.clock))
    sandbox.dispatcher.wake()
    return {"balance": balance(sandbox.store, MAIN_ACCOUNT)}


ROUTES = [
    controlled("/_sandbox/clock", show_clock),
    controlled("/_sandbox/clock", advance_clock, "POST"),
    controlled("/_sandbox/balance", change_balance, "POST"),
    controlled("/_sandbox/keys", show_keys),
    controlled("/_sandbox/keys/{key}/{word}", change_key, "POST"),
    controlled("/_sandbox/dispatch", run_dispatcher, "POST"),
    controlled("/_sandbox/reset", reset, "POST"),
]
