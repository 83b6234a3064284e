"""Duration tokens: opaque signed strings that bind a file to its length.

That such a token exists is documented (docs/api-files); its form is assumed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def duration_token(secret: bytes, file_id: str, seconds: float) -> str:
    """`dur_` and the URL-safe signature over the id and the length in milliseconds."""
    message = f"{file_id}:{round(seconds * 1000)}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return "dur_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_matches(secret: bytes, token: str, file_id: str, seconds: float) -> bool:
    """Whether `token` was issued for exactly this file and length."""
    expected = duration_token(secret, file_id, seconds)
    return hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace"))
