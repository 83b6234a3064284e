"""The promote page without script: what is proposed, taken back, previewed and saved."""

import pytest

from rivya_bridge.automation.models import TemplateVersion
from tests.experiments.factories import add_models, make_experiment, record

pytestmark = pytest.mark.django_db

LIGHT = "Photo of {} on {}, soft light"


@pytest.fixture
def run(db):
    """The first of three accepted runs whose subjects and surfaces differ."""
    add_models("z-image")
    experiment = make_experiment()
    rows = [("a red cup", "slate"), ("two green bottles", "oak"), ("the clock", "sand")]
    runs = [record(experiment, prompt=LIGHT.format(*row), verdict="accepted") for row in rows]
    return runs[0]


def fields(page) -> dict[str, str]:
    """What the browser would send back of the page as it stands."""
    context = page.context
    forms = [context["form"]]
    forms += [row["form"] for name in ("variables", "params", "slots") for row in context[name]]
    sent = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value not in (None, False):
                sent[field.html_name] = "on" if value is True else value
    return sent


def test_it_works(run, signed_in_client):
    where = f"/runs/{run.pk}/promote/"
    page = signed_in_client.get(where)
    assert page.context["prompt"] == LIGHT.format("{{ subject }}", "{{ surface }}")
    text = page.content.decode()
    assert "two green bottles" in text and "run 2" in text
    assert text.count("the same request") == 3
    answer = signed_in_client.post(where, fields(page))
    assert answer.status_code == 302
    version = TemplateVersion.objects.get()
    assert [one["name"] for one in version.variables] == ["subject", "surface"]
    assert [one["default"] for one in version.variables] == ["a red cup", "slate"]


def test_a_variable_is_taken_back_and_the_previews_tell_what_that_costs(run, signed_in_client):
    where = f"/runs/{run.pk}/promote/"
    sent = fields(signed_in_client.get(where))
    page = signed_in_client.post(where, sent | {"remove": "surface"})
    assert page.status_code == 200
    assert page.context["form"]["prompt"].value() == LIGHT.format("{{ subject }}", "slate")
    assert [bool(one.differences) for one in page.context["previews"]] == [False, True, True]
    assert not TemplateVersion.objects.exists()


def test_limits_that_a_person_changes_are_kept(run, signed_in_client):
    where = f"/runs/{run.pk}/promote/"
    sent = fields(signed_in_client.get(where))
    sent |= {"variable-surface-max_length": "12", "variable-subject-type": "choice"}
    sent |= {"variable-subject-options": "a red cup, the clock"}
    assert signed_in_client.post(where, sent).status_code == 302
    subject, surface = TemplateVersion.objects.get().variables
    assert subject["options"] == ["a red cup", "the clock"]
    assert surface["max_length"] == 12


def test_a_prompt_that_cannot_be_read_keeps_the_page_open(run, signed_in_client):
    where = f"/runs/{run.pk}/promote/"
    sent = fields(signed_in_client.get(where))
    for extra in ({}, {"preview": "1"}, {"remove": "subject"}):
        page = signed_in_client.post(where, sent | {"prompt": "A {{ cup"} | extra)
        assert page.status_code in (200, 422)
    assert not TemplateVersion.objects.exists()
