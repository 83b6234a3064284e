"""The HTTP API under /api/v1/: one router per app, one shape of errors."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.security import HttpBearer

from rivya_bridge import __version__
from rivya_bridge.automation.api import router as automation_router
from rivya_bridge.catalog.api import router as catalog_router
from rivya_bridge.comparison.api import router as comparison_router
from rivya_bridge.connection.api import router as connection_router
from rivya_bridge.credits.api import router as credits_router
from rivya_bridge.dashboard.api import router as dashboard_router
from rivya_bridge.experiments.api import router as experiments_router
from rivya_bridge.files.api import router as files_router
from rivya_bridge.promotion.api import router as promotion_router
from rivya_bridge.promotion.readiness.api import router as readiness_router
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.api import router as rehearsal_router
from rivya_bridge.sharing.api import router as sharing_router
from rivya_bridge.sweeps.api import router as sweeps_router
from rivya_bridge.tasks.api import router as tasks_router
from rivya_bridge.tasks.probe_api import router as probe_router
from rivya_bridge.web.api_description import with_errors
from rivya_bridge.web.errors import envelope, refusal_envelope
from rivya_bridge.web.invalid_fields import problem_fields
from rivya_bridge.web.json_body import read_json

log = logging.getLogger(__name__)


class Token(HttpBearer):
    """Names the scheme in the description; SignInMiddleware has checked the token before."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return getattr(request, "api_token", None)


class JsonParser(Parser):
    """Reads bodies strictly; what it refuses reaches `on_http_error` as the cause."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)


class BridgeAPI(NinjaAPI):
    """Describes the errors of every route too."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        with_errors(schema)
        return schema


api = BridgeAPI(
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
    parser=JsonParser(),
)
for router in (
    experiments_router,
    sweeps_router,
    comparison_router,
    sharing_router,
    promotion_router,
    readiness_router,
    rehearsal_router,
    automation_router,
    tasks_router,
    probe_router,
    credits_router,
    files_router,
    catalog_router,
    connection_router,
    dashboard_router,
):
    api.add_router("", router)


@api.exception_handler(Refusal)
def on_refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    return api.create_response(request, refusal_envelope(error), status=error.status)


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = problem_fields(error.errors)
    message = " ".join(str(field["message"]) for field in fields)
    body = envelope("validation_failed", f"{message} Nothing was done or spent.", fields)
    return api.create_response(request, body, status=422)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, Refusal):
        return on_refusal(request, cause)
    body = envelope("refused", f"{str(error).rstrip('.')}. Nothing was done or spent.")
    return api.create_response(request, body, status=error.status_code)


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    text = f"The body is larger than {limit:,} bytes. Nothing was done or spent: send less at once."
    field = {"field": "body", "message": text, "limit": limit}
    return api.create_response(request, envelope("body_too_large", text, [field]), status=413)


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
def on_unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    text = f"The body could not be read: {str(error).rstrip('.')}. Nothing was done or spent."
    field = {"field": "body", "message": text, "limit": None}
    return api.create_response(request, envelope("validation_failed", text, [field]), status=400)


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
