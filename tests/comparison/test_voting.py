"""Blind votes: what a pair tells before the vote, what a vote counts, and what follows from it."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rivya_bridge.comparison.judging.facts import read_evidence
from rivya_bridge.comparison.judging.findings import find
from rivya_bridge.comparison.judging.pairing import next_pair
from rivya_bridge.comparison.judging.services import cast_vote, draw_ballot, undo_last_vote
from rivya_bridge.comparison.judging.settled import vote_state, vote_states
from rivya_bridge.comparison.judging.standings import rank_configurations, rank_models
from rivya_bridge.comparison.judging.vote_state import VoteState
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.promotion.readiness.services import experiment_readiness, set_rules
from rivya_bridge.refusals import Conflict, Refusal
from tests.experiments.factories import add_models, make_experiment, make_file, record

pytestmark = pytest.mark.django_db

NAMES = {
    "z-image": "Z-Image",
    "grok-imagine": "Grok Imagine",
    "flux-2-pro": "Flux 2 Pro",
    "nano-banana-2": "Nano Banana 2",
}


@pytest.fixture(autouse=True)
def models(db: None) -> None:
    add_models("z-image", "grok-imagine", "flux-2-pro", "nano-banana-2")


def two_runs(experiment, **changes):
    one = record(experiment, model_id="z-image", credits=17, duration_seconds=43.21, **changes)
    other = record(experiment, model_id="grok-imagine", credits=29, **changes)
    return one, other


def vote(experiment, winner: str, times: int = 1) -> None:
    """Votes for the side that `winner`'s model made."""
    for _ in range(times):
        ballot = draw_ballot(experiment)
        side = "left" if ballot.left.model_id == winner else "right"
        cast_vote(ballot, side)


# --- What a pair tells ------------------------------------------------------------------------------


def test_a_pair_that_was_voted_on_leads_to_the_ranking(signed_in_client: Client) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    ballot = draw_ballot(experiment)
    cast_vote(ballot, "tie")
    answer = signed_in_client.get(f"/ballots/{ballot.pk}/")
    assert answer["Location"] == f"/experiments/{experiment.pk}/ranking/"


def test_the_server_shuffles_the_sides() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    lefts = {draw_ballot(experiment).left.model_id for _ in range(40)}
    assert lefts == {"z-image", "grok-imagine"}


def test_the_prompt_is_shown_only_when_both_share_it(signed_in_client: Client) -> None:
    experiment = make_experiment()
    record(experiment, model_id="z-image", prompt="A red bottle")
    record(experiment, model_id="grok-imagine", prompt="A green bottle")
    page = signed_in_client.post(f"/experiments/{experiment.pk}/vote/", follow=True)
    assert "A red bottle" not in page.content.decode()


# --- Which pair -------------------------------------------------------------------------------------


def test_repeats_of_one_configuration_are_no_pair() -> None:
    experiment = make_experiment()
    record(experiment)
    record(experiment)
    with pytest.raises(Refusal, match="two results of different settings"):
        draw_ballot(experiment)


def test_rejected_runs_and_runs_without_a_result_are_not_drawn() -> None:
    experiment = make_experiment()
    one, other = two_runs(experiment)
    record(experiment, model_id="flux-2-pro", verdict="rejected")
    for _ in range(10):
        ballot = draw_ballot(experiment)
        assert {ballot.left_id, ballot.right_id} == {one.pk, other.pk}


def test_the_pair_that_was_voted_on_least_comes_next() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "z-image", 3)
    third = record(experiment, model_id="flux-2-pro")
    pair = next_pair(read_evidence(experiment))
    assert pair is not None
    assert third.pk in {pair[0].id, pair[1].id}


def test_a_picture_is_never_set_against_a_text() -> None:
    experiment = make_experiment()
    record(experiment, model_id="z-image", result_text="", results=[make_file()])
    record(experiment, model_id="grok-imagine")
    with pytest.raises(Refusal):
        draw_ballot(experiment)


