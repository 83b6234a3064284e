from dataclasses import replace

import pytest

from rivya_bridge.comparison.matrix import Column, build_matrix
from rivya_bridge.refusals import Refusal

BASE = Column(
    model="z-image",
    prompt="a red cup",
    params={"seed": 1, "size": "1:1"},
    references=[("a" * 64, "a.png")],
    credits=4,
    seconds=2.0,
    source="api",
    rating=3,
    verdict="",
)


def row(label, *columns, baseline=0):
    rows = {one.label: one for one in build_matrix(columns, baseline).rows}
    return rows[label]


def test_it_works():
    matrix = build_matrix([BASE, replace(BASE, prompt="a blue cup", credits=6)])
    assert [one.label for one in matrix.rows] == [
        "model", "prompt", "seed", "size", "references", "credits", "time", "source", "rating",
        "verdict",
    ]  # fmt: skip
    assert [one.label for one in matrix.different_rows] == ["prompt", "credits"]
    [_, prompt] = row("prompt", BASE, replace(BASE, prompt="a blue cup")).cells
    assert ("insert", "blue") in prompt.word_diff


def test_equal_columns_have_no_difference():
    assert build_matrix([BASE, BASE]).different_rows == []


def test_a_param_that_is_not_set_is_the_models_default():
    [first, second] = row("seed", BASE, replace(BASE, params={})).cells
    assert (first.text, second.text, second.differs) == ("1", "model default", True)


def test_a_number_and_its_text_are_two_values():
    assert row("seed", BASE, replace(BASE, params={"seed": "1"})).is_different
    assert row("seed", BASE, replace(BASE, params={"seed": True})).is_different


def test_deltas_are_measured_against_the_baseline():
    other = replace(BASE, credits=6, seconds=1.25, params={"seed": 3})
    assert [cell.delta for cell in row("credits", BASE, other).cells] == [None, "+2"]
    assert [cell.delta for cell in row("credits", BASE, other, baseline=1).cells] == ["−2", None]
    assert row("time", BASE, other).cells[1].delta == "−0.75 s"
    assert row("seed", BASE, other).cells[1].delta == "+2"


def test_what_is_unknown_has_no_delta():
    cell = row("credits", BASE, replace(BASE, credits=None)).cells[1]
    assert (cell.text, cell.differs, cell.delta) == ("–", True, None)


def test_references_are_compared_by_content_and_order():
    renamed = replace(BASE, references=[("a" * 64, "copy.png")])
    changed = replace(BASE, references=[("b" * 64, "a.png")])
    assert not row("references", BASE, renamed).is_different
    assert row("references", BASE, changed).is_different
    assert row("references", BASE, replace(BASE, references=[])).cells[1].text == "none"


@pytest.mark.parametrize("baseline", [-1, 2])
def test_a_baseline_outside_of_the_columns_is_refused(baseline):
    with pytest.raises(Refusal, match="baseline"):
        build_matrix([BASE, BASE], baseline)
