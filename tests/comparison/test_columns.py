"""A board of answers: parallel columns with what differs, word by word."""

import re

import pytest
from django.test import Client

from rivya_bridge.comparison.columns import text_columns
from rivya_bridge.comparison.matrix import diff_matrix
from rivya_bridge.experiments.selectors import get_runs
from tests.experiments.factories import add_models, make_experiment, record

pytestmark = pytest.mark.django_db

ANSWERS = ("The cat sat on the mat.", "The cat lay on the rug.", "The cat sat on the mat.")


@pytest.fixture
def runs(db: None):
    add_models("z-image")
    experiment = make_experiment()
    prompts = ("Say it plainly", "Say it plainly", "Say it")
    made = [
        record(experiment, prompt=prompt, result_text=answer)
        for prompt, answer in zip(prompts, ANSWERS, strict=True)
    ]
    return get_runs([run.pk for run in made])


def address(runs, rest: str = "") -> str:
    return "/compare/?" + "&".join(f"run={run.pk}" for run in runs) + rest


def answer(page: str, letter: str) -> str:
    found = re.search(rf'aria-label="Answer {letter}">(.*?)</div></div></div>', page, re.S)
    assert found
    return found[1].strip()


def test_it_works(runs) -> None:
    one, other, same = text_columns(diff_matrix(runs))
    assert (one.words, one.changed_percent) == (6, None)
    assert (same.changed_percent, same.prompt.differs) == (0, True)
    assert other.changed_percent is not None and 10 < other.changed_percent < 60


def test_the_board_marks_words_against_the_chosen_baseline(signed_in_client: Client, runs) -> None:
    page = signed_in_client.get(address(runs)).content.decode()
    assert 'data-stage="text"' in page
    assert answer(page, "A") == ANSWERS[0]
    assert "<del>sat</del><ins>lay</ins>" in answer(page, "B")
    assert answer(page, "C") == ANSWERS[2]
    page = signed_in_client.get(address(runs, "&baseline=1")).content.decode()
    assert "<del>lay</del><ins>sat</ins>" in answer(page, "A")
    assert answer(page, "B") == ANSWERS[1]


def test_prompts_are_compared_as_well(signed_in_client: Client, runs) -> None:
    page = signed_in_client.get(address(runs)).content.decode()
    assert page.count('<details class="pane-prompt small" open>') == 1
    assert "Say it<del> plainly</del>" in page


def test_as_written_shows_no_marks_and_keeps_the_choice_in_links(signed_in_client, runs) -> None:
    page = signed_in_client.get(address(runs, "&text=plain")).content.decode()
    assert answer(page, "B") == ANSWERS[1]
    links = re.findall(r'aria-label="Baseline B"[^>]*', page) and re.findall(
        r'<a href="(\?[^"]*baseline=1[^"]*)"', page
    )
    assert links and all("text=plain" in link for link in links)


def test_an_answer_is_not_repeated_in_the_matrix(signed_in_client, runs) -> None:
    page = signed_in_client.get(address(runs)).content.decode()
    assert '<th scope="row">answer</th>' not in page
    assert '<th scope="row">prompt</th>' in page


def test_a_text_with_markup_stays_text(signed_in_client, runs) -> None:
    hostile = record(runs[0].experiment, result_text="The <b>cat</b> sat")
    page = signed_in_client.get(address([runs[0], hostile])).content.decode()
    assert "<b>cat</b>" not in page and "&lt;" in answer(page, "B")
