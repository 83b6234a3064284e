"""Whether the votes on an experiment have settled anything: one answer for whoever decides by it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from rivya_bridge.comparison.judging.facts import Evidence, read_evidence
from rivya_bridge.comparison.judging.standings import Table, rank_configurations, rank_models
from rivya_bridge.experiments.models import Experiment

State = Literal["none", "split", "settled"]


@dataclass(frozen=True, slots=True)
class VoteState:
    """`state`: "none" without a vote that tells two apart; "settled" when the leader beats the next one
    in more than half of votes with 95 % certainty; "split" else.

    `by` says between what was voted: "model", or "configuration" where only one model was. `leader` and
    `next` are model ids; `run` is the leader's newest run. `votes` counts those between the contestants,
    `chance` (0 to 1) with `least` and `most` is how likely the leader beats the next.
    """

    state: State = "none"
    by: Literal["model", "configuration"] = "model"
    leader: str = ""
    next: str = ""
    run: UUID | None = None
    votes: int = 0
    chance: float = 0.5
    least: float = 0.0
    most: float = 1.0


def vote_state(experiment: Experiment) -> VoteState:
    """Settled or split, who leads, and by how many votes (four queries)."""
    return judge(read_evidence(experiment))


def judge(evidence: Evidence) -> VoteState:
    """`vote_state` without a database."""
    models = rank_models(evidence)
    if len(models.standings) >= 2:
        return _state(evidence, models, "model")
    configurations = rank_configurations(evidence)
    if len(configurations.standings) >= 2:
        return _state(evidence, configurations, "configuration")
    return VoteState()


def _state(evidence: Evidence, table: Table, by: Literal["model", "configuration"]) -> VoteState:
    first, second = table.standings[:2]
    chance, least, most = table.chance(first.key, second.key)
    newest = {one.key: evidence.entrants[one.runs[-1]] for one in (first, second)}
    return VoteState(
        state="settled" if least > 0.5 else "split",
        by=by,
        leader=newest[first.key].model,
        next=newest[second.key].model,
        run=first.runs[-1],
        votes=sum(one.votes for one in table.standings) // 2,
        chance=chance,
        least=least,
        most=most,
    )
