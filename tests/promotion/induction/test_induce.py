import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.induction import Score, false_shapes, judge, measure, naive, unrelated_sets
from benchmarks.strange_shapes import FAMILIES
from rivya_bridge.automation.prompts import is_variable_name, render_prompt
from rivya_bridge.promotion.induction import declare, induce, inputs_of, kind_of, source_of
from rivya_bridge.texts import clean_text

SUBJECTS = ("a red cup", "two green bottles", "the old clock", "one cat", "some shoes with laces")
SURFACES = ("wooden", "marble", "dark blue", "stone", "white")
STYLES = ("Monet", "Dalí", "Hokusai", "Paul Klee", "Monet")
STUDIO = [
    f"A photo of {subject} on a {surface} background, in the style of {style}."
    for subject, surface, style in zip(SUBJECTS, SURFACES, STYLES, strict=True)
]
WORDS = (
    "red", "cup", "wet slate", "{{", "{%", "{#", "}}", "\\", "{", "'", '"', "שלום", "كوب", "赤い",
    "👩‍🚀", "e\u0301", "\u00a0", "a", "of", ",", "16:9", "\n", "  ", "1.50", "-", "{{ x }}", "{% if x %}",
)  # fmt: skip
VALUE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
FRAME = "Studio photograph of \0 standing on \0, soft window light, calm dark background"


def source(*prompts: str) -> str:
    found = induce(prompts)
    assert found.shape is not None, found.reason
    return source_of(found.shape)


def prove(prompts) -> None:
    """Every member is its shape filled, and its template rendered with its own inputs."""
    found = induce(prompts)
    shape = found.shape
    assert set(found.outliers) | set(shape.members if shape else ()) == set(range(len(prompts)))
    if shape is None:
        return
    template = source_of(shape)
    for member in shape.members:
        assert shape.fill(shape.values_of(member)) == prompts[member]
        names = {entry["name"]: entry["default"] for entry in declare(shape, member)}
        assert render_prompt(template, names | inputs_of(shape, member)) == prompts[member]
        assert all(is_variable_name(name) for name in names)


def test_it_works():
    found = induce(STUDIO)
    assert found.outliers == ()
    assert source_of(found.shape) == (
        "A photo of {{ subject }} on a {{ background }} background, in the style of {{ style }}."
    )
    assert [slot.examples for slot in found.shape.slots] == [
        list(SUBJECTS), list(SURFACES), ["Monet", "Dalí", "Hokusai", "Paul Klee"],
    ]  # fmt: skip
    prove(STUDIO)


def test_one_odd_run_is_reported_and_not_absorbed():
    found = induce([*STUDIO[:2], "Ein Hund läuft über die Wiese", *STUDIO[2:]])
    assert found.outliers == (2,)
    assert found.shape.members == (0, 1, 3, 4, 5)
    assert source_of(found.shape) == source(*STUDIO)


def test_two_prompts_need_more_in_common_than_many():
    assert source("A red cup on wet slate", "A blue cup on wet slate") == (
        "A {{ cup_kind }} cup on wet slate"
    )
    assert induce(["A red cup on slate", "A dog in the park at night"]).shape is None


@pytest.mark.parametrize("count", [2, 3, 5, 12, 40])
def test_unrelated_prompts_have_no_shape(count):
    chance = random.Random(count)
    words = [f"word{number}" for number in range(400)] + ["a", "the", "of", "on", ","] * 60
    for _ in range(20):
        prompts = [" ".join(chance.choices(words, k=25)) for _ in range(count)]
        found = induce(prompts)
        assert found.shape is None
        assert found.outliers == tuple(range(count))
        assert "no common shape" in found.reason


def test_equal_prompts_are_all_literal():
    found = induce(["A {{ cup }}"] * 3)
    assert (found.shape.pieces, found.shape.slots) == (("A {{ cup }}",), ())
    assert found.shape.members == (0, 1, 2)


def test_one_prompt_and_none_say_why():
    assert "One prompt" in induce(["A cup"]).reason
    assert "One prompt" in induce([]).reason
    assert induce(["", ""]).shape is None


# --- Optional parts -------------------------------------------------------------------------------


