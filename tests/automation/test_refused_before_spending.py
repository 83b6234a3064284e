"""Whatever a job or a version cannot be is refused with its field and limit, and nothing is spent."""

from typing import Any

import pytest
from django.test import Client

from rivya_bridge.automation.models import Batch, Job, TemplateVersion
from rivya_bridge.catalog.models import CatalogModel
from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.tasks.models import Task
from tests.automation.making import make_template
from tests.experiments.factories import add_models, make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]

JOBS = "/api/v1/templates/banner/jobs"
VERSIONS = "/api/v1/templates/banner/versions"
MOST = {"max_length": 5_000}


@pytest.fixture
def template() -> None:
    make_template(
        prompt="A {{ subject }} with {{ count }} handles, {{ mood }}{% if lit %}, lit{% endif %}. {{ more }}",
        variables=[
            {"name": "subject", "max_length": 20},
            {"name": "count", "type": "number", "min": 1, "max": 4, "default": 2},
            {"name": "mood", "type": "choice", "options": ["calm", "loud"], "default": "calm"},
            {"name": "lit", "type": "boolean", "default": False},
            {"name": "more", "default": "x", **MOST},
        ],
        file_slots=[
            {"name": "photo", "kind": "image", "required": False, "mime_types": ["image/png"],
             "max_size_mb": 1},
        ],
        credit_cap=100,
    )  # fmt: skip


def nothing_was_spent() -> bool:
    rows = (Job, Task, LedgerEntry, Batch)
    return not any(row.objects.exists() for row in rows) and TemplateVersion.objects.count() == 1


def post(client: Client, where: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(where, body, content_type="application/json")
    assert answer.status_code == 422, answer.content
    fields = {one["field"]: one for one in answer.json()["error"]["fields"]}
    assert all(one["message"].rstrip().endswith((".", "?")) for one in fields.values())
    assert nothing_was_spent()
    return fields


@pytest.mark.parametrize(
    ("inputs", "field", "limit"),
    [
        ({}, "subject", None),
        ({"subject": "cup", "colour": "red"}, "colour", None),
        ({"subject": "x" * 21}, "subject", 20),
        ({"subject": ["cup"]}, "subject", None),
        ({"subject": "cup", "count": "two"}, "count", None),
        ({"subject": "cup", "count": 5}, "count", 4),
        ({"subject": "cup", "count": 0}, "count", 1),
        ({"subject": "cup", "mood": "sad"}, "mood", None),
        ({"subject": "cup", "lit": "perhaps"}, "lit", None),
        ({"subject": "cup", "aspectRatio": "5:1"}, "aspectRatio", None),
        ({"subject": "cup", "more": "x" * 5_001}, "more", 5_000),
        ({"subject": "cup", "more": "x" * 5_000}, "prompt", 5_000),
        ({"subject": "cup", "photo": "no-such-file"}, "photo", None),
    ],
)
def test_inputs(template: None, api_client: Client, inputs: Any, field: str, limit: Any) -> None:
    CatalogModel.objects.filter(pk="flux-2-pro").update(
        raw={**CatalogModel.objects.get(pk="flux-2-pro").raw, "max_prompt_length": 5_000}
    )
    found = post(api_client, JOBS, {"inputs": inputs})
    assert list(found) == [field]
    if limit is not None:
        assert found[field]["limit"] == limit


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"kind": "audio", "mime_type": "audio/mpeg"}, "image"),
        ({"mime_type": "image/webp"}, "image/png"),
        ({"size_bytes": 2 * 1_048_576}, 1),
    ],
)
def test_files(template: None, api_client: Client, changes: Any, limit: Any) -> None:
    file = make_file("other", **changes)
    found = post(api_client, JOBS, {"inputs": {"subject": "cup", "photo": str(file.pk)}})
    assert found["photo"]["limit"] == limit


@pytest.mark.parametrize("status", ["coming_soon", "studio_only"])
def test_a_model_that_the_api_cannot_run(template: None, api_client: Client, status: str) -> None:
    add_models("flux-2-pro", api_status=status)
    found = post(api_client, JOBS, {"inputs": {"subject": "cup"}})
    assert list(found) == ["model"]


def test_a_label_that_stands_nowhere(template: None, api_client: Client) -> None:
    found = post(api_client, JOBS, {"inputs": {"subject": "cup"}, "label": "production"})
    assert list(found) == ["label"]


@pytest.mark.parametrize(
    "prompt",
    [
        "{{ ''.__class__ }}", "{{ subject.__class__.__mro__ }}", "{{ self._TemplateReference__context }}",
        "{% for x in range(999999999) %}x{% endfor %}", "{{ 'x' * 999999999 }}", "{{ 9 ** 9 ** 9 }}",
        "{{ subject | map('upper') }}", "{{ cycler.__init__.__globals__ }}", "{% include 'x' %}",
        "{{ " + "(" * 3_000 + "subject" + ")" * 3_000 + " }}", "{% if subject %}" * 200, "x" * 20_001,
        "{{ undeclared }}", "{{ subject",
    ],
)  # fmt: skip
def test_text_of_a_template(template: None, api_client: Client, prompt: str) -> None:
    body = {
        "model": "z-image",
        "credit_cap": 5,
        "reason": "attack",
        "prompt": prompt,
        "variables": [{"name": "subject", "default": "cup"}],
    }
    found = post(api_client, VERSIONS, body)
    assert set(found) <= {"prompt", "variables"} and "prompt" in found
