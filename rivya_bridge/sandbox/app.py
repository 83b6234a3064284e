"""Puts the sandbox together as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from . import control
from .access import RateWindow
from .catalogue import load_catalogue
from .choices import Choices
from .context import Sandbox
from .errors import ApiError, envelope
from .keyring import KeyRing
from .lifecycle import Clock, milliseconds
from .moving_clock import MovingClock
from .rendering import Renderer
from .routes import chat, credits, files, generations, models, openapi, results, webhooks
from .scenarios.board import Switchboard
from .scenarios.fates import FatedDeliveries
from .scenarios.middleware import ApplyScenarios
from .stamps import StampAnswers
from .store import Store
from .traffic import Traffic
from .wallet import open_wallet, settle_due
from .webhooks.dispatcher import Dispatcher
from .webhooks.faults import DeliveryFaults
from .webhooks.outbox import Outbox

ROUTES = [
    *models.ROUTES,
    *generations.ROUTES,
    *files.ROUTES,
    *credits.ROUTES,
    *webhooks.ROUTES,
    *chat.ROUTES,
    *openapi.ROUTES,
    *results.ROUTES,
    *control.ROUTES,
]


def create_app(
    store: Store,
    given_clock: Clock,
    choices: Choices,
    delivery_faults: DeliveryFaults | None = None,
) -> ASGIApp:
    """The sandbox over `store`; the caller closes the store after the app has stopped.

    `delivery_faults` decides which webhooks go wrong on purpose; by default the scenarios do.
    """
    clock = MovingClock(given_clock, store)
    now_ms = milliseconds(clock)
    open_wallet(store, choices.opening_balance, now_ms)
    outbox = Outbox(choices, delivery_faults or FatedDeliveries())
    settle_due(store, now_ms, outbox)
    dispatcher = Dispatcher(store, clock, choices, outbox)
    catalogue = load_catalogue()
    renderer = Renderer(store, catalogue, choices.render_threads)
    app = Starlette(
        routes=ROUTES,
        exception_handlers={
            ApiError: _refuse,
            HTTPException: _refuse_route,
            Exception: _fail,
        },
        lifespan=_background(renderer, dispatcher),
    )
    app.router.redirect_slashes = False
    window = RateWindow(clock, choices)
    board, traffic = Switchboard(store), Traffic(clock)
    app.state.sandbox = Sandbox(
        store,
        clock,
        choices,
        catalogue,
        window,
        renderer,
        outbox,
        dispatcher,
        KeyRing(store),
        board,
        traffic,
    )
    # Outside of everything, so that answers of the error layer are stamped as well.
    return StampAnswers(ApplyScenarios(app, board, store, clock), choices, traffic)


def _background(
    renderer: Renderer, dispatcher: Dispatcher
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        dispatcher.start()
        yield
        dispatcher.stop()
        renderer.close()

    return lifespan


def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return envelope(request, error)


def _refuse_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return envelope(request, ApiError("not_found", "There is nothing at this address."))
    if status == 405:
        message = f"{request.method} is not allowed at this address."
        allowed = getattr(error, "headers", None) or {}
        refusal = ApiError("validation_failed", message, status=405, headers=dict(allowed))
        return envelope(request, refusal)
    return envelope(request, ApiError("validation_failed", "The request can't be read."))


def _fail(request: Request, _: Exception) -> Response:
    return envelope(request, ApiError("internal_error", "The sandbox failed unexpectedly."))
