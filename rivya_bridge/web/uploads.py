"""What a request may bring along, told by its length before a byte of it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from rivya_bridge.web.errors import API_PREFIX, envelope, error_page

MEGABYTE = 1_048_576


class RequestSizeMiddleware:
    """Refuses a request whose declared length is above REQUEST_MAX_BYTES; nothing is received."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size <= settings.REQUEST_MAX_BYTES:
            return self.get_response(request)
        return _too_large(request, size)


def _too_large(request: HttpRequest, size: int) -> HttpResponse:
    limit = settings.REQUEST_MAX_BYTES // MEGABYTE
    text = (
        f"The files that were sent have {size / MEGABYTE:,.0f} MB together; the limit for one form is "
        f"{limit:,} MB. Nothing was received or kept: send fewer or smaller files."
    )
    if request.path.startswith(API_PREFIX):
        field = {"field": "file", "message": text, "limit": settings.REQUEST_MAX_BYTES}
        return JsonResponse(envelope("body_too_large", text, [field]), status=413)
    return error_page(request, 413, "Too large", text)