# --- What a vote counts -----------------------------------------------------------------------------


def test_a_vote_counts_once() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    ballot = draw_ballot(experiment)
    cast_vote(ballot, "left")
    cast_vote(ballot, "left")
    with pytest.raises(Conflict, match="voted on before"):
        cast_vote(ballot, "right")
    assert len(read_evidence(experiment).votes) == 1


def test_an_unknown_outcome_is_refused_and_the_pair_stays_open(signed_in_client: Client) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    ballot = draw_ballot(experiment)
    with pytest.raises(Refusal, match="use one of left, right, tie, both_bad"):
        cast_vote(ballot, "maybe")
    ballot.refresh_from_db()
    assert ballot.is_open


def test_an_undone_vote_counts_for_nothing_and_stays_on_record(signed_in_client: Client) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "z-image", 2)
    undo_last_vote(experiment)
    assert len(read_evidence(experiment).votes) == 1
    assert Ballot.objects.exclude(undone_at=None).count() == 1
    undo_last_vote(experiment)
    with pytest.raises(Refusal, match="no vote to undo"):
        undo_last_vote(experiment)


def test_a_pair_left_for_a_day_is_forgotten() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    old = draw_ballot(experiment)
    Ballot.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    draw_ballot(experiment)
    assert not Ballot.objects.filter(pk=old.pk).exists()


def test_voting_by_form_leads_from_pair_to_pair(signed_in_client: Client) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    address = signed_in_client.post(f"/experiments/{experiment.pk}/vote/")["Location"]
    answer = signed_in_client.post(f"{address}vote/", {"outcome": "left"})
    assert re.fullmatch(r"/ballots/[0-9a-f-]{36}/", answer["Location"])
    assert answer["Location"] != address
    page = signed_in_client.get(f"/experiments/{experiment.pk}/ranking/")
    assert "1 vote on 2 results" in page.content.decode()


def test_an_unknown_pair_is_told_so(signed_in_client: Client) -> None:
    assert signed_in_client.get(f"/ballots/{uuid.uuid4()}/").status_code == 404


# --- Standings and findings -------------------------------------------------------------------------


def test_who_wins_more_votes_stands_higher() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "grok-imagine", 12)
    vote(experiment, "z-image", 2)
    table = rank_models(read_evidence(experiment))
    assert [one.key for one in table.standings] == ["grok-imagine", "z-image"]
    assert table.standings[0].wins == 12
    leader = next(
        one for one in find(read_evidence(experiment), NAMES.get) if one.topic == "leader"
    )
    assert leader.is_sure
    assert "Grok Imagine leads: it beats Z-Image" in leader.text


def test_even_votes_leave_it_open_and_say_so() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "grok-imagine", 2)
    vote(experiment, "z-image", 2)
    topics = {one.topic: one for one in find(read_evidence(experiment), NAMES.get)}
    assert not topics["leader"].is_sure
    assert "it is even" in topics["next"].text


def test_votes_within_one_model_rank_configurations_but_no_model() -> None:
    experiment = make_experiment()
    record(experiment, prompt="one")
    record(experiment, prompt="two")
    cast_vote(draw_ballot(experiment), "left")
    evidence = read_evidence(experiment)
    assert rank_models(evidence).standings == ()
    assert len(rank_configurations(evidence).standings) == 2


def test_references_are_judged_by_paired_votes_only() -> None:
    experiment = make_experiment()
    reference = make_file("reference.png")
    with_reference = record(experiment, model_id="nano-banana-2", references=[reference])
    record(experiment, model_id="nano-banana-2")
    for _ in range(9):
        ballot = draw_ballot(experiment)
        cast_vote(ballot, "left" if ballot.left_id == with_reference.pk else "right")
    found = {one.topic: one for one in find(read_evidence(experiment), NAMES.get)}
    assert found["references"].is_sure
    assert "Reference media helps: of 9 votes" in found["references"].text
    record(experiment, model_id="z-image")
    assert "of 9 votes" in next(
        one.text for one in find(read_evidence(experiment), NAMES.get) if one.topic == "references"
    )


