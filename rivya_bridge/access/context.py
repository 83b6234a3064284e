from typing import Any

from django.http import HttpRequest

from rivya_bridge.access.middleware import is_signed_in


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """`is_signed_in` for every template."""
    return {"is_signed_in": hasattr(request, "session") and is_signed_in(request)}
