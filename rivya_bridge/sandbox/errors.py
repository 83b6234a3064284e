"""Refusals of the API and the one envelope they travel in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from .choices import ERROR_STATUS


class ApiError(Exception):
    """A refusal with Rivya's stable code; the status follows from the code.

    Source: docs/api-errors-and-limits; the status of insufficient_credits is assumed.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = ERROR_STATUS[code] if status is None else status
        self.headers = headers or {}


def invalid(message: str) -> ApiError:
    """The refusal of a body, model, prompt, param or file."""
    return ApiError("validation_failed", message)


def missing(what: str) -> ApiError:
    """The answer for an id that is unknown to this account."""
    return ApiError("not_found", f"{what} was not found in this account.")


def envelope(request: Request, error: ApiError) -> JSONResponse:
    """`{"error": {"code", "message", "requestId"}}` with the error's status."""
    body = {
        "error": {
            "code": error.code,
            "message": error.message,
            "requestId": request.scope.get("request_id", "req_unknown"),
        }
    }
    return JSONResponse(body, status_code=error.status, headers=error.headers)
