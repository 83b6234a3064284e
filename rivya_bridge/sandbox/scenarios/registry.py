"""Every scenario by name, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .kinds import Scenario
from .tasks import TASKS, WEBHOOKS
from .wire import answers, bodies, connections, rewriting, streams


def _grouped(group: str, scenarios: Iterable[Scenario]) -> dict[str, Scenario]:
    return {scenario.name: replace(scenario, group=group) for scenario in scenarios}


SCENARIOS: dict[str, Scenario] = {
    **_grouped("Answers", answers.SCENARIOS),
    **_grouped("Connections", connections.SCENARIOS),
    **_grouped("Bodies and results", bodies.SCENARIOS),
    **_grouped("Other variants", rewriting.SCENARIOS),
    **_grouped("Chat streams", streams.SCENARIOS),
    **_grouped("Tasks", TASKS),
    **_grouped("Webhooks", WEBHOOKS),
}
