"""GET /results/{taskId}/{name}: the media that a succeeded generation links to."""

from __future__ import annotations

import asyncio
import json

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from ..context import sandbox_of
from ..errors import missing
from ..magic import MIME_TYPES
from ..store import Generation

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=31536000"}


async def show_result(request: Request) -> FileResponse:
    """The file; it is rendered on the first call and kept. No key is needed (assumed)."""
    sandbox = sandbox_of(request)
    name = request.path_params["name"]
    generation = _succeeded(request)
    if generation is None or name not in json.loads(generation.result_names):
        raise missing("This result")
    path = await asyncio.wrap_future(sandbox.renderer.result(generation, name))
    return FileResponse(path, media_type=MIME_TYPES[path.suffix[1:]], headers=HEADERS)


def _succeeded(request: Request) -> Generation | None:
    sandbox = sandbox_of(request)
    now_ms = sandbox.now_ms()
    generation = sandbox.store.generation(request.path_params["task_id"])
    if generation is None or generation.state(now_ms).status != "succeeded":
        return None
    return generation


ROUTES = [Route("/results/{task_id}/{name}", show_result, methods=["GET"])]
