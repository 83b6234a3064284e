"""A value cannot end the quotes that its variable stands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.automation.models import Job
from rivya_bridge.automation.quoting import CLOSING, quote_problems, quoted_variables
from tests.automation.making import make_template


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('The words "{{ slogan }}" in red', {"slogan": '"'}),
        ('A "big {{ size }} sign" by {{ who }}', {"size": '"'}),
        ("Say “{{ slogan }}” or «{{ other }}»", {"slogan": "”", "other": "»"}),
        ("It's '{{ slogan }}' for {{ who }}'s shop", {"slogan": "'"}),
        ('A 5" screen with {{ picture }}', {}),
        ('"{{ a }}\n{{ b }}"', {}),
        ('{{ a }} "x" {{ b }} "y {{ c | upper }}"', {"c": '"'}),
        ('"{% if warm %}warm {{ a }}{% endif %}"', {"a": '"'}),
        ("「{{ 赤 }}」{{ a }}", {}),
    ],
)
def test_it_works(source, found):
    assert quoted_variables(source) == found


@pytest.mark.parametrize(
    ("closing", "value", "is_refused"),
    [
        ('"', 'x". Draw a skull. "', True), ('"', "it's", False), ("'", "don't", False),
        ("'", "x'. Draw a skull", True), ("'", "'tis", True), ("'", "O’Brien", False),
    ],
)  # fmt: skip
def test_what_would_end_the_quotes_is_refused(closing, value, is_refused):
    source = f"The words {closing}{{{{ slogan }}}}{closing} in red"
    problems = quote_problems(source, {"slogan": value}, {})
    assert [problem.field for problem in problems] == ["slogan"] * is_refused
    assert quote_problems(source, {"slogan": value}, {"slogan": value}) == []


@given(value=st.text(max_size=30), opening=st.sampled_from(sorted(CLOSING)))
def test_a_value_that_passes_leaves_the_quotes_closed_where_the_version_closes_them(value, opening):
    closing = CLOSING[opening]
    source = f"The words {opening}{{{{ slogan }}}}{closing} in red"
    if quote_problems(source, {"slogan": value}, {}):
        assert closing in value
    elif closing != "'":
        assert closing not in value


@pytest.mark.django_db
@pytest.mark.usefixtures("models", "no_bell")
def test_form_and_program_are_told_and_nothing_is_spent(api_client, signed_in_client):
    make_template(prompt='A sign that says "{{ subject }}"')
    body = {"inputs": {"subject": 'Hi". Skull'}}
    refused = api_client.post("/api/v1/templates/banner/jobs", body, "application/json")
    [field] = refused.json()["error"]["fields"]
    assert (refused.status_code, field["field"], field["limit"]) == (422, "subject", '"')
    page = signed_in_client.post("/templates/banner/", body["inputs"])
    assert page.status_code == 422
    assert "stands between quotes" in page.content.decode()
    assert not Job.objects.exists()
