"""https://rivya.ai/docs/api-generations and https://rivya.ai/docs/api-generation-status"""

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya._json import canonical
from rivya_bridge.rivya.resources._checks import (
    check_client_request_id,
    check_idempotency_key,
    check_identifier,
)
from rivya_bridge.rivya.types.generation import Generation, read_generation


class Generations:
    """Image, video and audio tasks: submit, then ask until the status is terminal."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def create(
        self,
        model: str,
        prompt: str | None = None,
        params: Mapping[str, Any] | None = None,
        client_request_id: str | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Generation:
        """POST /generations from its parts; may cost credits.

        Without `idempotency_key` a fresh one is made, so that retries inside this call are safe;
        to survive a lost answer, keep a key of your own. Raises RivyaError, ValueError.
        """
        body = self.build_body(model, prompt, params, client_request_id)
        return self.submit(body, idempotency_key=idempotency_key or uuid.uuid4().hex)

    @staticmethod
    def build_body(
        model: str,
        prompt: str | None = None,
        params: Mapping[str, Any] | None = None,
        client_request_id: str | None = None,
    ) -> bytes:
        """The request body as canonical JSON: equal arguments give equal bytes.

        Fields that are None are left out. Raises ValueError.
        """
        check_identifier("model", model)
        check_client_request_id(client_request_id)
        body = {
            "model": model,
            "prompt": prompt,
            "params": None if params is None else dict(params),
            "client_request_id": client_request_id,
        }
        return canonical({key: value for key, value in body.items() if value is not None})

    def submit(
        self, body: bytes, *, idempotency_key: str, max_retries: int | None = None
    ) -> Generation:
        """POST /generations with exactly these bytes under this key; may cost credits.

        Needs the scope generations:create. `max_retries`: None takes the client's own number.
        Raises RivyaError (look at `spent`), ValueError for a key that no header can carry.
        """
        check_idempotency_key(idempotency_key)
        answer = self._http.send(
            Call(
                "POST",
                "/generations",
                content=bytes(body),
                headers={"Content-Type": "application/json"},
                idempotency_key=idempotency_key,
                can_spend=True,
                max_retries=max_retries,
            )
        )
        return read_generation(answer.data, answer.meta, origin=self._http.origin, spent="unknown")

    def retrieve(
        self, task_id: str, max_retries: int | None = None, *, seconds: float | None = None
    ) -> Generation:
        """GET /generations/{taskId}. Needs the scope generations:read. Raises RivyaError.

        `seconds`: limit of the whole call, where the client's own is too long.
        """
        check_identifier("task_id", task_id)
        path = f"/generations/{quote(task_id, safe='')}"
        answer = self._http.send(Call("GET", path, max_retries=max_retries, seconds=seconds))
        return read_generation(answer.data, answer.meta, origin=self._http.origin, spent="no")
