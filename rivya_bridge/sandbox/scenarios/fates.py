"""What is to become of one generation and its callbacks, decided when it is accepted.

It is stored with the generation, so that it holds over a restart and whatever is switched on or
off later.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..store import Generation
from ..webhooks.faults import DeliveryFault

ORDINARY_DELIVERY = DeliveryFault()


@dataclass(frozen=True)
class Fate:
    """How a generation departs from an ordinary one; the default changes nothing.

    Seconds are those of the sandbox's own time, divided by its speed.
    """

    queue_seconds: float | None = None
    work_seconds: float | None = None
    fails_with: str | None = None
    """The code of the failed task's error."""
    failure: str = "The sandbox was asked to fail this one."
    unpaid: str | None = None
    """`always`, or `short` when the wallet is too low: a failed task that reserves nothing."""
    is_early: bool = False
    """It ends, and its callback is sent, before its POST is answered."""
    delivery: DeliveryFault = ORDINARY_DELIVERY

    @property
    def waits(self) -> tuple[float | None, float | None]:
        """Seconds in the queue and at work, where they are not the usual ones."""
        return self.queue_seconds, self.work_seconds

    def stored(self) -> str | None:
        """The fate as it is kept with a generation; None for an ordinary one."""
        return None if self == Fate() else json.dumps(asdict(self))


ORDINARY = Fate()


def read_fate(text: str | None) -> Fate:
    """The fate that `stored` wrote; members of another version are passed over."""
    if text is None:
        return Fate()
    values = _known(Fate, json.loads(text))
    delivery = DeliveryFault(**_known(DeliveryFault, values.pop("delivery", {})))
    return Fate(**values, delivery=delivery)


def _known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


class FatedDeliveries:
    """Callbacks go wrong as the fate of their generation says."""

    def of_event(self, generation: Generation) -> DeliveryFault:
        """The delivery fault that was decided with the generation."""
        return read_fate(generation.fate).delivery

    def comes_before_answer(self, generation: Generation) -> bool:
        """Whether its callback overtakes its answer."""
        return read_fate(generation.fate).is_early
