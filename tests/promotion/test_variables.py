"""What stood in the run where a template has a variable."""

import pytest

from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.promotion.variables import complete_variables, values_in
from rivya_bridge.refusals import Refusal


def test_it_works():
    found = values_in("A {{ color }} cup on {{stone}}", "A dark red cup on slate")
    assert found == {"color": "dark red", "stone": "slate"}


@pytest.mark.parametrize(
    ("template", "prompt", "found"),
    [
        ("{{ a }}", "whole", {"a": "whole"}),
        ("{{ a }} x", "whole x", {"a": "whole"}),
        ("x {{ a }} x", "x y x", {"a": "y"}),
        ("{{ a }} x", "x x x", {"a": "x x"}),
        ("{{ a | upper }} cup", "RED cup", {"a": "RED"}),
        ("{{ a }} and {{ a }}", "tom and tom", {"a": "tom"}),
        ("{{ a }} and {{ b }} or {{ a }}", "x and y or x", {"a": "x", "b": "y"}),
        ("{{ a }}\n{{ b }}", "one\ntwo", {"a": "one", "b": "two"}),
        (escape_prompt("{{ red }} ") + "{{ a }}", "{{ red }} cup", {"a": "cup"}),
        ("no variable", "no variable", {}),
    ],
)
def test_the_words_of_the_run_are_found(template, prompt, found):
    assert values_in(template, prompt) == found


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("A {{ a }}", "B x"),
        ("{{ a }} cup", "red mug"),
        ("{{ a }}{{ b }}", "xy"),
        ("x{{ a }}", "x"),
        ("{{ a }} and {{ a }}", "tom and jerry"),
        ("{% if a %}x{% endif %}", "x"),
        ("plain", "other"),
    ],
)
def test_better_nothing_than_something_wrong(template, prompt):
    assert values_in(template, prompt) == {}


def test_many_variables_in_a_long_prompt_take_no_time():
    template = "x".join(f"{{{{ v{number} }}}}" for number in range(200)) + "y"
    assert values_in(template, "x" * 20_000) == {}


def test_declarations_are_completed_and_kept():
    given = [
        {"name": "count", "type": "number"},
        {"name": "loud", "type": "boolean"},
        {"name": "color", "default": "blue"},
        {"name": "unused"},
    ]
    template = "{{ count }} {{ color }} cups, {{ loud }}, on {{ stone }}"
    assert complete_variables(template, "3 red cups, true, on slate", given) == [
        {"name": "count", "type": "number", "default": 3},
        {"name": "loud", "type": "boolean", "default": True},
        {"name": "color", "default": "blue"},
        {"name": "unused"},
        {"name": "stone", "type": "text", "default": "slate"},
    ]
    assert given[0] == {"name": "count", "type": "number"}


def test_a_name_that_stands_twice_stays_twice_for_the_check_to_name():
    assert len(complete_variables("{{ a }}", "x", [{"name": "a"}, {"name": "a"}])) == 2


def test_a_template_that_cannot_be_read_is_refused():
    with pytest.raises(Refusal):
        complete_variables("{{ a", "x", [])
