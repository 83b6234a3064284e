"""The home page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.connection import current_connection
from rivya_bridge.dashboard.demo import demo_state, request_demo
from rivya_bridge.dashboard.selectors import home_facts


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What needs a person, what ran last, and the next step for a new workspace."""
    return render(request, "dashboard/home.html", home_facts() | {"demo": demo_state()})


@require_POST
def start_demo(request: HttpRequest) -> HttpResponse:
    """Asks the worker to do the whole main job once, against the sandbox only."""
    if not current_connection().is_sandbox:
        messages.error(
            request,
            "The demo spends credits, so the button works with the sandbox only. With an account of "
            "Rivya, run ./run demo yourself.",
        )
    elif request_demo():
        messages.success(request, "The demo has started: its experiment appears in a moment.")
    else:
        messages.info(request, "The demo is running already.")
    return redirect("dashboard:home")
