"""Whether the blind votes on an experiment have settled who leads: one answer for whoever asks.

They have when the leading model (of one model, the leading configuration) won the share of its votes that
the workspace asks for. How sure that is stands in the findings.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from rivya_bridge.comparison.judging.facts import SHARES, Entrant, Evidence, Vote
from rivya_bridge.comparison.judging.standings import rank_configurations, rank_models
from rivya_bridge.comparison.judging.vote_state import VoteState
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.models import Experiment, Run, RunReference

MOST_VOTES = 5_000
_readers: list[Callable[[], int]] = []


def register_leader_percent(read: Callable[[], int]) -> None:
    """Called once by the app that keeps the workspace's rules; it stands above this one."""
    _readers[:] = [read]


def leader_percent() -> int:
    """The share of its votes that a leader must have won, in percent (one query)."""
    [read] = _readers
    return read()


def vote_state(evidence: Evidence) -> VoteState:
    """The leader: a model, or where only one was voted on, a configuration."""
    votes = evidence.votes
    own = {key: evidence.entrants[key] for vote in votes for key in (vote.left, vote.right)}
    voted = Evidence(own, votes)
    has_models = len({entrant.model for entrant in own.values()}) > 1
    table = (rank_models if has_models else rank_configurations)(voted)
    if not table.standings:
        return VoteState(len(votes))
    leader = table.standings[0]
    run = own[max(leader.runs, key=lambda key: own[key].number)]
    name = leader.key if has_models else f"the configuration of run {run.number}"
    return VoteState(len(votes), name, str(run.id), leader.votes, leader.wins)


def vote_states(experiments: Iterable[Experiment]) -> dict[UUID, VoteState]:
    """`vote_state` of each experiment with counted votes (two queries however many)."""
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
    return {key: vote_state(Evidence(entrants, tuple(votes))) for key, votes in found.items()}


def _entrant(run: Run, references: Sequence[str]) -> Entrant:
    """What votes are counted by; what a run costs is read from its task and not needed here."""
    return Entrant(
        id=run.pk,
        number=run.number,
        model=run.model_id,
        prompt=run.prompt,
        params=run.params,
        references=tuple(references),
        kind=run.category,
        verdict=run.verdict,
    )
