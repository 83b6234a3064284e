from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import running_sandbox
from tests.sandbox.conftest import png
from tests.tasks.making import Clock, moving_clock

from . import stand_in
from .calls import BOAT, KEY, Place
from .stand_in import Variant, World, standing_in

Serve = Callable[[Variant], World]
FULL = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("contract")
    picture = folder / "picture.png"
    picture.write_bytes(png())
    choices = Choices(allow_local_webhooks=True, rate_limit=0)
    with (
        running_sandbox(folder / "sandbox", choices=choices, balance=100_000) as running,
        httpx.Client(base_url=running.base_url, headers=FULL, trust_env=False) as api,
    ):
        task = api.post("/api/v1/generations", json=BOAT).json()
        while (shown := api.get(f"/api/v1/generations/{task['id']}").json())["result"] is None:
            pass
        files = {"file": ("a.png", png())}
        file = api.post("/api/v1/files", data={"kind": "image"}, files=files).json()
        result = shown["result"]["primary_url"]
        yield Place(running.base_url, picture, task["id"], file["id"], result)


@pytest.fixture
def place(shared_place: Place) -> Iterator[Place]:
    """The sandbox with no scenario on."""
    shared_place.switch_off()
    yield shared_place
    shared_place.switch_off()


@pytest.fixture
def serve(settings: Any) -> Iterator[Serve]:
    """Puts a server behind the product, its models and its balance read."""
    with ExitStack() as stack:

        def begin(variant: Variant) -> World:
            world = stack.enter_context(standing_in(variant))
            settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY = world.url, stand_in.KEY
            assert refresh_catalog().error == ""
            refresh_wallet()
            stack.callback(close_clients)
            return world

        yield begin


@pytest.fixture
def other(serve: Serve) -> World:
    return serve(Variant())


@pytest.fixture
def clock() -> Iterator[Clock]:
    with moving_clock() as moving:
        yield moving
