"""POST /api/v1/generations and GET /api/v1/generations/{taskId}.

Shapes: docs/api-generations and docs/api-generation-status; the status 202 is assumed.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..bodies import read_json_bytes
from ..checks import check_idempotency_key, check_order, parse_json_object
from ..context import account_of, authorize, caller_of, origin
from ..errors import missing
from ..lifecycle import State
from ..presenting import present
from ..store import Generation
from ..submission import submit


async def create_generation(request: Request) -> JSONResponse:
    """Accept one generation, or replay the answer to the same key and body."""
    sandbox = authorize(request, "generations:create")
    choices = sandbox.choices
    key = check_idempotency_key(request.headers.get("idempotency-key"), choices)
    body = parse_json_object(await read_json_bytes(request, choices.json_body_bytes))

    def accept() -> Generation:
        order = check_order(body, sandbox.catalogue, sandbox.desk(request), choices)
        generation = submit(sandbox, caller_of(request), order, body, key)
        sandbox.dispatcher.deliver_before_answer(generation)
        return generation

    generation = await run_in_threadpool(accept)
    # A replay repeats the first answer, so the state is that of the moment of creation.
    first = State("queued", 0.0, 0, generation.created_ms)
    answer = present(generation, first, origin(request))
    return JSONResponse(answer, status_code=choices.created_generation_status)


def show_generation(request: Request) -> JSONResponse:
    """The generation as it stands now."""
    sandbox = authorize(request, "generations:read")
    now_ms = sandbox.now_ms()
    generation = sandbox.store.generation(request.path_params["task_id"])
    if generation is None or generation.account != account_of(request):
        raise missing("This generation")
    return JSONResponse(present(generation, generation.state(now_ms), origin(request)))


ROUTES = [
    Route("/api/v1/generations", create_generation, methods=["POST"]),
    Route("/api/v1/generations/{task_id}", show_generation, methods=["GET"]),
]
