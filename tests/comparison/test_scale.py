"""Ten thousand runs with pictures in one experiment: the same queries as with few, and light pages."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.crowd import MODELS, fill
from rivya_bridge.comparison.judging.services import draw_ballot
from rivya_bridge.comparison.services import save_comparison
from tests.experiments.factories import add_models, make_experiment

FEW, MANY, VOTES = 120, 10_000, 60
MOST_BYTES = 300_000
MOST_PICTURES = 50


class Crowd:
    """The same experiment twice: with few runs, and with many."""

    def __init__(self) -> None:
        add_models(*MODELS)
        self.few, self.many = make_experiment(title="Few"), make_experiment(title="Many")
        self.runs = {
            "few": fill(self.few, FEW, VOTES),
            "many": fill(self.many, MANY, VOTES, seed=7),
        }
        self.ballots = {name: draw_ballot(getattr(self, name)).pk for name in self.runs}
        for name, runs in self.runs.items():
            save_comparison(getattr(self, name), "Six", runs[:6], runs[0])

    def addresses(self, name: str) -> dict[str, str]:
        experiment = f"/experiments/{getattr(self, name).pk}/"
        six = "&".join(f"run={run.pk}" for run in self.runs[name][-6:])
        old = "&".join(f"run={run.pk}" for run in self.runs[name][:6])
        return {
            "runs": experiment,
            "far page": f"{experiment}?after={self.runs[name][60].pk}",
            "one model": f"{experiment}?model=flux-2-pro",
            "accepted": f"{experiment}?verdict=accepted",
            "undecided of one source": f"{experiment}?source=studio&verdict=undecided",
            "six side by side": f"/compare/?{six}",
            "six old ones": f"/compare/?{old}&rows=all&baseline=3",
            "ranking and findings": f"{experiment}ranking/",
            "review": f"{experiment}review/",
            "review of the rejected": f"{experiment}review/?pile=rejected",
            "vote": f"/ballots/{self.ballots[name]}/",
            "run": f"/runs/{self.runs[name][-1].pk}/",
        }


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker) -> Iterator[Crowd]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Crowd()
        transaction.set_rollback(True)


@pytest.fixture
def crowd(made: Crowd, db: None) -> Crowd:
    return made


def ask(client: Client, address: str) -> tuple[int, str]:
    """How many queries a page takes, and the page."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(queries), answer.content.decode()


def test_it_works(crowd: Crowd, signed_in_client: Client) -> None:
    signed_in_client.get("/connection/")  # the first page also stores the session's CSRF secret
    many = crowd.addresses("many")
    for name, address in crowd.addresses("few").items():
        few, _ = ask(signed_in_client, address)
        queries, page = ask(signed_in_client, many[name])
        # Old runs that were voted on are one query more than the newest alone.
        assert queries <= few + (name == "ranking and findings"), name
        assert len(page.encode()) < MOST_BYTES, name


def test_lists_show_one_page_of_pictures_and_load_those_on_the_screen(
    crowd: Crowd, signed_in_client: Client
) -> None:
    addresses = crowd.addresses("many")
    for name in ("runs", "far page", "accepted", "review", "ranking and findings"):
        _, page = ask(signed_in_client, addresses[name])
        pictures = re.findall(r'<img[^>]+src="/files/[^>]+>', page)
        assert len(pictures) <= MOST_PICTURES, name
        for picture in pictures:
            assert 'loading="lazy"' in picture and "/preview/" in picture, name
            assert re.search(r' width="\d+" height="\d+"', picture), name
            assert "srcset=" in picture and "sizes=" in picture, name
        assert "<video" not in page, name


def test_a_board_names_six_files_with_their_sizes(crowd: Crowd, signed_in_client: Client) -> None:
    _, page = ask(signed_in_client, crowd.addresses("many")["six side by side"])
    pictures = re.findall(r'<img src="/files/[0-9a-f-]+/" width="1024" height="768"', page)
    assert len(pictures) == 6


def test_drawing_and_voting_take_the_same_queries(crowd: Crowd, signed_in_client: Client) -> None:
    counts = []
    for experiment in (crowd.few, crowd.many):
        with CaptureQueriesContext(connection) as queries:
            answer = signed_in_client.post(f"/experiments/{experiment.pk}/vote/")
        assert answer["Location"].startswith("/ballots/")
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1


def test_votes_on_old_runs_count(crowd: Crowd, signed_in_client: Client) -> None:
    _, page = ask(signed_in_client, crowd.addresses("many")["ranking and findings"])
    assert f"{VOTES} votes on" in page
