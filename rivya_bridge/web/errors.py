"""Refusals and failures as answers: a message in pages, the error envelope in the HTTP API."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join

from rivya_bridge.refusals import Missing, Problem, Refusal

API_PREFIX = "/api/"


def envelope(code: str, message: str, fields: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The one shape of every error of the HTTP API."""
    return {"error": {"code": code, "message": message, "fields": fields or []}}


def refusal_envelope(refusal: Refusal) -> dict[str, Any]:
    return envelope(refusal.code, refusal.message, [_field(one) for one in refusal.problems])


def _field(problem: Problem) -> dict[str, Any]:
    """`see`, the address of a page, stands only where there is one to look at."""
    shown = {"field": problem.field, "message": problem.message, "limit": problem.limit}
    return {**shown, "see": problem.see[1]} if problem.see else shown


def error_page(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    """A page (or the API's envelope) that says what happened and what to do next."""
    if request.path.startswith(API_PREFIX):
        code = "not_found" if status == 404 else "internal_error" if status >= 500 else "refused"
        return JsonResponse(envelope(code, message), status=status)
    return render(request, "error.html", {"title": title, "message": message}, status=status)


class DomainErrorMiddleware:
    """Turns a refusal that no view caught into a page, or into a message where the form stands."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.path.startswith(API_PREFIX):
            return _wrong_method(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refusal):
            return None
        if request.path.startswith(API_PREFIX):
            return JsonResponse(refusal_envelope(error), status=error.status)
        title = "Not found" if isinstance(error, Missing) else "Not done"
        return error_page(request, error.status, title, error.message)


def _wrong_method(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    allowed = response.headers.get("Allow", "")
    text = f"{str(request.method)[:20]} is not possible at this address: use {allowed}."
    headers = {"Allow": allowed}
    return JsonResponse(envelope("method_not_allowed", text), status=405, headers=headers)


def add_refusal(request: HttpRequest, refusal: Refusal) -> None:
    """Shows a refusal as a message on the next page, with the pages where it is put right."""
    seen = dict.fromkeys(problem.see for problem in refusal.problems if problem.see)
    links = format_html_join(" ", '<a href="{1}">{0}</a>', seen)
    text = format_html("{} {}", refusal.message, links) if seen else refusal.message
    messages.error(request, text)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request,
        404,
        "Not found",
        "There is nothing at this address. It may have been typed wrong, or belong to another "
        "data folder.",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request, 400, "Bad request", "The request could not be read. Nothing was done or spent."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        500,
        "Something broke here",
        "The details are in the log of the web process. Task history shows what was sent and what "
        "may have been spent.",
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        "This form has expired",
        "The form was made for another sign-in or sent from another site. Nothing was done: go "
        "back, reload the page and send it again.",
    )
