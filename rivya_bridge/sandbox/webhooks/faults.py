"""What may go wrong on purpose between an event and its receivers.

The seam for fault scenarios: whoever makes a scenario implements `DeliveryFaults` and hands
it to `create_app`. The effects are implemented here in the package, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..store import Generation

Signature = Literal["good", "bad", "old"]
Order = Literal["made", "after_next"]
Scheme = Literal["usual", "two_signatures", "base64", "standard"]


@dataclass(frozen=True)
class DeliveryFault:
    """How the callbacks of one event differ from ordinary ones; the default changes nothing.

    It holds for every endpoint that receives the event, and for the retries too.
    """

    copies: int = 1
    """Callbacks per endpoint, each with a delivery id of its own and the same event id."""
    delay_seconds: float = 0.0
    """Wait before the first attempt, at speed 1."""
    drop: bool = False
    """No callback at all; the event is stored nevertheless."""
    signature: Signature = "good"
    order: Order = "made"
    """`after_next`: wait until a later event was sent to the same endpoint. Several that wait
    go out in reverse order. Without a later event they go after `delay_seconds`, or after
    `Choices.webhook_hold_seconds` if no delay is given."""
    wrapper: str = ""
    """The member of the event's `data` that holds the generation; empty for `data` itself."""
    scheme: Scheme = "usual"


class DeliveryFaults(Protocol):
    """Decides about faults; called inside a write transaction, so it must be quick."""

    def of_event(self, generation: Generation) -> DeliveryFault:
        """The fault of a generation's event; asked once, when the event is made."""
        ...

    def comes_before_answer(self, generation: Generation) -> bool:
        """Whether a new generation ends, and its event is sent, before its POST is answered."""
        ...
