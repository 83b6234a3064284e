"""The compare tray: up to six runs of an experiment, kept for the visit."""

import re

import pytest
from django.test import Client

from tests.experiments.factories import add_models, make_experiment, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(db: None):
    add_models("z-image")
    experiment = make_experiment()
    return [record(experiment) for _ in range(8)]


def post(client: Client, of, **data):
    return client.post(f"/experiments/{of.experiment_id}/tray/", data)


def in_tray(client: Client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    found = re.search(r'<section id="tray"[^>]*data-runs="([^"]*)"', page)
    assert found, address
    return found[1].split()


def test_it_works(signed_in_client: Client, runs) -> None:
    one, two, *_ = runs
    experiment = f"/experiments/{one.experiment_id}/"
    assert in_tray(signed_in_client, experiment) == []
    answer = post(signed_in_client, one, run=str(one.pk), shown=str(one.pk), next=experiment)
    assert answer["Location"] == experiment
    post(signed_in_client, two, run=str(two.pk), shown=str(two.pk))
    for address in (
        experiment,
        f"/runs/{one.pk}/",
        f"{experiment}review/",
        f"{experiment}ranking/",
        f"{experiment}readiness/",
    ):
        assert in_tray(signed_in_client, address) == [str(one.pk), str(two.pk)]
    page = signed_in_client.get(experiment).content.decode()
    assert f'href="/compare/?run={one.pk}&amp;run={two.pk}"' in page
    assert page.count(" checked>") == 2


def test_what_a_page_shows_unticked_is_taken_out_and_the_rest_stays(signed_in_client, runs) -> None:
    one, two, three, *_ = runs
    post(signed_in_client, one, run=[str(one.pk), str(two.pk)])
    shown = [str(two.pk), str(three.pk)]
    post(signed_in_client, one, run=[str(three.pk)], shown=shown)
    assert in_tray(signed_in_client, f"/runs/{one.pk}/") == [str(one.pk), str(three.pk)]


def test_the_board_opens_with_all_of_it(signed_in_client, runs) -> None:
    one, two, *_ = runs
    post(signed_in_client, one, run=str(one.pk))
    answer = post(signed_in_client, one, run=str(two.pk), shown=str(two.pk), go=1)
    assert answer["Location"] == f"/compare/?run={one.pk}&run={two.pk}"


def test_one_run_alone_is_not_compared(signed_in_client, runs) -> None:
    answer = post(signed_in_client, runs[0], run=str(runs[0].pk), go=1)
    assert answer["Location"] == f"/experiments/{runs[0].experiment_id}/"
    page = signed_in_client.get(answer["Location"]).content.decode()
    assert "1 run is in the tray: choose at least 2" in page


def test_the_seventh_is_refused_and_nothing_changes(signed_in_client, runs) -> None:
    six = [str(run.pk) for run in runs[:6]]
    post(signed_in_client, runs[0], run=six)
    answer = signed_in_client.post(
        f"/experiments/{runs[0].experiment_id}/tray/",
        {"run": [*six, str(runs[6].pk)], "shown": str(runs[6].pk)},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert "takes up to 6 runs, and 7 would be in the tray" in answer.content.decode()
    assert in_tray(signed_in_client, f"/runs/{runs[0].pk}/") == six


def test_a_run_of_another_experiment_is_refused(signed_in_client, runs) -> None:
    stranger = record(make_experiment())
    answer = post(signed_in_client, runs[0], run=[str(stranger.pk), "nonsense"])
    page = signed_in_client.get(answer["Location"]).content.decode()
    assert "There is no run" in page
    assert in_tray(signed_in_client, f"/runs/{runs[0].pk}/") == []


def test_each_experiment_has_its_own(signed_in_client, runs) -> None:
    other = record(make_experiment())
    post(signed_in_client, runs[0], run=str(runs[0].pk))
    post(signed_in_client, other, run=str(other.pk))
    assert in_tray(signed_in_client, f"/runs/{other.pk}/") == [str(other.pk)]
    post(signed_in_client, other, empty=1)
    assert in_tray(signed_in_client, f"/runs/{other.pk}/") == []
    assert in_tray(signed_in_client, f"/runs/{runs[0].pk}/") == [str(runs[0].pk)]


@pytest.mark.parametrize(
    "where", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "x"]
)
def test_it_leads_nowhere_else(signed_in_client, runs, where) -> None:
    answer = post(signed_in_client, runs[0], run=str(runs[0].pk), next=where)
    assert answer["Location"] == f"/experiments/{runs[0].experiment_id}/"


def test_a_blind_pair_shows_no_tray(signed_in_client, runs) -> None:
    add_models("grok-imagine")
    record(runs[0].experiment, model_id="grok-imagine")
    post(signed_in_client, runs[0], run=str(runs[0].pk))
    answer = signed_in_client.post(f"/experiments/{runs[0].experiment_id}/vote/", follow=True)
    assert 'id="tray"' not in answer.content.decode()


def test_a_board_puts_its_runs_in_the_tray(signed_in_client, runs) -> None:
    address = f"/compare/?run={runs[0].pk}&run={runs[1].pk}"
    page = signed_in_client.get(address).content.decode()
    assert "Put these in the tray" in page
    answer = post(signed_in_client, runs[0], run=[str(run.pk) for run in runs[:2]], next=address)
    assert answer["Location"] == address
    assert in_tray(signed_in_client, address) == [str(run.pk) for run in runs[:2]]
