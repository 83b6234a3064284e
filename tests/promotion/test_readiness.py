"""Readiness from rows: facts, overrides that end, history, pages and the HTTP API."""

from itertools import combinations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.experiments.services import judge_run
from rivya_bridge.promotion.models import ReadinessOverride, ReadinessVerdict
from rivya_bridge.promotion.readiness.rules import Rules
from rivya_bridge.promotion.readiness.selectors import gather_facts
from rivya_bridge.promotion.readiness.services import (
    end_override,
    experiment_readiness,
    name_consumer,
    override_answer,
    readiness_of,
    set_rules,
)
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.refusals import Refusal
from rivya_bridge.sweeps.models import ResultDistance
from tests.experiments.factories import add_models, make_experiment, make_file, record, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(db):
    """All six questions point to the API."""
    add_models("z-image", "flux-2-pro")
    Wallet.objects.update_or_create(
        account=current_connection().account, defaults={"current_credits": 1_000}
    )
    made = make_experiment()
    for subject in ("a red cup", "two bottles", "the old clock"):
        accept(made, f"Photo of {subject} on wet slate, soft light")
    winner = made.runs.order_by("number").first()
    save_comparison(made, title="All", runs=list(made.runs.order_by("number")[:2]), winner=winner)
    name_consumer(made, "shop", "polling")
    return made


def accept(experiment, prompt="Photo of a vase on wet slate, soft light", **changes):
    given = {"verdict": "accepted", "credits": 4, "model_id": "z-image", **changes}
    return record(experiment, prompt=prompt, **given)


def vote(experiment, *outcomes):
    """Counted votes on the first two runs."""
    left, right = experiment.runs.order_by("number")[:2]
    for outcome in outcomes:
        Ballot.objects.create(
            experiment=experiment, left=left, right=right, outcome=outcome, voted_at=timezone.now()
        )


def points(experiment) -> dict[str, str]:
    return {reply.key: reply.points for reply in experiment_readiness(experiment).replies}


def changed(before, after) -> list[str]:
    return [key for key in before if before[key] != after[key]]


def test_it_works(experiment):
    found = experiment_readiness(experiment)
    assert {reply.key: reply.points for reply in found.replies} == dict.fromkeys(
        [reply.key for reply in found.replies], "api"
    )
    assert (found.verdict, found.blockers) == ("ready", [])


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("exploring", lambda e: judge_run(e.runs.latest("id"), "rejected")),
        ("exploring", lambda e: accept(e, params={"aspect_ratio": "1:1"})),
        ("exploring", lambda e: accept(e, "Ein Hund läuft über die Wiese")),
        ("comparing", lambda e: save_comparison(e, title="B", runs=list(e.runs.all()[:2]))),
        ("comparing", lambda e: vote(e, "left", "right")),
        ("model", lambda e: add_models("z-image", api_status="studio_only")),
        ("model", lambda e: accept(e, model_id="flux-2-pro")),
        ("references", lambda e: accept(e, references=[make_file()], model_id="z-image")),
        ("consumer", lambda e: name_consumer(e, "", "polling")),
        ("credits", lambda e: accept(e, credits=90)),
        ("credits", lambda e: accept(e, credits=None)),
        ("credits", lambda e: Wallet.objects.update(current_credits=3)),
    ],
)
def test_one_change_of_a_row_changes_exactly_one_answer(experiment, question, change):
    before = points(experiment)
    change(experiment)
    assert changed(before, points(experiment)) == [question]


def distant(value, *files):
    """Every two of these files lie so far apart, as if measured."""
    for one, other in combinations(sorted(file.sha256 for file in files), 2):
        ResultDistance.objects.create(kind="image", first=one, second=other, value=value)


def test_repeats_that_lie_far_apart_keep_what_is_accepted_in_studio(experiment):
    before = points(experiment)
    files = [make_file(f"{number}.png") for number in (1, 2, 3)]
    for file in files:
        accept(experiment, results=[file])
    assert points(experiment) == before  # nothing is measured yet
    distant(0.7, *files)
    assert changed(before, points(experiment)) == ["exploring"]
    [exploring, *_] = experiment_readiness(experiment).replies
    assert "3 repeats of one request lie 70 % apart: results are not stable" in (
        exploring.answer.sentence
    )
    set_rules({"apart_percent": 70})
    assert points(experiment) == before
    [exploring, *_] = experiment_readiness(experiment).replies
    assert "3 repeats of one request lie 70 % apart." in exploring.answer.sentence


