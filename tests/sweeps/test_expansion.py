"""From a plan to the cells of its grid."""

import pytest

from rivya_bridge.catalog.selectors import models_by_ids
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Refusal
from rivya_bridge.sweeps.expansion import expand
from rivya_bridge.sweeps.plans import read_plan
from tests.experiments.factories import make_file
from tests.sweeps.making import plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models")]

MODELS = ["z-image", "flux-2-pro"]


def grid(**changes):
    wanted = plan(**changes)
    files = {str(file.pk): file for file in get_files(wanted.references)}
    return expand(wanted, models_by_ids(wanted.models), files)


def refused(**changes):
    with pytest.raises(Refusal) as caught:
        grid(**changes)
    return caught.value


def test_it_works():
    found = grid(models=MODELS, params={"aspectRatio": "1:1, 16:9, 9:16"})
    assert [axis.key for axis in found.axes] == ["models", "params.aspectRatio"]
    assert [cell.place for cell in found.cells] == [(m, a) for m in range(2) for a in range(3)]
    assert found.cells[5].model.id == "flux-2-pro"
    assert found.cells[5].params == {"aspectRatio": "9:16"}


def test_one_value_is_no_axis():
    found = grid(params={"aspectRatio": "1:1"})
    assert found.axes == () and len(found.cells) == 1
    assert found.cells[0].params == {"aspect_ratio": "1:1"}


def test_several_prompts_are_an_axis():
    long = "A very long prompt " * 10
    found = grid(prompts=["A cup", long + "1", long + "2", "A cup"])
    assert [cell.prompt for cell in found.cells] == ["A cup", long + "1", long + "2"]
    assert found.axes[0].values[1].endswith("… (2)") and len(found.axes[0].values[1]) == 94


def test_one_param_in_two_spellings_is_one_axis():
    found = grid(models=MODELS, params={"aspect_ratio": "1:1, 16:9"})
    assert [dict(cell.params) for cell in found.cells[1:3]] == [
        {"aspect_ratio": "16:9"},
        {"aspectRatio": "1:1"},
    ]
    with pytest.raises(Refusal, match="two spellings"):
        grid(params={"aspect_ratio": "1:1", "aspectRatio": "16:9"})


def test_an_option_is_found_in_another_case():
    found = grid(models=["flux-2-pro"], params={"resolution": "1k, 2k"})
    assert [cell.params["resolution"] for cell in found.cells] == ["1K", "2K"]


def test_numbers_become_numbers_where_the_param_is_one():
    found = grid(models=["seedance-1-0-pro"], params={"seed": "1, 2, .., 4"})
    assert [cell.params["seed"] for cell in found.cells] == [1, 2, 3, 4]
    wrong = grid(models=["seedance-1-0-pro"], params={"seed": "1, many"})
    assert wrong.cells[1].params == {"seed": "many"}


def test_a_fixed_param_goes_only_to_models_that_know_it_and_this_is_said():
    found = grid(models=MODELS, params={"resolution": "2K"})
    assert [cell.params for cell in found.cells] == [{}, {"resolution": "2K"}]
    assert found.left_out == ("resolution is left out for Z-Image, which has no such param.",)


def test_words_of_the_prompt_are_replaced_together():
    found = grid(
        replacements=[
            {"search": "bottle", "alternatives": ["cup", "bottle", "jar"]},
            {"search": "slate", "alternatives": "linen"},
        ]
    )
    assert [cell.prompt for cell in found.cells] == [
        "A bottle on slate", "A bottle on linen", "A cup on slate", "A cup on linen",
        "A jar on slate", "A jar on linen",
    ]  # fmt: skip


def test_references_on_and_off_are_an_axis():
    files = [str(make_file(name).pk) for name in ("a.png", "b.png")]
    found = grid(models=["flux-2-pro"], references=files, with_and_without=True)
    assert [cell.references for cell in found.cells] == [tuple(files), ()]
    assert found.axes[0].values == ("with references", "without references")


