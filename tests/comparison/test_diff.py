import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.word_diff import MAX_PRODUCT, word_diff

TEXT = st.one_of(st.text(), st.text(st.sampled_from("ab ,.\n")))


def test_it_works():
    assert word_diff("a red cup, wet", "a blue cup, dry") == [
        ("equal", "a "),
        ("delete", "red"),
        ("insert", "blue"),
        ("equal", " cup, "),
        ("delete", "wet"),
        ("insert", "dry"),
    ]


def test_equal_texts_are_one_piece():
    assert word_diff("a cup", "a cup") == [("equal", "a cup")]
    assert word_diff("", "") == []


@given(TEXT, TEXT)
def test_the_pieces_make_both_texts_again(a, b):
    pieces = word_diff(a, b)
    assert "".join(text for op, text in pieces if op != "insert") == a
    assert "".join(text for op, text in pieces if op != "delete") == b
    assert all(text for _, text in pieces)
    assert all(one[0] != two[0] for one, two in pairwise(pieces))


def test_very_long_and_different_texts_show_the_changed_middle_whole():
    chance = random.Random(1)
    a, b = ("".join(chance.choice("ab .,") for _ in range(20_000)) for _ in range(2))
    pieces = word_diff(f"same {a} end", f"same {b} end")
    assert len(a) * len(b) > MAX_PRODUCT
    assert [op for op, _ in pieces] == ["equal", "delete", "insert", "equal"]


def test_long_answers_are_compared_word_by_word_within_their_sentences():
    lines = [f"Line {number} of the answer stands here.\n" for number in range(400)]
    changed = [line.replace("stands", "rests") if "7 " in line else line for line in lines]
    pieces = word_diff("".join(lines), "".join(changed))
    assert {text for op, text in pieces if op == "insert"} == {"rests"}
    assert {text for op, text in pieces if op == "delete"} == {"stands"}
    assert len([op for op, _ in pieces if op == "insert"]) == 40


@given(st.data())
def test_long_pieces_make_both_texts_again(data):
    sentence = st.sampled_from(["A cup stands. ", "A red cup falls!\n", "no end ", "Why? "])
    a, b = ("".join(data.draw(st.lists(sentence, min_size=300, max_size=400))) for _ in range(2))
    pieces = word_diff(a, b)
    assert "".join(text for op, text in pieces if op != "insert") == a
    assert "".join(text for op, text in pieces if op != "delete") == b