def test_repeats_of_the_request_count_that_was_repeated_most(experiment):
    files = [make_file(f"{number}.png") for number in (1, 2, 3)]
    for file in files:
        accept(experiment, "Photo of a jug on wet slate, soft light", results=[file])
    distant(0.7, *files)
    accept(experiment, "Photo of a lamp on wet slate, soft light")
    assert points(experiment)["exploring"] == "studio"


def test_votes_that_agree_settle_and_votes_taken_back_do_not_count(experiment):
    vote(experiment, "left", "left", "tie")
    [_, comparing, *_] = experiment_readiness(experiment).replies
    assert comparing.points == "api"
    assert "the configuration of run 1 leads with 2.5 of its 3 votes" in comparing.answer.sentence
    vote(experiment, "right", "right")
    assert points(experiment)["comparing"] == "studio"
    Ballot.objects.filter(outcome="right").update(undone_at=timezone.now())
    assert points(experiment)["comparing"] == "api"


def test_votes_alone_can_settle(experiment):
    experiment.comparisons.all().delete()
    assert points(experiment)["comparing"] == "unknown"
    vote(experiment, "left", "left")
    assert points(experiment)["comparing"] == "api"


def test_runs_that_wait_or_failed_are_no_evidence(experiment):
    start(experiment, prompt="Something else entirely", model_id="flux-2-pro")
    assert experiment_readiness(experiment).verdict == "ready"


def test_an_override_counts_until_its_evidence_changes(experiment):
    name_consumer(experiment, "", "polling")
    row = override_answer(experiment, "consumer", "api", "The shop takes it from June on.")
    assert experiment_readiness(experiment).verdict == "ready"
    accept(experiment)
    assert experiment_readiness(experiment).verdict == "ready"
    name_consumer(experiment, "crm", "webhook")
    name_consumer(experiment, "", "polling")
    assert experiment_readiness(experiment).verdict == "ready"
    name_consumer(experiment, "crm", "webhook")
    assert experiment_readiness(experiment).replies[4].override is None
    name_consumer(experiment, "", "polling")
    assert experiment_readiness(experiment).verdict == "not_yet"
    row.refresh_from_db()
    assert (row.ended_by, row.ended_at is None) == ("evidence", False)


def test_an_override_is_replaced_and_taken_back(experiment):
    override_answer(experiment, "model", "studio", "Try the new one first.")
    override_answer(experiment, "model", "studio", "Still.")
    assert experiment_readiness(experiment).verdict == "keep_in_studio"
    assert end_override(experiment, "model")
    assert experiment_readiness(experiment).verdict == "ready"
    assert ReadinessOverride.objects.count() == 2
    assert not end_override(experiment, "model")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("nonsense", "api", "x"), "question"),
        (("model", "unknown", "x"), "points"),
        (("model", "api", "  "), "reason"),
        (("model", "api", "x" * 1_001), "reason"),
    ],
)
def test_an_override_that_breaks_a_rule_is_refused(experiment, given, field):
    with pytest.raises(Refusal) as refused:
        override_answer(experiment, *given)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not ReadinessOverride.objects.exists()


def test_a_verdict_joins_the_history_only_when_it_differs(experiment):
    for _ in range(2):
        experiment_readiness(experiment)
    name_consumer(experiment, "", "polling")
    for _ in range(2):
        experiment_readiness(experiment)
    rows = ReadinessVerdict.objects.order_by("id").values_list("verdict", flat=True)
    assert list(rows) == ["ready", "not_yet"]


def test_rules_of_the_workspace_change_the_answers(experiment):
    set_rules({"least_accepted": 4})
    assert changed(dict.fromkeys(points(experiment), "api"), points(experiment)) == ["exploring"]


def test_facts_take_the_same_queries_for_many_experiments(experiment):
    def count(experiments) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            gather_facts(experiments, Rules())
        return len(queries)

    others = [make_experiment(title=f"Other {number}") for number in range(5)]
    for other in others:
        accept(other, references=[make_file()], model_id="flux-2-pro")
    readiness_of([experiment, *others])
    assert count([experiment]) >= count([others[0]]) - 1
    assert count([experiment, *others]) <= count([others[0]])


