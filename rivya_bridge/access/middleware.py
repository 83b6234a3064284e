"""No page and no route answers without a session or a token; loopback is not authentication."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from rivya_bridge.access.services import authenticate_token
from rivya_bridge.web.errors import API_PREFIX, envelope

SIGNED_IN = "signed_in"
OPEN_PREFIX = "/sign-in/"


class SignInMiddleware:
    """Sends the signed-out to the sign-in page, and checks bearer tokens of the HTTP API.

    The HTTP API takes tokens only: a cookie must not act there, because any site can make a browser
    send one. Reading the API's description is the exception.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API_PREFIX):
            return self._api(request)
        if request.path.startswith(OPEN_PREFIX) or is_signed_in(request):
            return self.get_response(request)
        return _to_sign_in(request)

    def _api(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        row = authenticate_token(token.strip()) if scheme.lower() == "bearer" else None
        if row is None and not _reads_description(request):
            return _refuse_token(bool(header))
        request.api_token = row  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        if request.method != "HEAD":
            return self.get_response(request)
        # The routes know GET only; the server leaves the body away.
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        return response


def is_signed_in(request: HttpRequest) -> bool:
    return bool(request.session.get(SIGNED_IN))


def _reads_description(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and request.path in (f"{API_PREFIX}v1/openapi.json", f"{API_PREFIX}v1/docs")
        and is_signed_in(request)
    )


def _refuse_token(was_sent: bool) -> HttpResponse:
    message = (
        "The bearer token is unknown or revoked"
        if was_sent
        else "Send the header Authorization: Bearer <token>"
    )
    response = JsonResponse(
        envelope(
            "token_invalid" if was_sent else "token_missing",
            f"{message}. Make a token with: ./run manage create_api_token NAME",
        ),
        status=401,
    )
    response["WWW-Authenticate"] = "Bearer"
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    page = reverse("access:sign_in")
    if request.method == "GET" and request.path != "/":
        page += "?" + urlencode({"next": request.get_full_path()})
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = page
        return response
    if request.method not in ("GET", "HEAD"):
        return HttpResponse("Sign in first: nothing was done.\n", "text/plain", status=401)
    return redirect(page)
