"""What the routes of one running sandbox share."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from .access import RateWindow, check_key
from .catalogue import Model
from .choices import SEED_KEYS, Choices
from .conversation.records import finish_due
from .keyring import KeyRing
from .lifecycle import milliseconds
from .moving_clock import MovingClock
from .references import ReferenceDesk
from .rendering import Renderer
from .scenarios.board import Switchboard
from .scenarios.fates import ORDINARY, Fate
from .store import Store
from .traffic import Traffic
from .wallet import settle_due
from .webhooks.dispatcher import Dispatcher
from .webhooks.outbox import Outbox


@dataclass(frozen=True)
class Sandbox:
    """One sandbox: its memory, its clock, its choices, and who sends its callbacks."""

    store: Store
    clock: MovingClock
    choices: Choices
    catalogue: dict[str, Model]
    window: RateWindow
    renderer: Renderer
    outbox: Outbox
    dispatcher: Dispatcher
    keys: KeyRing
    board: Switchboard
    traffic: Traffic

    def now_ms(self) -> int:
        """The time in Unix milliseconds, after booking everything that is over by then."""
        now_ms = milliseconds(self.clock)
        if settle_due(self.store, now_ms, self.outbox):
            self.dispatcher.wake()
        finish_due(self.store, now_ms)
        return now_ms

    def desk(self, request: Request) -> ReferenceDesk:
        """The judge of reference entries for one request."""
        return ReferenceDesk(self.store, self.choices, request.url.netloc, account_of(request))


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox that serves this request."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def authorize(request: Request, scope: str) -> Sandbox:
    """The sandbox, if the request carries a key with `scope` and room in its window."""
    sandbox = sandbox_of(request)
    key = check_key(request.headers.get("authorization"), scope, sandbox.keys)
    sandbox.window.count(key)
    request.state.account = SEED_KEYS[key].account
    return sandbox


def account_of(request: Request) -> str:
    """The account of the key that `authorize` accepted."""
    account: str = request.state.account
    return account


@dataclass(frozen=True)
class Caller:
    """Who submits: the account, the scheme and host that were used, and what is to become of it."""

    account: str
    origin: str
    fate: Fate = ORDINARY


def caller_of(request: Request) -> Caller:
    """The caller of an authorized request."""
    fate = request.scope.get("fate", ORDINARY)
    return Caller(account_of(request), origin(request), fate)


def origin(request: Request) -> str:
    """Scheme and host that the caller used, so that links lead back the same way."""
    return f"{request.url.scheme}://{request.url.netloc}"
