"""Only requests that name this product's own host and port are answered, on every path.

A page of another site can make a browser send requests to a loopback port under a name that it
controls (DNS rebinding); such a request carries a foreign Host and ends here.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rivya_bridge.env import is_loopback


def allowed_hosts() -> frozenset[str]:
    """Host header values that are answered: ``host:port`` in lower case."""
    hosts = {settings.BRIDGE_HOST}
    if is_loopback(settings.BRIDGE_HOST):
        hosts |= {"127.0.0.1", "localhost", "::1"}
    named = {f"[{h}]" if ":" in h else h for h in hosts}
    allowed = {f"{h}:{settings.BRIDGE_PORT}" for h in named}
    if settings.BRIDGE_PORT == 80:
        allowed |= named
    if settings.BRIDGE_PUBLIC_URL:
        allowed.add(urlsplit(settings.BRIDGE_PUBLIC_URL).netloc)
    return frozenset(host.lower() for host in allowed)


class ExactHostMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.allowed = allowed_hosts()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST", "").lower() not in self.allowed:
            return HttpResponse(
                f"This address is not Rivya Bridge's. Open {settings.BRIDGE_URL} instead.\n",
                content_type="text/plain; charset=utf-8",
                status=421,
            )
        return self.get_response(request)
