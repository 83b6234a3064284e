"""Lists of values as people write them."""

import pytest

from rivya_bridge.sweeps.values import read_values


def read(written):
    problems = []
    return read_values(problems, "params.steps", written), problems


def test_it_works():
    assert read("1, 2, .., 5") == (["1", "2", "3", "4", "5"], [])


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("1, .., 4", ["1", "2", "3", "4"]),
        ("4, .., 1", ["4", "3", "2", "1"]),
        ("10, 8, .., 2", ["10", "8", "6", "4", "2"]),
        ("0.5, 0.6, …, 0.9", ["0.5", "0.6", "0.7", "0.8", "0.9"]),
        ("-1, 0, ..., 2", ["-1", "0", "1", "2"]),
        ("1:1, 16:9", ["1:1", "16:9"]),
        ("a, b || c", ["a, b", "c"]),
        ("one\ntwo", ["one", "two"]),
        ("1, SKIP: 2, 3", ["1", "3"]),
        ("1, 1 , 2", ["1", "2"]),
        (" , ,", []),
        ([1, 2.5, "x"], ["1", "2.5", "x"]),
        (7, ["7"]),
        (["a, b"], ["a, b"]),
    ],
)
def test_values_are_read(written, values):
    assert read(written) == (values, [])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1, 2, .., 1000", "the limit is 100"),
        ("1, 3, .., 6", "does not reach 6"),
        ("1, 2, .., 0", "does not reach 0"),
        ("2, 2, .., 5", "does not reach 5"),
        ("a, .., 5", "between two numbers"),
        (".., 5", "between two numbers"),
        ("1, 2, ..", "between two numbers"),
        ("1e400, .., 5", "between two numbers"),
        ("x" * 2001, "the limit is 2,000"),
        ([True], "neither"),
        ([None], "neither"),
        ("a\0b", "neither"),
        (list(range(101)), "the limit is 100"),
    ],
)
def test_what_cannot_be_read_names_field_limit_and_next_step(written, words):
    values, problems = read(written)
    assert problems and problems[0].field == "params.steps"
    assert words in problems[0].message
    assert len(values) <= 100
