"""A scripted vendor and a clock that is moved instead of waiting."""

from collections.abc import Iterator
from typing import Any

import pytest

from rivya_bridge.connection import close_clients
from tests.tasks.making import Clock, moving_clock
from tests.tasks.vendor import Vendor


@pytest.fixture
def clock() -> Iterator[Clock]:
    with moving_clock() as moving:
        yield moving


@pytest.fixture
def vendor(settings: Any, transactional_db: None, no_bell: None) -> Iterator[Vendor]:
    with Vendor() as server:
        settings.RIVYA_BASE_URL = server.url
        settings.RIVYA_API_KEY = "rvya_sk_scripted"
        yield server
        close_clients()