def test_each_reference_file_is_an_axis_and_without_runs_once():
    files = [str(make_file("same.png").pk) for _ in range(2)]
    found = grid(
        models=["flux-2-pro"], references=files, with_and_without=True, each_reference=True
    )
    assert found.axes[1].values == ("same.png (1)", "same.png (2)")
    assert [cell.references for cell in found.cells] == [(files[0],), (files[1],), (), ()]
    assert [cell.skipped for cell in found.cells] == ["", "", "", "the same request as cell 3"]


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("SKIP: 16:9", 4),
        ("flux-2-pro & 16:9", 5),
        ("SKIP: model=z-image & aspectRatio=9:16", 5),
        ("FLUX 2 Pro", 3),
    ],
)
def test_rules_leave_cells_out(rule, left):
    names = {cell.model.display_name for cell in grid(models=MODELS).cells}
    if rule == "FLUX 2 Pro":
        rule = next(name for name in names if "lux" in name.lower())
    found = grid(models=MODELS, params={"aspectRatio": "1:1, 16:9, 9:16"}, skip=[rule])
    assert sum(not cell.skipped for cell in found.cells) == left
    assert f"“{rule}”" in next(cell.skipped for cell in found.cells if cell.skipped)


@pytest.mark.parametrize("rule", ["16:10", "flux-2-pro & 8K", "SKIP:", "aspectRatio=8"])
def test_a_rule_that_names_no_value_is_refused(rule):
    refusal = refused(models=MODELS, params={"aspectRatio": "1:1, 16:9"}, skip=[rule])
    assert refusal.problems[0].field == "skip"
    assert "is no value of an axis" in refusal.message


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"with_and_without": True}, "references", "add one"),
        ({"replacements": [{"search": "cat", "alternatives": ["dog"]}]}, "replacements.1", "'cat'"),
        ({"models": MODELS, "skip": ["z-image", "flux-2-pro"]}, "skip", "every cell"),
        ({"params": {f"p{n}": "1, 2" for n in range(7)}}, "axes", "the limit is 6"),
        ({"params": {"a": "1, .., 100", "b": "1, .., 100"}}, "axes", "10,000 combinations"),
        ({"params": {"a": "1, .., 30", "b": "1, .., 20"}}, "axes", "600 cells remain"),
        ({"params": {"a": "1, .., 60"}, "repeats": 20}, "repeats", "1,200 runs; the limit is 1,000"),
    ],
)  # fmt: skip
def test_what_makes_no_grid_names_field_limit_and_next_step(changes, field, words):
    refusal = refused(**changes)
    assert refusal.problems[0].field == field
    assert words in refusal.message


def test_rules_may_thin_a_grid_that_is_too_large():
    found = grid(
        params={"a": "1, .., 30", "b": "1, .., 20"}, skip=["a=1", "b=1", "b=2", "b=3", "b=4"]
    )
    assert sum(not cell.skipped for cell in found.cells) == 29 * 16


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"models": []}, "models"),
        ({"models": ["m"] * 1 + [f"m{n}" for n in range(20)]}, "models"),
        ({"params": []}, "params"),
        ({"params": {f"p{n}": "1" for n in range(31)}}, "params"),
        ({"replacements": [{"search": "a", "alternatives": []}]}, "replacements.1"),
        ({"replacements": [{"search": "", "alternatives": ["b"]}]}, "replacements.1"),
        ({"replacements": [{"search": "a", "alternatives": ["b"]}] * 4}, "replacements"),
        ({"repeats": 0}, "repeats"),
        ({"repeats": 21}, "repeats"),
        ({"repeats": True}, "repeats"),
        ({"concurrency": 51}, "concurrency"),
        ({"credit_cap": 0}, "credit_cap"),
        ({"title": "x" * 201}, "title"),
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"prompts": ["x"] * 101}, "prompts"),
        ({"skip": ["x"] * 21}, "skip"),
        ({"references": [str(n) for n in range(51)]}, "references"),
    ],
)
def test_a_plan_beyond_its_limits_is_refused_by_field(given, field):
    with pytest.raises(Refusal) as caught:
        read_plan({"models": ["z-image"], **given})
    assert caught.value.problems[0].field == field
