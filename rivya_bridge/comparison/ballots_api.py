"""The HTTP API's routes for blind votes and what follows from them."""

from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja import Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.comparison.judging import services
from rivya_bridge.comparison.judging.facts import Evidence, read_evidence
from rivya_bridge.comparison.judging.findings import find
from rivya_bridge.comparison.judging.settled import leader_percent, vote_state
from rivya_bridge.comparison.judging.standings import Table, rank_configurations, rank_models
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.comparison.views.voting import blind_side, side
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Conflict

router = Router(tags=["votes"])


class SideOut(Schema):
    """One result without anything that tells what made it: its text, or the address of its bytes."""

    kind: str
    text: str
    url: str | None


class BallotOut(Schema):
    """`prompt` is empty where the two differ in it."""

    id: UUID
    prompt: str
    a: SideOut
    b: SideOut


class VoteIn(Schema):
    model_config = ConfigDict(extra="forbid")

    outcome: Literal["a", "b", "tie", "both_bad"]


class VoteOut(Schema):
    id: UUID
    outcome: str
    is_undone: bool


class StandingOut(Schema):
    """`chance`, `least`, `most`: how likely it beats the average one, with the 95 % interval."""

    model: str
    runs: list[UUID]
    wins: float
    votes: int
    chance: float
    least: float
    most: float


class FindingOut(Schema):
    topic: str
    text: str
    is_sure: bool
    runs: list[UUID]


class RankingOut(Schema):
    """`state`: none, split or settled, by the share of its votes that *Decide* asks of a leader."""

    state: str
    leader: str | None
    votes: int
    models: list[StandingOut]
    configurations: list[StandingOut]
    findings: list[FindingOut]


SIDES = {"a": "left", "b": "right"}
LETTERS = {side: letter for letter, side in SIDES.items()}


@router.post(
    "/experiments/{uuid:experiment_id}/ballots",
    response={200: BallotOut, 201: BallotOut},
    summary="Draw a pair to vote on blindly",
)
def draw(
    request: HttpRequest, experiment_id: UUID, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    experiment = get_experiment(experiment_id)
    scope = scope_of(request, f"ballots:{experiment.pk}")
    made, is_new = do_once(
        scope, read_idempotency_key(key), {}, lambda: str(services.draw_ballot(experiment).pk)
    )
    return Status(201 if is_new else 200, _open_pair(UUID(made)))


@router.get("/ballots/{uuid:ballot_id}", response=BallotOut, summary="A pair that was drawn")
def read(request: HttpRequest, ballot_id: UUID) -> dict[str, Any]:
    return _open_pair(ballot_id)


def _open_pair(ballot_id: UUID) -> dict[str, Any]:
    """What may be told of a pair. Raises Conflict once it was voted on."""
    ballot = services.get_ballot(ballot_id)
    if not ballot.is_open:
        raise Conflict("This pair was voted on before: draw another one.")
    return _pair(ballot)


@router.get("/ballots/{uuid:ballot_id}/sides/{letter}", summary="The bytes of one side")
def side_content(
    request: HttpRequest, ballot_id: UUID, letter: Literal["a", "b"]
) -> HttpResponseBase:
    return side(request, ballot_id, letter)


@router.post("/ballots/{uuid:ballot_id}/vote", response=VoteOut, summary="Vote on a pair, once")
def vote(request: HttpRequest, ballot_id: UUID, payload: VoteIn) -> dict[str, Any]:
    """The same outcome again changes nothing; another one is refused."""
    outcome = SIDES.get(payload.outcome, payload.outcome)
    return _vote(services.cast_vote(services.get_ballot(ballot_id), outcome))


@router.post(
    "/experiments/{uuid:experiment_id}/undo-vote",
    response=VoteOut,
    summary="Take the newest vote back",
)
def undo(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
    return _vote(services.undo_last_vote(get_experiment(experiment_id)))


@router.get(
    "/experiments/{uuid:experiment_id}/ranking",
    response=RankingOut,
    summary="Who leads by the votes, and what that means in words",
)
def ranking(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
    evidence = read_evidence(get_experiment(experiment_id))
    names, state = model_names(), vote_state(evidence)
    return {
        "state": state.word(leader_percent()),
        "leader": evidence.entrants[UUID(state.run)].model if state.run else None,
        "votes": len(evidence.votes),
        "models": _standings(rank_models(evidence), evidence),
        "configurations": _standings(rank_configurations(evidence), evidence),
        "findings": find(evidence, lambda model: names.get(model, model)),
    }


def _pair(ballot: Ballot) -> dict[str, Any]:
    return {
        "id": ballot.pk,
        "prompt": ballot.left.prompt if ballot.left.prompt == ballot.right.prompt else "",
        **{letter: _side(ballot, letter) for letter in SIDES},
    }


def _side(ballot: Ballot, letter: str) -> dict[str, Any]:
    shown = blind_side(ballot, letter)
    address = f"{settings.BRIDGE_URL}/api/v1/ballots/{ballot.pk}/sides/{letter}"
    is_text = shown["kind"] == "text"
    return {"kind": shown["kind"], "text": shown["text"], "url": None if is_text else address}


def _vote(ballot: Ballot) -> dict[str, Any]:
    outcome = LETTERS.get(ballot.outcome, ballot.outcome)
    return {"id": ballot.pk, "outcome": outcome, "is_undone": ballot.undone_at is not None}


def _standings(table: Table, evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "model": evidence.entrants[one.runs[-1]].model,
            "runs": one.runs,
            "wins": one.wins,
            "votes": one.votes,
            "chance": one.chance,
            "least": one.least,
            "most": one.most,
        }
        for one in table.standings
    ]