def test_a_promotion_freezes_the_verdict(experiment):
    run = experiment.runs.latest("id")
    evidence = promote_run(run, name="Cup").promotion.evidence["readiness"]
    assert evidence["verdict"] == "ready"
    assert len(evidence["answers"]) == 6
    assert evidence["answers"][0]["evidence"][0]["id"] == str(run.pk)


# --- Pages ----------------------------------------------------------------------------------------


def test_the_page_shows_the_verdict_and_takes_overrides_and_consumers(experiment, signed_in_client):
    where = f"/experiments/{experiment.pk}/readiness/"
    assert "Ready for the API" in signed_in_client.get(where).content.decode()
    signed_in_client.post(f"/experiments/{experiment.pk}/consumer/", {"name": ""})
    assert "<h1>Not yet</h1>" in signed_in_client.get(where).content.decode()
    sent = {"consumer-points": "api", "consumer-reason": "From June on."}
    signed_in_client.post(f"{where}consumer/override/", sent)
    assert "From June on." in signed_in_client.get(where).content.decode()
    signed_in_client.post(f"{where}consumer/override/", {"withdraw": "1"})
    text = signed_in_client.get(where).content.decode()
    assert "Taken back" in text and "<h1>Not yet</h1>" in text
    assert signed_in_client.post(f"{where}consumer/override/", {}, follow=True).status_code == 200


def test_the_board_groups_experiments_and_its_rules_can_be_set(experiment, signed_in_client):
    make_experiment(title="Fresh idea")
    columns = signed_in_client.get("/decide/").context["columns"]
    assert [(title, [one.experiment.title for one in found]) for title, found in columns] == [
        ("Ready for the API", ["Bottle on slate"]), ("Not yet", []), ("Keep in Studio", ["Fresh idea"]),
    ]  # fmt: skip
    sent = {"latest_runs": "8", "least_accepted": "4", "least_priced": "2", "spread_percent": "25"}
    sent |= {"leader_percent": "60", "apart_percent": "50"}
    assert signed_in_client.post("/decide/rules/", sent).status_code == 422
    assert signed_in_client.post("/decide/rules/", sent | {"wallet_jobs": "1"}).status_code == 302
    assert points(experiment)["exploring"] == "unknown"


def test_the_best_configuration_is_the_one_accepted_most(experiment, signed_in_client):
    where = f"/experiments/{experiment.pk}/promote/"
    accept(experiment)
    newest = accept(experiment)
    answer = signed_in_client.get(where)
    assert answer.headers["Location"] == f"/runs/{newest.pk}/promote/"
    empty = make_experiment()
    answer = signed_in_client.get(f"/experiments/{empty.pk}/promote/")
    assert answer.headers["Location"] == f"/experiments/{empty.pk}/"


# --- HTTP API -------------------------------------------------------------------------------------


def test_a_program_reads_and_overrides_readiness(experiment, api_client):
    where = f"/api/v1/experiments/{experiment.pk}"

    def send(method: str, path: str, body: dict) -> dict:
        call = getattr(api_client, method)
        answer = call(path, body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert api_client.get(f"{where}/readiness").json()["verdict"] == "ready"
    assert send("put", f"{where}/consumer", {"name": ""})["verdict"] == "not_yet"
    body = {"question": "consumer", "points": "api", "reason": "From June on."}
    found = send("post", f"{where}/readiness/override", body)
    assert found["verdict"] == "ready"
    [own] = [one for one in found["answers"] if one["override_reason"]]
    assert (own["question"], own["computed"], own["points"]) == ("consumer", "studio", "api")
    rules = "/api/v1/readiness/rules"
    assert send("put", rules, {"wallet_jobs": 500})["wallet_jobs"] == 500
    assert api_client.get(rules).json()["latest_runs"] == 8
    assert api_client.get(f"{where}/readiness").json()["verdict"] == "not_yet"
    refused = api_client.put(rules, {"wallet_jobs": 0}, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["error"]["fields"][0]["field"] == "wallet_jobs"
