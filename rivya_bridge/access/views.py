"""Signing in by a one-time link, and signing out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from rivya_bridge.access.middleware import SIGNED_IN, is_signed_in
from rivya_bridge.access.services import redeem_launch_link


def _next_page(request: HttpRequest) -> str:
    """The page to go to: only a path of this host, so that a link cannot lead elsewhere."""
    wanted = request.GET.get("next", "")
    inside = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if inside else "/"


@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    """Says how to get a sign-in link."""
    if is_signed_in(request):
        return redirect(_next_page(request))
    return render(request, "access/sign_in.html", status=200)


@require_GET
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """Signs this browser in if the link is unused; a browser that is signed in already stays so."""
    if is_signed_in(request):
        return redirect(_next_page(request))
    if _is_prefetch(request):
        return HttpResponse(status=503, headers={"Cache-Control": "no-store"})
    if not redeem_launch_link(token):
        return render(request, "access/sign_in.html", {"link_is_dead": True}, status=410)
    request.session.cycle_key()
    request.session[SIGNED_IN] = True
    return redirect(_next_page(request))


def _is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser only guesses that the person may go here: a guess must not use up a link."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in purpose.lower()


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("access:sign_in")
