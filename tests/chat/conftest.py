"""Turns carried by hand against the sandbox, and its faults by name."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.tasks.models import Task
from tests.tasks.making import Clock, make_task, moving_clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    with moving_clock() as moving:
        yield moving


@pytest.fixture
def chat(sandbox: Any, transactional_db: None, no_bell: None) -> Any:
    """The sandbox, with its models and its balance read."""
    refresh_catalog()
    refresh_wallet()
    return sandbox


@pytest.fixture
def play(chat: Any) -> Callable[..., None]:
    """Switches a fault of the sandbox's registry on."""

    def switch_on(name: str, **settings: Any) -> None:
        body = {"scenario": name, **settings}
        answer = httpx.post(f"{chat.base_url}/_sandbox/scenarios", json=body)
        answer.raise_for_status()

    return switch_on


@pytest.fixture
def make_turn(chat: Any) -> Callable[..., Task]:
    def make(prompt: str = "Name three colours of slate.", **fields: Any) -> Task:
        return make_task(model=get_model("gpt-5-2-chat"), prompt=prompt, **fields)

    return make
