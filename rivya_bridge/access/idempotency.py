"""What every creating route of the HTTP API shares: the header, and whose keys it names."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Header

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]


def scope_of(request: HttpRequest, what: str) -> str:
    """Whose idempotency keys, and for which route."""
    return f"{request.api_token.pk}:{what}"  # type: ignore[attr-defined]
