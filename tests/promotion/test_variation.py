from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.automation.prompts import render_prompt
from rivya_bridge.promotion.variation import find_candidates, with_variables

WORDS = st.lists(st.sampled_from(["a", "red", "cup,", "{{", "{%", "slate.", "wet", "{", "}}"]))
PROMPT = WORDS.map(" ".join)


def test_it_works():
    prompt = "A red cup, on wet slate."
    found = find_candidates(prompt, ["A blue cup, on wet slate.", "A green cup, on wet slate."])
    assert [(one.name, one.text, one.other_values) for one in found] == [
        ("value_1", "red", ("blue", "green"))
    ]
    assert with_variables(prompt, found) == "A {{ value_1 }} cup, on wet slate."


def test_equal_prompts_and_no_prompts_propose_nothing():
    assert find_candidates("A red cup", []) == []
    assert find_candidates("A red cup", ["A red cup"]) == []


def test_prompts_that_have_little_in_common_propose_nothing():
    assert find_candidates("A red cup on slate", ["Ein Hund läuft über die Wiese"]) == []


def test_punctuation_around_the_words_stays_where_it_is():
    [found] = find_candidates("A photo of (cup), on wet slate", ["A photo of (bowl), on wet slate"])
    assert (found.text, found.other_values) == ("cup", ("bowl",))


def test_only_added_or_left_out_words_propose_nothing():
    assert find_candidates("A red cup on wet slate", ["A cup on wet slate"]) == []


def test_overlapping_parts_become_one():
    prompt = "A small red cup on wet slate in soft light"
    others = [
        "A large red cup on wet slate in soft light",
        "A large blue cup on wet slate in soft light",
    ]
    [found] = find_candidates(prompt, others)
    assert found.text == "small red"


@given(PROMPT, st.lists(PROMPT, max_size=3))
def test_candidates_with_their_own_words_render_to_the_prompt(prompt, others):
    found = find_candidates(prompt, others)
    source = with_variables(prompt, found)
    assert render_prompt(source, {one.name: one.text for one in found}) == prompt
