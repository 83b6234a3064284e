"""Starting jobs: one key makes one job, a dry run makes none, and every wrong input is named."""

import pytest
from django.test import Client

from rivya_bridge.access.services import create_api_token
from rivya_bridge.automation.models import Job
from rivya_bridge.credits.models import Wallet
from tests.api.errors import fields_of

pytestmark = pytest.mark.django_db
JOBS = "/templates/bottle-banner/jobs"


def test_it_works(place, post):
    answer = post(JOBS, {"inputs": {"color": "green", "seed": 7}})
    assert answer.status_code == 201
    job = Job.objects.get(pk=answer.json()["id"])
    assert job.task.draft == {
        "model": "google-imagen4-fast",
        "prompt": "A green bottle on slate",
        "params": {"seed": 7},
    }
    assert (job.source, answer.json()["inputs"]) == ("api", {"color": "green", "seed": 7})


@pytest.mark.parametrize("body", [{}, {"inputs": {}}, {"inputs": {"color": None, "seed": None}}])
def test_what_is_left_out_takes_its_default(place, post, body):
    assert post(JOBS, body).json()["inputs"] == {"color": "red"}


# --- Idempotency ----------------------------------------------------------------------------------


def test_the_same_key_and_body_answer_with_the_same_job(place, post):
    first = post(JOBS, {"inputs": {"color": "green"}}, key="order-7")
    again = post(JOBS, {"inputs": {"color": "green"}}, key="order-7")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Job.objects.count() == 2


def test_the_same_key_with_another_body_names_what_differs(place, post):
    post(JOBS, {"inputs": {"color": "green", "seed": 7}}, key="order-7")
    other = post(JOBS, {"inputs": {"color": "blue", "seed": 7}}, key="order-7")
    assert fields_of(other, 409) == ["color"]
    assert "color" in other.json()["error"]["message"]
    assert Job.objects.count() == 2


def test_a_key_belongs_to_one_template_and_one_token(place, post):
    post(JOBS, {}, key="order-7")
    other = Client(
        headers={
            "host": "127.0.0.1:8000",
            "authorization": f"Bearer {create_api_token('other')}",
            "idempotency-key": "order-7",
        }
    )
    answer = other.post(f"/api/v1{JOBS}", {}, content_type="application/json")
    assert answer.status_code == 201


def test_a_refused_request_does_not_use_the_key_up(place, post):
    assert post(JOBS, {"inputs": {"colour": "x"}}, key="order-7").status_code == 422
    assert post(JOBS, {"inputs": {"color": "x"}}, key="order-7").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "tab\tkey"])
def test_a_key_that_is_none_is_refused_by_name(place, post, row_counts, key):
    before = row_counts()
    assert fields_of(post(JOBS, {}, key=key)) == ["Idempotency-Key"]
    assert row_counts() == before


def test_the_longest_key_works(place, post):
    assert post(JOBS, {}, key="k" * 255).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "other", "field"),
    [
        ("/experiments", {"title": "A"}, {"title": "B"}, "title"),
        (
            "/experiments/{experiment}/runs",
            {"source": "api", "model": "z-image", "prompt": "A"},
            {"source": "api", "model": "z-image", "prompt": "B"},
            "prompt",
        ),
        ("/runs/{done}/promote", {"name": "A"}, {"name": "B"}, "name"),
        (
            "/experiments/{experiment}/comparisons",
            {"title": "A", "runs": ["{done}", "{studio}"]},
            {"title": "B", "runs": ["{done}", "{studio}"]},
            "title",
        ),
    ],
)
def test_every_route_that_makes_something_takes_a_key(
    place, post, row_counts, path, body, other, field
):
    ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done", "studio")}
    if "runs" in body:
        runs = {"runs": [ids["done"], ids["studio"]]}
        body, other = body | runs, other | runs
    first = post(path.format(**ids), body, key="k")
    assert first.status_code == 201
    before = row_counts()
    again = post(path.format(**ids), body, key="k")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert fields_of(post(path.format(**ids), other, key="k"), 409) == [field]
    assert row_counts() == before


# --- Dry run --------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["1", "true"])
def test_a_dry_run_says_what_would_be_sent_and_creates_nothing(place, post, row_counts, flag):
    before = row_counts()
    answer = post(f"{JOBS}?dry_run={flag}", {"inputs": {"color": "green"}}, key="k")
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["dry_run"], plan["ok"], plan["error"]) == (True, True, None)
    assert plan["request"]["prompt"] == "A green bottle on slate"
    assert plan["estimated_credits"] > 0
    assert row_counts() == before


def test_a_dry_run_names_what_stands_in_the_way(place, post, row_counts):
    before = row_counts()
    plan = post(f"{JOBS}?dry_run=1", {"inputs": {"colour": "green"}}).json()
    assert plan["ok"] is False
    assert plan["error"]["fields"][0]["field"] == "colour"
    assert "color" in plan["error"]["message"]
    assert row_counts() == before


def test_a_dry_run_that_is_neither_yes_nor_no_is_refused(place, post, row_counts):
    before = row_counts()
    assert fields_of(post(f"{JOBS}?dry_run=perhaps", {})) == ["dry_run"]
    assert row_counts() == before


# --- Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"colour": "x"}, "colour"),
        ({"color": 5}, "color"),
        ({"color": ["x"]}, "color"),
        ({"color": "x" * 20_001}, "color"),
        ({"seed": "many"}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": 10**400}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": {"a": 1}}, "seed"),
        ({"prompt": "x"}, "prompt"),
        ({"": "x"}, "inputs"),
        ([], "inputs"),
        ("x", "inputs"),
        (None, "inputs"),
    ],
)
def test_a_wrong_input_is_refused_by_name(place, post, row_counts, inputs, field):
    before = row_counts()
    found = fields_of(post(JOBS, {"inputs": inputs}))
    assert found == [field]
    assert row_counts() == before


def test_an_unknown_input_is_told_the_known_ones(place, post):
    message = post(JOBS, {"inputs": {"colour": "x"}}).json()["error"]["message"]
    assert "color, seed" in message


def test_a_wallet_that_is_too_small_refuses_before_anything_is_spent(place, post, row_counts):
    Wallet.objects.update_or_create(
        account=place.job.task.account, defaults={"current_credits": 0, "reserved_credits": 0}
    )
    before = row_counts()
    assert fields_of(post(JOBS, {})) == ["credits"]
    assert row_counts() == before