def test_a_part_that_some_left_out_is_a_yes_or_no():
    prompts = [
        f"Studio photograph of {subject} on slate{part}, calm mood"
        for subject, part in zip(SUBJECTS, (", at night", "", ", at night", "", ""), strict=True)
    ]
    assert source(*prompts) == (
        "Studio photograph of {{ subject }} on slate{% if night %}, at night{% endif %}, calm mood"
    )
    prove(prompts)


def test_an_optional_part_beside_a_slot_with_a_slot_of_its_own():
    parts = (", in the style of Monet", "", ", in the style of Dalí", "", ", in the style of Klee")
    prompts = [f"Photograph of {s}{part}." for s, part in zip(SUBJECTS, parts, strict=True)]
    found = induce(prompts)
    assert source_of(found.shape) == (
        "Photograph of {{ subject }}{% if with_style %}, in the style of {{ style }}{% endif %}."
    )
    assert found.shape.values_of(1) == {"subject": "two green bottles", "style": None}
    assert inputs_of(found.shape, 1) == {"subject": "two green bottles", "with_style": False}
    prove(prompts)


# --- Borders of slots -----------------------------------------------------------------------------


def test_slots_that_only_a_space_parts_are_one():
    prompts = [
        f"Poster of {a} {b} printed on heavy paper" for a, b in zip(SUBJECTS, STYLES, strict=True)
    ]
    assert source(*prompts) == "Poster of {{ subject }} printed on heavy paper"


def test_signs_inside_a_value_do_not_part_it():
    prompts = [f"Close view, ratio {ratio}, soft light" for ratio in ("16:9", "4:3", "1:1", "9:16")]
    assert source(*prompts) == "Close view, ratio {{ ratio }}, soft light"


def test_signs_beside_a_slot_stay_literal():
    prompts = [
        f'The words "{words}" on (wet) slate!' for words in ("open", "closed now", "we’re back")
    ]
    assert source(*prompts) == 'The words "{{ words }}" on (wet) slate!'


def test_the_same_words_twice_are_one_variable():
    prompts = [
        f"Skyline of {city} at dusk, a postcard from {city}"
        for city in ("Rome", "Old Delhi", "Oslo")
    ]
    assert source(*prompts) == "Skyline of {{ subject }} at dusk, a postcard from {{ subject }}"


def test_spaces_and_line_ends_are_kept_exactly():
    prompts = [f"  Product:  {name}\n\n\tColor: red \n" for name in ("cup", "tea pot", "vase")]
    assert source(*prompts) == "  Product:  {{ product }}\n\n\tColor: red \n"
    prove(prompts)


# --- Names and types ------------------------------------------------------------------------------


def test_names_are_taken_from_labels_and_are_never_words_of_a_language():
    prompts = [
        f"Main color: {a}\nClass: {b}\nFor: {c}\nMain color: {d}, end of sheet"
        for a, b, c, d in zip(SURFACES, STYLES, SUBJECTS, reversed(STYLES), strict=True)
    ]
    names = [slot.name for slot in induce(prompts, taken={"main_color"}).shape.slots]
    assert names == ["main_color_2", "class_2", "for_2", "main_color_3"]


def test_types_follow_the_values():
    rows = [("1", "red", "0.5"), ("2", "blue", "2.25"), ("40", "red", "1.5"), ("7", "blue", "-3.5")]
    rows += [("1", "red", "0.5"), ("2", "blue", "0.5")]
    prompts = [f"Count: {n}; color: {c}; scale: {s}; plain ground" for n, c, s in rows]
    shape = induce(prompts).shape
    assert [kind_of(slot) for slot in shape.slots] == ["number", "choice", "number"]
    count, color, scale = declare(shape, 2)
    assert (count["min"], count["max"], count["default"]) == (1, 40, 40)
    assert (color["options"], color["default"]) == (["red", "blue"], "red")
    assert (scale["min"], scale["max"]) == (-3.5, 2.25)
    prove(prompts)


@pytest.mark.parametrize("values", [("01", "2", "3"), ("1.50", "2.5", "3"), ("1,000", "2", "3")])
def test_numbers_that_would_be_written_otherwise_stay_text(values):
    prompts = [f"Exactly {value} bottles in one row" for value in values]
    [slot] = induce(prompts).shape.slots
    assert kind_of(slot) == "text"
    prove(prompts)


# --- Properties -----------------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=8))
def test_a_frame_with_any_values_is_reproduced_to_the_character(pairs):
    prompts = [FRAME.replace("\0", one, 1).replace("\0", other, 1) for one, other in pairs]
    prove(prompts)
    found = induce(prompts)
    assert found.shape is not None or "spacing" in found.reason