def test_without_votes_paired_ratings_speak_for_references() -> None:
    experiment = make_experiment()
    reference = make_file("reference.png")
    record(experiment, model_id="nano-banana-2", references=[reference], rating=5)
    record(experiment, model_id="nano-banana-2", rating=3)
    found = {one.topic: one for one in find(read_evidence(experiment), NAMES.get)}
    assert "rated +2.0 of 5" in found["references"].text
    assert not found["references"].is_sure


def test_costs_are_told_per_model_with_their_spread() -> None:
    experiment = make_experiment()
    for credits in (4, 4, 4):
        record(experiment, model_id="z-image", credits=credits)
    for credits in (5, 9):
        record(experiment, model_id="grok-imagine", credits=credits)
    for credits in (5, 6, 10):
        record(experiment, model_id="flux-2-pro", credits=credits)
    record(experiment, model_id="nano-banana-2", credits=30)
    texts = [one.text for one in find(read_evidence(experiment), NAMES.get) if one.topic == "cost"]
    assert texts == [
        "A run of Z-Image costs 4 credits (the same in 3 runs).",
        "Two runs of Grok Imagine cost 5 and 9 credits: too few to say how much it varies.",
        "A run of Flux 2 Pro costs 7.0 credits on average, ±6.6 at 95 % (3 runs, from 5 to 10).",
        "The one run of Nano Banana 2 cost 30 credits: how much that varies is unknown.",
    ]


def test_reading_the_evidence_takes_the_same_queries_however_many_runs(
    django_assert_num_queries,
) -> None:
    experiment = make_experiment()
    for number in range(30):
        record(experiment, prompt=f"prompt {number}")
    vote(experiment, "z-image", 5)
    with django_assert_num_queries(4):
        read_evidence(experiment)


# --- What is undecided ------------------------------------------------------------------------------


def next_of(experiment) -> list:
    return [one for one in find(read_evidence(experiment), NAMES.get) if one.topic == "next"]


def test_an_undecided_pair_says_how_many_more_votes_and_offers_one() -> None:
    experiment = make_experiment()
    one, other = two_runs(experiment)
    vote(experiment, "grok-imagine", 3)
    vote(experiment, "z-image", 1)
    [step] = next_of(experiment)
    assert re.search(r"about \d+ more votes between the two would settle it", step.text)
    assert step.step is not None and step.step.kind == "vote"
    assert set(step.pair) == {one.pk, other.pk}


def test_the_votes_that_were_told_do_settle_it() -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "grok-imagine", 6)
    vote(experiment, "z-image", 2)
    [step] = next_of(experiment)
    more = int(re.search(r"about (\d+) more", step.text)[1])
    share = 0.75
    vote(experiment, "grok-imagine", round(more * share) + 1)
    vote(experiment, "z-image", more - round(more * share))
    assert next_of(experiment)[0].is_sure


def test_with_one_model_the_next_step_is_a_run_of_another() -> None:
    experiment = make_experiment()
    run = record(experiment)
    [step] = next_of(experiment)
    assert "Only Z-Image was tried" in step.text
    assert (step.step.kind, step.step.run) == ("run", run.pk)


def test_references_without_a_pair_name_the_run_that_is_missing(signed_in_client) -> None:
    experiment = make_experiment()
    reference = make_file("reference.png")
    run = record(experiment, model_id="nano-banana-2", references=[reference])
    record(experiment, model_id="z-image")
    found = next_of(experiment)[-1]
    assert f"Run {run.number} once more without its references" in found.text
    page = signed_in_client.get(f"/experiments/{experiment.pk}/ranking/").content.decode()
    assert f'href="/experiments/{experiment.pk}/run/?from={run.pk}"' in page
    record(experiment, model_id="nano-banana-2")
    assert len(next_of(experiment)) == 1


