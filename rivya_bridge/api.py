"""The HTTP API under /api/v1/: one router per app, one shape of errors."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer

from rivya_bridge import __version__
from rivya_bridge.automation.api import router as automation_router
from rivya_bridge.catalog.api import router as catalog_router
from rivya_bridge.comparison.api import router as comparison_router
from rivya_bridge.credits.api import router as credits_router
from rivya_bridge.experiments.api import router as experiments_router
from rivya_bridge.files.api import router as files_router
from rivya_bridge.promotion.api import router as promotion_router
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.api import router as tasks_router
from rivya_bridge.web.errors import envelope, refusal_envelope

log = logging.getLogger(__name__)


class Token(HttpBearer):
    """Names the scheme in the description; SignInMiddleware has checked the token before."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return getattr(request, "api_token", None)


api = NinjaAPI(
    title="Rivya Bridge",
    version=__version__,
    description=(
        "Experiments, runs, templates, jobs, tasks, credits and files. Make a token with "
        "`./run manage create_api_token NAME` and send it as `Authorization: Bearer …`. Lists "
        'answer `{"items": […], "next": cursor or null}`. Errors answer '
        '`{"error": {"code", "message", "fields": [{"field", "message", "limit"}]}}`.'
    ),
    auth=Token(),
    docs_url=None,
    urls_namespace="api",
)
for router in (
    experiments_router,
    comparison_router,
    promotion_router,
    automation_router,
    tasks_router,
    credits_router,
    files_router,
    catalog_router,
):
    api.add_router("", router)


@api.exception_handler(Refusal)
def on_refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    return api.create_response(request, refusal_envelope(error), status=error.status)


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = [_field_of(detail) for detail in error.errors]
    message = " ".join(f"{f['field']}: {f['message']}." for f in fields)
    body = envelope("validation_failed", f"{message} Nothing was done or spent.", fields)
    return api.create_response(request, body, status=422)


# Where a value came from ("body", the parameter's name, …) stands before the field in `loc`.
_PLACES = {"body", "payload", "query", "path", "form", "file", "header", "data"}


def _field_of(detail: dict[str, Any]) -> dict[str, Any]:
    place = [str(part) for part in detail.get("loc", ())]
    while len(place) > 1 and place[0] in _PLACES:
        place.pop(0)
    limits = detail.get("ctx", {})
    limit = next(
        (
            limits[key]
            for key in ("max_length", "min_length", "le", "ge", "expected")
            if key in limits
        ),
        None,
    )
    message = str(detail.get("msg", "is not valid")).rstrip(".")
    return {"field": ".".join(place), "message": message, "limit": limit}


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = "validation_failed" if error.status_code == 400 else "refused"
    body = envelope(code, f"{error} Nothing was done or spent.")
    return api.create_response(request, body, status=error.status_code)


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    body = envelope("not_found", "There is nothing at this address of the API.")
    return api.create_response(request, body, status=404)


@api.exception_handler(Exception)
def on_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("The API failed at %s %s", request.method, request.path)
    body = envelope(
        "internal_error",
        "Something broke here; the log of the web process has the details. Task history shows what "
        "may have been spent.",
    )
    return api.create_response(request, body, status=500)
