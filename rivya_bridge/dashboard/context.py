"""Which account is in use, for every page."""

from typing import Any

from django.http import HttpRequest

from rivya_bridge.access.middleware import is_signed_in
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.selectors import current_wallet


def connection(request: HttpRequest) -> dict[str, Any]:
    """`connection`: which account is charged, without its key; `credits` lazily, one query where shown."""
    now = current_connection()
    signed_in = hasattr(request, "session") and is_signed_in(request)

    def credits() -> int | None:
        wallet = current_wallet() if signed_in else None
        return wallet.current_credits if wallet else None

    return {
        "connection": {
            "is_sandbox": now.is_sandbox,
            "label": now.label,
            "host": now.host,
            "base_url": now.base_url,
            "key_prefix": now.key_prefix,
            "key_last4": now.key_last4,
            "source": now.source,
            "name": now.name,
            "problem": now.problem,
            "credits": credits,
        }
    }
