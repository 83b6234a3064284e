"""A receiver on a real port over the tests' database, and Rivya's side of it."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.connection.encryption import encrypt_key
from rivya_bridge.sandbox.serve import QuietServer, bind
from rivya_bridge.webhooks.models import Endpoint
from rivya_bridge.webhooks.receiver import Receiver

SECRET = "whsec_canary_of_the_tests"


@pytest.fixture
def endpoint(transactional_db) -> Endpoint:
    return Endpoint.objects.create(
        account=current_connection().account,
        remote_id="whend_1",
        name="Bridge",
        url="http://127.0.0.1/webhooks/tok",
        token="tok",
        secret=encrypt_key(SECRET),
    )


@pytest.fixture
def base_url() -> Iterator[str]:
    """The address of a running receiver."""
    with bind("127.0.0.1", 0) as bound:
        server = QuietServer(uvicorn.Config(Receiver(), log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def sign(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """By the recipe of the API's documentation, written out."""
    stamp = int(timezone.now().timestamp()) if at is None else at
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mark}"


def event(number: int = 1, remote_id: str = "task_1", **changes: Any) -> dict[str, Any]:
    data = {"id": remote_id, "status": "succeeded", "model": "z-image"}
    return {"id": f"evt_{number}", "type": "generation.succeeded", "data": data, **changes}


@dataclass
class Caller:
    """Posts as Rivya does."""

    client: httpx.Client

    def __call__(
        self, content: dict[str, Any] | bytes, *, token: str = "tok", header: str | None = None
    ) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        signature = sign(body) if header is None else header
        headers = {"Rivya-Signature": signature} if signature else {}
        return self.client.post(f"/webhooks/{token}", content=body, headers=headers)


@pytest.fixture
def call(base_url: str, endpoint: Endpoint) -> Iterator[Callable[..., httpx.Response]]:
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as client:
        yield Caller(client)
