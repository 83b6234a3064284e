"""The HTTP API's routes for sweeps and stability."""

import json

import pytest

from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.services.feeding import feed_sweep
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import make_experiment, make_file, start
from tests.sweeps.making import end, make_sweep, open_tries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]

NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"
BODY = {
    "models": ["z-image", "flux-2-pro"],
    "prompts": ["A bottle on slate"],
    "params": {"aspect_ratio": ["1:1", "16:9"]},
}


@pytest.fixture
def experiment(models):
    return make_experiment()


@pytest.fixture
def post(api_client):
    def send(where, body, **headers):
        return api_client.post(
            f"/api/v1{where}", json.dumps(body), content_type="application/json", headers=headers
        )

    return send


def test_it_works(post, api_client, experiment):
    answer = post(f"/experiments/{experiment.pk}/sweeps", BODY)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["cell_count"], made["estimated_credits"]) == ("running", 4, 12)
    assert made["runs"]["waiting"] == 4 and made["url"] == f"/sweeps/{made['id']}/"
    feed_sweep(made["id"])
    one = open_tries(Sweep.objects.get())[0]
    end(one, make_file(), credits=2)
    cells = api_client.get(f"/api/v1/sweeps/{made['id']}/cells").json()
    assert cells["next"] is None
    first = cells["items"][0]
    assert first["values"] == {"models": "Z-Image", "params.aspect_ratio": "1:1"}
    assert (first["status"], first["credits"], first["runs"]) == (
        "succeeded",
        2,
        [str(one.run_id)],
    )
    listed = api_client.get(f"/api/v1/experiments/{experiment.pk}/sweeps").json()
    assert [row["id"] for row in listed["items"]] == [made["id"]]
    assert api_client.get(f"/api/v1/sweeps/{made['id']}").json()["spent_credits"] == 2


def test_a_dry_run_counts_and_estimates_and_stores_nothing(post, experiment):
    body = {**BODY, "params": {"resolution": "1K, 2K"}, "repeats": 2}
    found = post(f"/experiments/{experiment.pk}/sweeps?dry_run=true", body).json()
    assert (found["ok"], found["cell_count"], found["run_count"]) == (False, 4, 4)
    assert found["invalid"][0]["values"] == {"models": "Z-Image", "params.resolution": "1K"}
    assert found["error"]["fields"][0]["field"] == "cells"
    where = f"/experiments/{experiment.pk}/sweeps?dry_run=true&leave_out_invalid=true"
    found = post(where, body).json()
    assert (found["ok"], found["estimated_credits"], found["error"]) == (True, 20, None)
    assert not Sweep.objects.exists() and not Task.objects.exists()


def test_its_runs_continue_the_run_that_is_named_and_those_tried_again_do_too(post, experiment):
    run = start(experiment, model_id="z-image")
    where = f"/experiments/{experiment.pk}/sweeps"
    made = post(where, {**BODY, "continues_from": str(run.pk)}).json()
    assert made["continues_from"] == str(run.pk)
    sweep = Sweep.objects.get()
    feed_sweep(sweep.pk)
    end(open_tries(sweep)[0], status="failed", credits=0)
    assert post(f"/sweeps/{sweep.pk}/retry", {}).status_code == 200
    feed_sweep(sweep.pk)
    assert [later.continues_from_id for later in experiment.runs.exclude(pk=run.pk)] == [run.pk] * 5


def test_a_run_of_another_experiment_is_refused_even_when_only_asked(post, experiment):
    stranger = start(make_experiment(), model_id="z-image")
    for where in (f"/experiments/{experiment.pk}/sweeps{query}" for query in ("", "?dry_run=1")):
        answer = post(where, {**BODY, "continues_from": str(stranger.pk)})
        assert answer.status_code == 422
        assert answer.json()["error"]["fields"][0]["field"] == "continues_from"
    assert not Sweep.objects.exists()


def test_one_key_makes_one_sweep(post, experiment):
    where = f"/experiments/{experiment.pk}/sweeps"
    answers = [post(where, BODY, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    other = post(where, {**BODY, "repeats": 2}, **{"Idempotency-Key": "k"})
    assert other.status_code == 409 and other.json()["error"]["fields"][0]["field"] == "repeats"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"models": []}, "models"),
        ({"models": ["nope"]}, "models"),
        ({"params": {"aspect_ratio": "1:1, .., 9"}}, "params.aspect_ratio"),
        ({"skip": ["SKIP: nothing"]}, "skip"),
        ({"repeats": 21}, "repeats"),
        ({"credit_cap": 1}, "credit_cap"),
        ({"references": [NOWHERE]}, "references"),
        ({"replacements": [{"search": "cat", "alternatives": ["dog"]}]}, "replacements.1"),
        ({"nonsense": 1}, "nonsense"),
        ({"params": {"aspect_ratio": {"a": 1}}}, "params.aspect_ratio"),
        ({"prompts": ["\0"]}, "prompts.0"),
    ],
)
def test_refusals_name_their_field_and_store_nothing(post, experiment, changes, field):
    answer = post(f"/experiments/{experiment.pk}/sweeps", {**BODY, **changes})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"].endswith(field)
    assert not Sweep.objects.exists()


def test_cells_come_in_pages(api_client, experiment):
    sweep = make_sweep(experiment, models=["seedance-1-0-pro"], params={"seed": "1, .., 60"})
    first = api_client.get(f"/api/v1/sweeps/{sweep.pk}/cells").json()
    rest = api_client.get(f"/api/v1/sweeps/{sweep.pk}/cells?cursor={first['next']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (50, 10, None)
    assert api_client.get(f"/api/v1/sweeps/{sweep.pk}/cells?cursor=x").status_code == 422


def test_pause_resume_change_cancel_and_retry(post, api_client, experiment):
    sweep = make_sweep(experiment, params={"aspect_ratio": "1:1, 16:9"})
    where = f"/sweeps/{sweep.pk}"
    assert post(f"{where}/pause", {}).json()["status"] == "paused"
    assert post(f"{where}/pause", {}).status_code == 409
    assert post(f"{where}/resume", {}).json()["status"] == "running"
    changed = api_client.patch(
        f"/api/v1{where}", json.dumps({"concurrency": 3}), content_type="application/json"
    )
    assert changed.json()["concurrency"] == 3
    canceled = post(f"{where}/cancel", {}).json()
    assert (canceled["status"], canceled["runs"]["canceled"]) == ("canceled", 2)
    assert post(f"{where}/retry", {}).status_code == 409
    assert post(f"{where}/retry", {"cells": [9]}).status_code == 422
    again = post(f"{where}/retry", {"cells": [1]}).json()
    assert (again["status"], again["runs"]["waiting"]) == ("running", 1)


def test_stability_is_told_per_configuration(api_client, experiment):
    sweep = make_sweep(experiment, repeats=3)
    feed_sweep(sweep.pk)
    same = make_file()
    for one in open_tries(sweep):
        end(one, same)
    [row] = api_client.get(f"/api/v1/experiments/{experiment.pk}/stability").json()["items"]
    assert (row["model"], row["runs"], row["word"], row["spread"]) == (
        "z-image",
        3,
        "identical",
        0,
    )
    assert row["outputs"][0]["count"] == 3


@pytest.mark.parametrize("where", ["", "/cells"])
def test_a_sweep_that_does_not_exist_is_not_found(api_client, db, where):
    assert api_client.get(f"/api/v1/sweeps/{NOWHERE}{where}").status_code == 404