def test_every_finding_links_what_it_rests_on(signed_in_client) -> None:
    experiment = make_experiment()
    one, other = two_runs(experiment)
    vote(experiment, "grok-imagine", 3)
    page = signed_in_client.get(f"/experiments/{experiment.pk}/ranking/").content.decode()
    for run in (one, other):
        assert f'href="/runs/{run.pk}/"' in page
    assert f'href="/compare/?run={other.pk}&amp;run={one.pk}"' in page


# --- For whoever decides by the votes ---------------------------------------------------------------


def state_of(experiment):
    """What one experiment's page says, which is what a list of many says too."""
    state = vote_state(read_evidence(experiment))
    assert vote_states([experiment]).get(experiment.pk, VoteState(0)) == state
    return state


def test_the_state_of_the_votes_is_none_split_or_settled() -> None:
    experiment = make_experiment()
    assert state_of(experiment) == VoteState(0)
    two_runs(experiment)
    assert state_of(experiment).word(60) == "none"
    vote(experiment, "grok-imagine", 3)
    vote(experiment, "z-image", 2)
    state = state_of(experiment)
    assert (state.leader, state.count, state.wins, state.decided) == ("grok-imagine", 5, 3, 5)
    assert (state.word(60), state.word(61)) == ("settled", "split")
    assert state.sentence == "grok-imagine leads with 3 of its 5 votes"


def test_with_one_model_its_configurations_are_what_was_voted_on() -> None:
    experiment = make_experiment()
    record(experiment, prompt="one")
    better = record(experiment, prompt="two")
    record(experiment, prompt="three", model_id="grok-imagine")
    for _ in range(3):
        one, other = experiment.runs.order_by("number")[:2]
        Ballot.objects.create(
            experiment=experiment, left=one, right=other, outcome="right", voted_at=timezone.now()
        )
    state = state_of(experiment)
    assert (state.leader, state.run) == (
        f"the configuration of run {better.number}",
        str(better.pk),
    )


def test_votes_between_equals_name_no_leader() -> None:
    experiment = make_experiment()
    one, other = record(experiment, prompt="one"), record(experiment, prompt="one")
    Ballot.objects.create(
        experiment=experiment, left=one, right=other, outcome="left", voted_at=timezone.now()
    )
    assert state_of(experiment) == VoteState(1)
    assert state_of(experiment).word(60) == "none"


def test_the_states_of_many_experiments_take_two_queries(django_assert_num_queries) -> None:
    experiments = [make_experiment() for _ in range(3)]
    for experiment in experiments:
        two_runs(experiment)
        vote(experiment, "z-image", 1)
    with django_assert_num_queries(2):
        states = vote_states(experiments)
    assert {state.leader for state in states.values()} == {"z-image"}


def test_the_page_and_the_api_say_what_the_decision_says(signed_in_client, api_client) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "grok-imagine", 3)
    vote(experiment, "z-image", 1)
    address = f"/experiments/{experiment.pk}/ranking/"

    def said() -> tuple[bool, str, str]:
        page = signed_in_client.get(address).content.decode()
        told = api_client.get(f"/api/v1{address.rstrip('/')}").json()
        [_, comparing, *_] = experiment_readiness(experiment).replies
        return "votes agree" in page, told["state"], comparing.points

    assert said() == (True, "settled", "api")
    assert "leads with 3 of its 4 votes" in signed_in_client.get(address).content.decode()
    set_rules({"leader_percent": 80})
    assert said() == (False, "split", "studio")


def test_old_runs_count_where_they_were_voted_on(monkeypatch) -> None:
    experiment = make_experiment()
    two_runs(experiment)
    vote(experiment, "z-image", 3)
    monkeypatch.setattr("rivya_bridge.comparison.judging.facts.MOST_RUNS", 2)
    for number in range(3):
        record(experiment, prompt=f"later {number}")
    evidence = read_evidence(experiment)
    assert (len(evidence.entrants), len(evidence.votes), evidence.has_more) == (4, 3, True)
