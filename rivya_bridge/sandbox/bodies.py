"""Reading request bodies with a limit that holds while the bytes arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.requests import Request

from .errors import ApiError, invalid


async def read_json_bytes(request: Request, limit: int) -> bytes:
    """The whole body of a JSON request; ApiError validation_failed above `limit` bytes."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise invalid("Send the body with Content-Type: application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise invalid(f"The body is larger than {limit} bytes.")
    return bytes(body)


async def limited_stream(
    request: Request, limit: int, discarded: int, refusal: ApiError
) -> AsyncGenerator[bytes, None]:
    """The body in chunks; raises `refusal` once it grows beyond `limit` bytes.

    The rest, up to `discarded` bytes, is read and dropped first: a sender that is
    still writing would otherwise see a reset connection and never the answer.
    """
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > discarded:
            break
        if received <= limit:
            yield chunk
    if received > limit:
        raise refusal
