"""What of the compare tray every template may ask for."""

from typing import Any

from django.http import HttpRequest

from rivya_bridge.comparison.tray import Membership


def tray(request: HttpRequest) -> dict[str, Any]:
    """`in_tray`: whether a run is in it. Costs nothing where it is not asked."""
    return {"in_tray": Membership(getattr(request, "session", {}))}
