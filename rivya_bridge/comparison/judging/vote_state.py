"""What counted votes say of who leads, and whether that settles it. Pure."""

from dataclasses import dataclass
from typing import Literal

State = Literal["none", "split", "settled"]


@dataclass(frozen=True, slots=True)
class VoteState:
    """Counted blind votes. `leader` won `wins` of the `decided` votes on it, a tie as half a win; `run`
    is its newest run. Without a leader the votes were all between equals."""

    count: int
    leader: str = ""
    run: str = ""
    decided: int = 0
    wins: float = 0.0

    def word(self, leader_percent: int) -> State:
        if not self.leader:
            return "none"
        return "settled" if 100 * self.wins >= leader_percent * self.decided else "split"

    @property
    def sentence(self) -> str:
        return f"{self.leader} leads with {self.wins:g} of its {self.decided} votes"
