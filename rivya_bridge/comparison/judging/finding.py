"""The shape of a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

NameOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Step:
    """What a person can do about it: vote on a pair, or run something, beginning from a run."""

    kind: Literal["vote", "run"]
    run: UUID | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic`: leader, references, cost or next. `is_sure`: the 95 % interval leaves no doubt. `runs`
    are those that it rests on, `step` what would settle it, `pair` two runs worth seeing side by side."""

    topic: str
    text: str
    is_sure: bool
    runs: tuple[UUID, ...]
    step: Step | None = None
    pair: tuple[UUID, UUID] | None = None
