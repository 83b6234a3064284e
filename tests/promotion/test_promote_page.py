"""The promote page without script: what is proposed, taken back, previewed and saved."""

import pytest

from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.services import preflight_job
from tests.experiments.factories import add_models, make_experiment, make_file, record

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


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "Bad Slug!", "lower-case letters, digits and single hyphens"),
        ("slug", "Bad", "lower-case letters, digits and single hyphens"),
        ("slug", "a_b", "lower-case letters, digits and single hyphens"),
        ("credit_cap", "1000001", "Write a whole number from 1 to 1,000,000."),
        ("credit_cap", "0", "Write a whole number from 1 to 1,000,000."),
        ("credit_cap", "", "Write a whole number from 1 to 1,000,000."),
        ("count", "51", "Write a whole number from 1 to 50."),
    ],
)
def test_what_cannot_be_is_told_with_its_limits(run, signed_in_client, field, value, words):
    where = f"/runs/{run.pk}/promote/"
    sent = fields(signed_in_client.get(where)) | {field: value}
    page = signed_in_client.post(where, sent)
    assert page.status_code == 422
    [error] = page.context["form"].errors[field]
    assert words in error
    assert not TemplateVersion.objects.exists()


def test_limits_of_a_file_and_labels_of_params_are_edited_in_the_same_page(signed_in_client):
    add_models("wan-2-6")
    clip = make_file("walk.mp4", kind="video", mime_type="video/mp4", duration_seconds=4.2)
    longer = make_file("run.mp4", kind="video", mime_type="video/mp4", duration_seconds=6.4)
    experiment = make_experiment(category="video")
    given = {"model_id": "wan-2-6", "prompt": "A walk", "verdict": "accepted"}
    made = record(experiment, params={"duration": "5"}, references=[clip], **given)
    record(experiment, params={"duration": "10"}, references=[longer], **given)
    where = f"/runs/{made.pk}/promote/"
    page = signed_in_client.get(where)
    [slot] = page.context["slots"]
    assert slot["form"]["max_seconds"].value() == 7
    sent = fields(page) | {"slot-0-max_seconds": "6", "slot-0-mime_types": ["video/mp4"]}
    sent |= {"param-duration-label": "How long", "count": "2"}
    assert signed_in_client.post(where, sent).status_code == 302
    version = TemplateVersion.objects.get()
    assert version.expected["count"] == 2
    assert [one["label"] for one in version.exposed_params] == ["How long"]
    [slot] = version.file_slots
    assert (slot["max_seconds"], slot["mime_types"], slot["required"]) == (6, ["video/mp4"], True)
    plan = preflight_job(version, {slot["name"]: str(longer.pk)})
    [problem] = plan.problems
    assert (problem.field, problem.limit) == (slot["name"], 6)
    assert "lasts 6.4 s; the limit is 6 s" in problem.message


def test_the_previews_alone_follow_a_change(run, signed_in_client):
    where = f"/runs/{run.pk}/promote/"
    sent = fields(signed_in_client.get(where)) | {"preview": "1", "part": "previews"}
    part = signed_in_client.post(where, sent, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="previews"')
    assert part.count("the same request") == 3
    assert not TemplateVersion.objects.exists()


def test_a_program_reads_the_proposal_and_promotes_it(run, api_client):
    found = api_client.get(f"/api/v1/runs/{run.pk}/proposal").json()
    assert found["prompt"] == LIGHT.format("{{ subject }}", "{{ surface }}")
    assert found["seen"]["surface"][0] == {"value": "slate", "runs": [1]}
    assert [one["differences"] for one in found["previews"]] == [[], [], []]
    assert found["previews"][0]["request"]["prompt"] == run.prompt
    assert (found["problems"], found["odd_runs"], found["no_shape"]) == ([], [], "")
    names = (
        "name", "slug", "prompt", "variables", "fixed_params", "exposed_params", "file_slots",
        "expected", "credit_cap",
    )  # fmt: skip
    body = {name: found[name] for name in names}
    made = api_client.post(f"/api/v1/runs/{run.pk}/promote", body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["variables"] == found["variables"]
