"""Who wrote something down: the one owner in the browser, or a program by its token's name."""

from django.http import HttpRequest


def author_of(request: HttpRequest) -> str:
    """At most 120 characters, for lists of who changed what."""
    token = getattr(request, "api_token", None)
    return f"token {token.name}"[:120] if token else "browser"
