"""Versions: made by editing, never changed, and told apart by what differs."""

import pytest
from django.db import IntegrityError, transaction

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import LabelMove, TemplateVersion
from rivya_bridge.automation.services import add_version, move_label
from rivya_bridge.automation.version_diff import Change, version_diff
from rivya_bridge.automation.version_forms import VersionForm
from tests.automation.making import make_template

pytestmark = pytest.mark.usefixtures("models")
URL = "/templates/banner/versions/"


@pytest.fixture
def template(models):
    return make_template()


def edited(version: TemplateVersion, **changes) -> dict:
    return {**VersionForm.initial_of(version), "reason": "A warmer light.", **changes}


def add(template, **changes) -> TemplateVersion:
    parts = ("model_id", "prompt", "variables", "fixed_params", "exposed_params", "file_slots")
    kept = {name: getattr(template.current_version, name) for name in (*parts, "credit_cap")}
    return add_version(template, Draft(**{**kept, "reason": "Another", **changes}))


def test_it_works(template, signed_in_client):
    form = edited(template.current_version, prompt="A {{ subject }} on warm slate")
    answer = signed_in_client.post(f"{URL}1/edit/", form, follow=True)
    assert answer.redirect_chain == [(f"{URL}compare/?from=1&to=2", 302)]
    assert "<ins>warm </ins>" in answer.content.decode()
    made = template.versions.get(number=2)
    assert (made.reason, made.author) == ("A warmer light.", "browser")
    template.refresh_from_db()
    assert template.current_version == made
    listed = signed_in_client.get(URL).content.decode()
    assert "A warmer light." in listed and "browser" in listed


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("reason", "", "required"),
        ("prompt", "A {{ subjct }}", "not declared"),
        ("credit_cap", "0", "greater than or equal to 1"),
        ("content", "- a list", "object with exactly these keys"),
        ("content", "a: &b 1\nc: *b", "anchors and aliases"),
    ],
)
def test_what_does_not_fit_is_refused_and_makes_no_version(
    template, signed_in_client, field, value, words
):
    form = edited(template.current_version, **{field: value})
    answer = signed_in_client.post(f"{URL}1/edit/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert template.versions.count() == 1


def test_the_database_keeps_a_version_and_the_history_as_they_were(template):
    move_label(template, "stable", 1, seen=None, reason="First")
    for rows, change in (
        (TemplateVersion.objects, {"prompt": "Another"}),
        (LabelMove.objects, {"reason": "Another"}),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            rows.update(**change)
    assert template.versions.get().prompt == "A {{ subject }} on slate"


def test_a_difference_names_each_key(template):
    before = template.current_version
    after = add(
        template,
        prompt="A {{ subject }} on slate, {{ light }}",
        variables=[
            {"name": "subject", "default": "cup", "max_length": 30},
            {"name": "light", "default": "soft"},
        ],
        fixed_params={"resolution": "2K"},
        file_slots=[],
        credit_cap=90,
    )
    found = version_diff(before, after)
    assert "".join(text for op, text in found.prompt if op == "insert") == ", {{ light }}"
    assert Change("credit cap", "", "100", "90") in found.changes
    assert Change("input", "subject.max_length", "20", "30") in found.changes
    assert Change("fixed param", "resolution", "1K", "2K") in found.changes
    assert Change("file slot", "photo.kind", "image", "") in found.changes
    assert ("input", "light.default") in {(one.part, one.key) for one in found.changes}


def test_nothing_differs_from_itself(template, signed_in_client):
    assert not version_diff(template.current_version, template.current_version)
    page = signed_in_client.get(f"{URL}compare/?from=1&to=1").content.decode()
    assert "Nothing differs" in page


@pytest.mark.parametrize("query", ["from=1&to=9", "from=x&to=1", "from=1"])
def test_a_version_that_is_none_is_named(template, signed_in_client, query):
    assert signed_in_client.get(f"{URL}compare/?{query}").status_code == 404


def test_versions_by_http(template, api_client):
    body = {
        "model": "flux-2-pro",
        "prompt": "A vase",
        "credit_cap": 50,
        "reason": "No inputs any more",
    }
    where = "/api/v1/templates/banner/versions"
    made = api_client.post(where, body, "application/json")
    assert (made.status_code, made.json()["number"]) == (201, 2)
    assert made.json()["author"] == "token tests"
    assert [row["number"] for row in api_client.get(where).json()["items"]] == [2, 1]
    assert api_client.get(f"{where}/1").json()["prompt"] == "A {{ subject }} on slate"
    refused = api_client.post(where, body | {"reason": ""}, "application/json")
    assert refused.status_code == 422 and template.versions.count() == 2


def test_name_and_description_change_and_the_address_stays(template, signed_in_client, api_client):
    signed_in_client.post("/templates/banner/rename/", {"name": "Shop", "description": "For it"})
    template.refresh_from_db()
    assert (template.name, template.description, template.slug) == ("Shop", "For it", "banner")
    changed = api_client.patch("/api/v1/templates/banner", {"name": "New"}, "application/json")
    assert (changed.json()["name"], changed.json()["description"]) == ("New", "For it")
