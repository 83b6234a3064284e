"""What changes in the list is remembered per server, and touches what uses the model."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from rivya_bridge.catalog.changes import KEPT, note_changes, recent_changes
from rivya_bridge.catalog.facts import differences, facts_of
from rivya_bridge.catalog.models import CatalogChange, CatalogRefresh
from rivya_bridge.catalog.selectors import get_model, last_refresh, listed_models
from rivya_bridge.catalog.services import ensure_catalog, refresh_catalog
from rivya_bridge.catalog.views import model_row
from rivya_bridge.connection import current_connection
from rivya_bridge.identifiers import new_id
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rivya import AnswerMeta, Model
from rivya_bridge.rivya.types.model import read_models
from rivya_bridge.sandbox.catalogue import load_catalogue
from tests.experiments.factories import add_models, finish, make_experiment, make_file, start

RAW = load_catalogue()["flux-2-pro"]


def model(**changes: object) -> Model:
    raw = json.loads(json.dumps(RAW)) | changes
    return read_models({"data": [raw]}, AnswerMeta(200, None, timezone.now()))[0]


def changed(**changes: object) -> list[tuple[str, str, object, object]]:
    before, after = model(), model(**changes)
    found = differences({before.id: facts_of(before)}, {after.id: facts_of(after)})
    return [(one.kind, one.field, one.before, one.after) for one in found]


def param(key: str = "resolution", **changes: object) -> list[dict]:
    return [{**one, **changes} if one["key"] == key else one for one in RAW["params"]]


def test_it_works():
    assert changed(base_credits=9) == [("price", "base_credits", 5, 9)]
    assert changed(api_status="studio_only") == [
        ("status", "api_status", "available", "studio_only")
    ]
    assert changed(max_prompt_length=None) == [("limits", "max_prompt_length", 5000, None)]
    assert changed(display_name="New") == [("other", "display_name", "Flux 2 Pro", "New")]


def test_one_part_of_a_param_is_one_change():
    assert changed(params=param(options=["1K", "2K", "4K"])) == [
        ("params", "params.resolution.options", ["1K", "2K"], ["1K", "2K", "4K"])
    ]


def test_a_param_that_comes_or_goes_is_one_change():
    [(kind, field, before, after)] = changed(params=RAW["params"][:1])
    assert (kind, field, after) == ("params", "params.resolution", None)
    assert before["options"] == ["1K", "2K"]
    extra = {"key": "seed", "type": "number", "min": 0}
    [(_, field, before, after)] = changed(params=[*RAW["params"], extra])
    assert (field, before, after["type"]) == ("params.seed", None, "number")


def test_limits_of_references_are_told_by_kind():
    media = json.loads(json.dumps(RAW["reference_media"]))
    media["max_files"] = 3
    media["limits"][0]["max_size_mb"] = 20
    assert {(kind, field) for kind, field, *_ in changed(reference_media=media)} == {
        ("limits", "reference_media.max_files"),
        ("limits", "reference_media.image.max_size_mb"),
    }


def test_order_and_descriptions_and_unknown_fields_are_no_changes():
    shuffled = [
        {**one, "options": one["options"][::-1], "description": "Other words"}
        for one in RAW["params"][::-1]
    ]
    inputs = RAW["supported_api_inputs"][::-1]
    assert changed(params=shuffled, supported_api_inputs=inputs, brand_new=[1]) == []


@pytest.mark.django_db
class TestHistory:
    """Over stored readings."""

    def test_the_first_reading_of_a_server_changes_nothing(self):
        assert note_changes("https://a.example", timezone.now(), [model()]) == 0
        assert note_changes("https://b.example", timezone.now(), [model(base_credits=9)]) == 0

    def test_each_server_is_compared_with_itself(self):
        now = timezone.now()
        for base_url, credits in (("https://a.example", 5), ("https://b.example", 9)):
            note_changes(base_url, now, [model(base_credits=credits)])
        assert note_changes("https://a.example", now, [model(base_credits=5)]) == 0
        assert note_changes("https://a.example", now, [model(base_credits=6)]) == 1
        assert CatalogChange.objects.get().sentence == "price in credits: 5 → 6"

    def test_models_that_come_and_go_are_told(self):
        now = timezone.now()
        note_changes("https://a.example", now, [model()])
        note_changes("https://a.example", now, [model(id="other")])
        note_changes("https://a.example", now, [model(id="other")])
        assert sorted(CatalogChange.objects.values_list("model_id", "kind")) == [
            ("flux-2-pro", "removed"),
            ("other", "added"),
        ]

    def test_the_oldest_are_forgotten(self):
        now = timezone.now()
        CatalogChange.objects.bulk_create(
            CatalogChange(
                id=new_id(), base_url="https://a.example", seen_at=now, model_id="m", kind="price"
            )
            for _ in range(KEPT)
        )
        note_changes("https://a.example", now, [model()])
        note_changes("https://a.example", now, [model(base_credits=6)])
        assert CatalogChange.objects.count() == KEPT
        assert CatalogChange.objects.filter(field="base_credits").exists()

    def test_recent_means_a_month(self):
        now = timezone.now()
        base_url = current_connection().base_url
        note_changes(base_url, now - timedelta(days=60), [model()])
        note_changes(base_url, now - timedelta(days=50), [model(base_credits=6)])
        note_changes(base_url, now, [model(base_credits=7)])
        recent = recent_changes(now)
        assert recent.count == 1
        assert recent.since == now - timedelta(days=30)
        assert recent_changes(now - timedelta(days=45)).since == now - timedelta(days=60)


@pytest.fixture
def template(db, sandbox, no_bell):
    """A template and an experiment that use flux-2-pro, with the list read."""
    refresh_catalog()
    run = start(make_experiment(), model_id="flux-2-pro", references=[make_file()])
    finish(run.task, make_file())
    run.refresh_from_db()
    version = promote_run(
        run,
        name="Banner",
        slug="banner",
        description="",
        prompt=run.prompt,
        variables=[],
        exposed_params=[],
    )
    return version.template


def note(*models: Model) -> None:
    note_changes(current_connection().base_url, timezone.now(), models)


def test_a_change_names_what_it_touches(template, signed_in_client, api_client):
    note(*(one for one in listed_models() if one.id != "flux-2-pro"), model(base_credits=9))
    page = signed_in_client.get("/models/").content.decode()
    assert "1 change since " in page
    assert 'href="/templates/banner/">Banner</a> (template)' in page
    assert "Bottle on slate</a> (experiment)" in page
    assert "Banner</a> (template)" in signed_in_client.get("/models/changes/").content.decode()
    page = signed_in_client.get("/templates/banner/").content.decode()
    assert "Its model has changed since this version was made" in page
    assert "price in credits: 5 → 9" in page
    answer = api_client.get("/api/v1/models/changes?model=flux-2-pro").json()
    first = answer["items"][0]
    assert (first["model"], first["kind"], first["before"], first["after"]) == (
        "flux-2-pro",
        "price",
        5,
        9,
    )


@pytest.mark.parametrize(
    "status, said",
    [("studio_only", "works in Studio only"), ("coming_soon", "not open to the API")],
)
def test_a_model_that_is_closed_is_loud_on_its_templates(template, signed_in_client, status, said):
    add_models("flux-2-pro", api_status=status)
    page = signed_in_client.get("/templates/banner/").content.decode()
    assert "Its model needs attention" in page
    assert said.lower() in page.lower()
    assert f">{status}</span>" in signed_in_client.get("/templates/").content.decode()


def test_a_model_that_vanished_is_loud_too(template, signed_in_client):
    from rivya_bridge.catalog.models import CatalogModel

    CatalogModel.objects.filter(pk="flux-2-pro").update(is_listed=False)
    assert (
        "No longer in the model list" in signed_in_client.get("/templates/banner/").content.decode()
    )
    assert ">unlisted</span>" in signed_in_client.get("/templates/").content.decode()
    page = signed_in_client.get("/models/flux-2-pro/").content.decode()
    assert "The API cannot run it" in page


def test_a_model_has_its_page(template, signed_in_client):
    page = signed_in_client.get("/models/flux-2-pro/").content.decode()
    assert "aspectRatio" in page and "1:1, 4:3" in page
    assert "up to 8, image ≤ 10 MB" in page
    assert "Banner" in page and "Bottle on slate" in page
    assert "&quot;base_credits&quot;: 5" in page
    missing = signed_in_client.get("/models/flux-2-prou/")
    assert missing.status_code == 404
    assert "Did you mean flux-2-pro" in missing.content.decode()


def test_the_list_is_searched_and_narrowed_by_readiness(template, signed_in_client):
    add_models("z-image", api_status="studio_only")
    add_models("4o-image", api_status="")
    page = signed_in_client.get("/models/?q=FLUX+resolution").content.decode()
    assert "Flux 2 Pro" in page and "Z-Image" not in page
    assert "Z-Image" in signed_in_client.get("/models/?state=closed").content.decode()
    page = signed_in_client.get("/models/?state=unknown").content.decode()
    assert "4o Image" in page and "Flux 2 Pro</strong>" not in page
    assert "No model of the list matches" in signed_in_client.get("/models/?q=zz").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "status, state", [("", "unknown"), ("beta", "unknown"), ("available", "ready")]
)
def test_a_model_of_unknown_readiness_may_be_tried_with_a_warning(status, state):
    add_models("flux-2-pro", api_status=status)
    row = model_row(get_model("flux-2-pro"))
    assert row.model.is_available
    assert row.state == state
    assert ("may be tried" in row.status) == (state == "unknown")


def test_another_servers_list_is_read_anew_after_a_switch(db, sandbox, settings):
    ensure_catalog()
    here = settings.RIVYA_BASE_URL
    CatalogRefresh.objects.create(
        account="elsewhere", base_url="https://a.example", tried_at=timezone.now(),
        refreshed_at=timezone.now(),
    )  # fmt: skip
    refresh_catalog()
    assert CatalogRefresh.objects.get(account="elsewhere").refreshed_at is None
    assert last_refresh().base_url == here