@settings(max_examples=80)
@given(st.lists(st.one_of(VALUE, st.text(max_size=60)), min_size=2, max_size=8))
def test_any_texts_are_reproduced_or_set_aside(prompts):
    prove([clean_text(prompt) or "empty" for prompt in prompts])


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.integers(2, 12))
def test_random_words_are_given_no_shape(seed, count):
    chance = random.Random(seed)

    def word() -> str:
        return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7))

    prompts = [
        " ".join(["a", word(), "of", word(), ",", "the", word(), word()]) for _ in range(count)
    ]
    assert induce(prompts).shape is None


@pytest.mark.parametrize(
    "text", ["a " * 10_000, "word, " * 3_333, "x" * 20_000, "{{" * 10_000, "a b " * 700]
)
def test_very_long_prompts_are_bounded(text):
    prompts = [f"{text}{number}" for number in range(40)]
    prove(prompts)


def test_the_published_corpus_keeps_its_scores():
    score, plain = measure(induce, 7, 60), measure(naive, 7, 60)
    assert score.false == 0
    assert score.reproduced == score.members
    assert score.right / score.found > 0.97
    assert score.right / score.hidden > 0.97
    assert score.exact / score.sets > 0.93
    assert score.exact > plain.exact


def test_the_second_corpus_keeps_its_scores():
    scores = judge(induce, FAMILIES, seed=11, sets=5)
    total = Score()
    for score in scores.values():
        total = total.plus(score)
    assert total.right / total.found > 0.95
    assert total.right / total.hidden > 0.95
    assert total.reproduced == total.members
    assert total.odd_right / total.odd_sets >= 0.9
    found = false_shapes(induce, unrelated_sets(seed=11, sets=15, real=None))
    assert {name: false for name, (false, _) in found.items()} == dict.fromkeys(found, 0)


def test_signs_inside_words_and_numbers_are_no_optional_parts():
    rows = ("a hand-made cup", "a hand-made bowl", "a red cup", "an old jar", "one hand-made vase")
    assert source(*(f"Photo of {row}, soft light from the left" for row in rows)) == (
        "Photo of {{ subject }}, soft light from the left"
    )
    ratios = ("16:9", "4:3", "1:1", "21:9", "3:2")
    assert source(*(f"Banner in {ratio} for the shop" for ratio in ratios)) == (
        "Banner in {{ setting }} for the shop"
    )


def test_a_sign_between_two_words_parts_them():
    pairs = (("teal", "navy"), ("gold", "teal"), ("off-white", "red"), ("navy", "gold"))
    found = source(*(f"Palette {one}/{other}: seamless tile" for one, other in pairs))
    assert found.startswith("Palette {{ ") and " }}/{{ " in found


def test_words_that_pairs_of_prompts_share_do_not_hide_what_all_share():
    words = ("blue bottle", "quiet garden", "two cats", "wet slate", "old tower")
    pairs = [(one, other) for one in words for other in words if one != other]
    found = source(*(f"Poster: {one} over {other}, flat" for one, other in pairs))
    assert found.count("{{") == 2 and " over " in found


def test_one_near_miss_of_many_does_not_make_the_text_optional():
    rows = [
        f"Icon of {noun}, flat vector, two colours"
        for noun in ["cup", "owl", "fox", "jar", "hat", "pen", "sun"]
    ]
    found = induce(
        [*rows, *(row.replace("Icon", "Sign") for row in rows), "Icon of bee, two wings, flat"]
    )
    assert found.outliers == (14,)


def test_shuffled_words_have_no_shape():
    words = ["lantern", "violin", "robot", "pear", "tall", "red", "compass", "owl"]
    chance = random.Random(3)
    assert induce([" ".join(chance.sample(words, len(words))) for _ in range(8)]).shape is None


def test_a_separator_that_stands_in_a_value_too_is_told_by_the_other_values():
    places = ("a roof in Lisbon", "Kyoto", "a field")
    rows = [
        f"Photo of {one} in {place}, at dusk" for one in ("an owl", "a cup") for place in places
    ]
    found = induce(rows)
    assert found.shape is not None
    assert {slot.values[0] for slot in found.shape.slots} == {"an owl", "a roof in Lisbon"}
