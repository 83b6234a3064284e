"""What the blind votes of many experiments say, in two queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from rivya_bridge.comparison.judging.facts import SHARES, Entrant, Evidence, Vote
from rivya_bridge.comparison.judging.standings import rank_configurations, rank_models
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.models import Experiment, Run, RunReference
from rivya_bridge.promotion.readiness.facts import VotesFact

MOST_VOTES = 5_000


def votes_of(experiments: Iterable[Experiment]) -> dict[UUID, VotesFact]:
    """The leader of each experiment with counted votes: a model, or with one model a configuration."""
    rows = Ballot.objects.filter(experiment__in=experiments, undone_at=None).exclude(outcome="")
    ballots = list(rows.select_related("left", "right").order_by("voted_at", "id")[:MOST_VOTES])
    runs = {run.pk: run for ballot in ballots for run in (ballot.left, ballot.right)}
    references: dict[UUID, list[str]] = defaultdict(list)
    files = RunReference.objects.filter(run__in=runs).order_by("run_id", "position")
    for run_id, sha256 in files.values_list("run_id", "file__sha256"):
        references[run_id].append(sha256)
    entrants = {key: _entrant(run, references[key]) for key, run in runs.items()}
    found: dict[UUID, list[Vote]] = defaultdict(list)
    for ballot in ballots:
        is_bad = ballot.outcome == "both_bad"
        vote = Vote(ballot.pk, ballot.left_id, ballot.right_id, SHARES[ballot.outcome], is_bad)
        found[ballot.experiment_id].append(vote)
    return {key: _fact(votes, entrants) for key, votes in found.items()}


def _fact(votes: Sequence[Vote], entrants: dict[UUID, Entrant]) -> VotesFact:
    own = {key: entrants[key] for vote in votes for key in (vote.left, vote.right)}
    evidence = Evidence(own, tuple(votes))
    has_models = len({entrant.model for entrant in own.values()}) > 1
    table = (rank_models if has_models else rank_configurations)(evidence)
    if not table.standings:
        return VotesFact(count=len(votes))
    leader = table.standings[0]
    run = own[max(leader.runs, key=lambda key: own[key].number)]
    name = leader.key if has_models else f"the configuration of run {run.number}"
    return VotesFact(len(votes), name, str(run.id), leader.votes, leader.wins)


def _entrant(run: Run, references: Sequence[str]) -> Entrant:
    nothing: dict[str, Any] = dict.fromkeys(("credits", "seconds", "rating"))
    return Entrant(
        id=run.pk,
        number=run.number,
        model=run.model_id,
        prompt=run.prompt,
        params=run.params,
        references=tuple(references),
        kind=run.category,
        verdict=run.verdict,
        **nothing,
    )
