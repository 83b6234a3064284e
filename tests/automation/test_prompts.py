import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.automation.prompts import (
    SOURCE_LENGTH,
    check_prompt,
    escape_prompt,
    render_prompt,
    variables_in,
)
from rivya_bridge.refusals import Refusal

PLAIN = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"))
BRACES = st.text(st.sampled_from("{}%#-+ \nab\"'"), max_size=30)


def messages(source, declared=frozenset()):
    return " ".join(problem.message for problem in check_prompt(source, declared))


def test_it_works():
    source = "A {{ subject | trim }} on {% if wet %}wet {% endif %}slate\n"
    assert check_prompt(source, {"subject", "wet"}) == []
    assert variables_in(source) == ["subject", "wet"]
    assert render_prompt(source, {"subject": " cup ", "wet": True}) == "A cup on wet slate\n"


def test_an_undeclared_variable_is_named_with_its_line():
    [problem] = check_prompt("A\n{{ subjct }}", set())
    assert problem.field == "prompt"
    assert "line 2" in problem.message
    assert "subjct" in problem.message


def test_an_unused_variable_is_named():
    [problem] = check_prompt("A cup", {"subject"})
    assert problem.field == "variables"
    assert "'subject'" in problem.message


def test_a_syntax_error_names_its_line():
    assert "line 3" in messages("a\nb\n{{ c")


def test_a_missing_value_is_an_error_and_never_empty_text():
    with pytest.raises(Refusal, match="subject"):
        render_prompt("A {{ subject }}", {})


def test_a_default_fills_what_is_missing():
    assert render_prompt("A {{ subject | default('cup') }}", {}) == "A cup"


def test_nothing_and_truth_are_written_as_a_person_would():
    assert render_prompt("[{{ a }}|{{ b }}|{{ c }}]", {"a": None, "b": True, "c": 2}) == "[|true|2]"


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.b }}",
        "{{ a['b'] }}",
        "{{ a() }}",
        "{{ [1] }}",
        "{{ {'a': 1} }}",
        "{{ 9 * 9 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ a + a }}",
        "{{ 2 ** 99 }}",
        "{{ a[1:2] }}",
        "{% for x in a %}{{ x }}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% include 'a' %}",
        "{% import 'a' as a %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
        "{% raw %}{% endraw %}{% call a() %}{% endcall %}",
        "{% filter upper %}a{% endfilter %}",
        "{% with %}{% endwith %}",
        "{{ a | attr('x') }}",
        "{{ a | default(value='x') }}",
        "{{ a is callable }}",
        "{{ self }}",
        "{{ range }}",
        "{% autoescape true %}{% endautoescape %}",
        "{% nosuch %}",
        "{{ a | nosuch }}",
        "{{ a is nosuch }}",
    ],
)
def test_what_is_not_on_the_list_is_refused(source):
    assert check_prompt(source, {"a", "x"} & set("ax" if "a" in source else "")) != []
    with pytest.raises(Refusal):
        render_prompt(source, {"a": "a"})


def test_a_number_compared_with_text_is_refused():
    with pytest.raises(Refusal, match="Compare like with like"):
        render_prompt("{% if a > 3 %}x{% endif %}", {"a": "text"})


def test_only_scalars_may_be_given():
    with pytest.raises(Refusal, match="a must be a text"):
        render_prompt("{{ a }}", {"a": ["x"]})


def test_a_source_above_the_limit_is_refused():
    [problem] = check_prompt("a" * (SOURCE_LENGTH + 1), set())
    assert problem.limit == SOURCE_LENGTH
    assert check_prompt("a" * SOURCE_LENGTH, set()) == []


def test_a_rendered_text_above_the_limit_is_refused_before_it_fills_the_memory():
    with pytest.raises(Refusal, match="20000"):
        render_prompt("{{ a }}" * 2000, {"a": "x" * 19_000})


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 4000 + "a" + ")" * 4000 + " }}",
        "{{ " + "not " * 4000 + "a }}",
        "{% if a %}" * 150 + "{% endif %}" * 150,
        "{% if a %}" * 800 + "{% endif %}" * 800,
        "{{ " + " or ".join(["a"] * 3000) + " }}",
        "{{ a" + "|upper" * 2000 + " }}",
        "{{ " + "a if a else " * 1500 + "a }}",
    ],
)
def test_deep_nesting_is_refused_and_does_not_end_the_process(source):
    assert check_prompt(source, {"a"}) != []
    with pytest.raises(Refusal):
        render_prompt(source, {"a": "x"})


def test_nul_characters_are_refused():
    assert "NUL" in messages("a\0b")


@settings(max_examples=60)
@given(st.one_of(PLAIN, BRACES))
def test_an_escaped_prompt_renders_to_itself(text):
    source = escape_prompt(text)
    assert check_prompt(source, set()) == []
    assert render_prompt(source, {}) == text


@settings(max_examples=60)
@given(BRACES, BRACES, PLAIN)
def test_a_variable_between_escaped_texts_is_filled_in_as_given(before, after, value):
    source = escape_prompt(before) + "{{ value }}" + escape_prompt(after)
    assert render_prompt(source, {"value": value}) == before + value + after


@settings(max_examples=100)
@given(st.text(st.sampled_from("{}%# |ifndeslor()\"'\n.a1"), max_size=60))
def test_any_source_is_judged_or_rendered_and_never_crashes(source):
    if check_prompt(source, {"a"}) == []:
        render_prompt(source, {"a": "x"})
