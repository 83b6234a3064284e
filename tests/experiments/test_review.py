"""The pile of results that waits for a verdict."""

import pytest
from django.test import Client

from tests.experiments.factories import add_models, make_experiment, record, start

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def models(db: None) -> None:
    add_models("z-image")


def shown(client: Client, experiment, query: str = "") -> str:
    response = client.get(f"/experiments/{experiment.pk}/review/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_only_undecided_runs_with_a_result_wait(signed_in_client: Client, no_bell: None) -> None:
    experiment = make_experiment()
    waiting = record(experiment)
    accepted = record(experiment, verdict="accepted")
    queued = start(experiment)
    page = shown(signed_in_client, experiment)
    assert f"review-{waiting.pk}" in page
    assert f"review-{accepted.pk}" not in page
    assert f"review-{queued.pk}" not in page


@pytest.mark.parametrize(("pile", "count"), [("accepted", 1), ("rejected", 1), ("all", 3)])
def test_each_pile_shows_its_own(signed_in_client: Client, pile: str, count: int) -> None:
    experiment = make_experiment()
    for verdict in ("", "accepted", "rejected"):
        record(experiment, verdict=verdict)
    assert shown(signed_in_client, experiment, f"?pile={pile}").count("review-card") == count


def test_an_unknown_pile_is_refused(signed_in_client: Client) -> None:
    experiment = make_experiment()
    response = signed_in_client.get(f"/experiments/{experiment.pk}/review/?pile=best")
    assert response.status_code == 422
    assert "use one of" in response.content.decode()


def test_judging_a_card_gives_the_card_back(signed_in_client: Client) -> None:
    run = record(make_experiment())
    response = signed_in_client.post(
        f"/runs/{run.pk}/judge/",
        {"review": "1", "verdict": "accepted"},
        headers={"hx-request": "true"},
    )
    assert f'id="review-{run.pk}"' in response.content.decode()
    run.refresh_from_db()
    assert run.verdict == "accepted"
