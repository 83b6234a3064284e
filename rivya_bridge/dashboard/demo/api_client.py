"""A small client of our own HTTP API: patient with restarts, and safe to repeat."""

import time
from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 1.0


class DemoFailed(Exception):
    """The demo cannot go on; the message says why and what to do."""


class ApiClient:
    """Every POST carries a key of its own name, so that a repeated demo makes nothing twice."""

    def __init__(self, base_url: str, token: str, *, key_prefix: str) -> None:
        self.base_url = base_url
        self._prefix = key_prefix
        self._http = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60.0,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any], *, key: str) -> Any:
        headers = {"Idempotency-Key": f"{self._prefix}-{key}"}
        return self._send("POST", path, json=body, headers=headers)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("PATCH", path, json=body)

    def upload(self, name: str, content: bytes, mime_type: str) -> Any:
        """The same bytes are kept once, so repeating it is harmless."""
        return self._send("POST", "/files", files={"file": (name, content, mime_type)})

    def _send(self, method: str, path: str, **parts: Any) -> Any:
        """One answer, waiting through restarts of the product for up to 90 seconds."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = self._http.request(method, path, **parts)
            except httpx.TransportError as error:
                if time.monotonic() > give_up:
                    text = f"Rivya Bridge does not answer at {self.base_url}: {error}. Start ./run."
                    raise DemoFailed(text) from error
                time.sleep(PAUSE_SECONDS)
                continue
            if response.is_success:
                return response.json()
            raise DemoFailed(f"{method} {path} was refused: {_message(response)}")

    def wait(self, path: str, *, status_of: str, seconds: float = 900.0) -> Any:
        """Reads `path` until the status there is one at which nothing more happens by itself."""
        give_up = time.monotonic() + seconds
        while True:
            answer = self.get(path)
            status = answer["task"]["status"] if status_of == "task" else answer["status"]
            if status in ("succeeded", "failed", "canceled", "held", "recorded"):
                return answer
            if time.monotonic() > give_up:
                raise DemoFailed(f"{path} is still {status} after {seconds:.0f} seconds.")
            time.sleep(PAUSE_SECONDS)


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
