"""Every scenario of the registry does what its sentence says, seen over a real socket."""

from __future__ import annotations

import pytest

from rivya_bridge.sandbox.scenarios.registry import SCENARIOS

from .conftest import Hooked
from .effects import CHECKS, World, answers, bodies, connections, rewriting, streams, tasks
from .webhook_receiver import Receiver

MODULES = (answers, bodies, connections, rewriting, streams, tasks)


@pytest.mark.parametrize("name", SCENARIOS)
def test_its_effect_is_seen(hooked: Hooked, receiver: Receiver, name: str) -> None:
    assert name in CHECKS, f"{name} has no check in tests/sandbox/effects"

    CHECKS[name](World(hooked, receiver, name))

    hooked.api.delete("/_sandbox/scenarios").raise_for_status()
    assert hooked.api.get("/api/v1/credits").status_code == 200


def test_every_check_belongs_to_a_scenario() -> None:
    assert set(CHECKS) == set(SCENARIOS)
    assert MODULES
