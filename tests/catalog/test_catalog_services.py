"""Reading the model list, and keeping it when a reading fails."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rivya_bridge.catalog import services
from rivya_bridge.catalog.models import CatalogModel, CatalogRefresh
from rivya_bridge.catalog.selectors import get_model, last_refresh, listed_models, model_names
from rivya_bridge.catalog.services import ensure_catalog, refresh_catalog
from rivya_bridge.refusals import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


def _age(**changes: object) -> None:
    CatalogRefresh.objects.update(**changes)


def test_it_works():
    done = refresh_catalog()
    assert done.error == ""
    assert done.model_count == CatalogModel.objects.count() > 50
    model = get_model("flux-2-pro")
    assert (model.display_name, model.base_credits) == ("Flux 2 Pro", 5)
    assert model.reference_media.limits["image"].max_size_mb == 10
    assert model_names()["flux-2-pro"] == "Flux 2 Pro"
    assert {model.category for model in listed_models("video")} == {"video"}
    assert len(listed_models()) == done.model_count


def test_a_second_reading_changes_rows_and_keeps_when_they_were_first_seen():
    refresh_catalog()
    CatalogModel.objects.filter(pk="z-image").update(base_credits=99, display_name="Old")
    before = CatalogModel.objects.get(pk="z-image")
    refresh_catalog()
    after = CatalogModel.objects.get(pk="z-image")
    assert (after.display_name, after.base_credits) == ("Z-Image", 1)
    assert after.first_seen_at == before.first_seen_at
    assert after.last_seen_at > before.last_seen_at


def test_a_model_that_left_the_list_stays_known_and_is_not_available():
    refresh_catalog()
    CatalogModel.objects.filter(pk="z-image").update(model_id="old-image")
    raw = CatalogModel.objects.filter(pk="old-image").values_list("raw", flat=True)[0]
    CatalogModel.objects.update_or_create(
        pk="old-image",
        defaults={
            "raw": {**raw, "id": "old-image"},
            "base_credits": 1,
            "last_seen_at": timezone.now(),
        },
    )
    refresh_catalog()
    assert not get_model("old-image").is_available
    assert "old-image" not in {model.id for model in listed_models()}


def test_an_unknown_model_is_refused_with_near_names():
    refresh_catalog()
    with pytest.raises(Refusal, match="Did you mean flux-2-pro") as refusal:
        get_model("flux2 pro", field="model_id")
    assert refusal.value.problems[0].field == "model_id"


def test_an_unknown_model_without_any_list_says_to_refresh():
    with pytest.raises(Refusal, match="was not read yet"):
        get_model("flux-2-pro")


def test_a_failed_reading_keeps_the_old_list_and_says_why(settings):
    refresh_catalog()
    account_key = settings.RIVYA_API_KEY
    good_url, settings.RIVYA_BASE_URL = settings.RIVYA_BASE_URL, "http://127.0.0.1:9"
    failed = refresh_catalog()
    assert failed.error
    assert failed.refreshed_at is None
    assert len(listed_models()) > 50
    settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY = good_url, account_key
    assert last_refresh().error == ""


def test_a_fresh_list_is_not_read_again():
    first = ensure_catalog()
    assert first.model_count > 50
    assert ensure_catalog().tried_at == first.tried_at


def test_a_list_over_an_hour_old_is_read_again():
    ensure_catalog()
    old = timezone.now() - timedelta(minutes=61)
    _age(refreshed_at=old, tried_at=old)
    assert ensure_catalog().refreshed_at > old


def test_after_a_failure_there_is_one_try_in_fifteen_seconds(settings):
    ensure_catalog()
    now = timezone.now()
    _age(refreshed_at=None, tried_at=now, error="down")
    assert ensure_catalog(now + timedelta(seconds=14)).error == "down"
    assert ensure_catalog(now + timedelta(seconds=15)).error == ""


def test_a_clock_that_was_set_back_does_not_stop_the_readings():
    ensure_catalog()
    ahead = timezone.now() + timedelta(days=3650)
    _age(refreshed_at=ahead, tried_at=ahead)
    assert ensure_catalog().refreshed_at < ahead


def test_one_of_two_that_come_at_once_makes_the_try():
    ensure_catalog()
    row, now = last_refresh(), timezone.now()
    assert services._claim_try(row, now)
    assert not services._claim_try(row, now)


def test_another_account_reads_its_own_list(settings):
    ensure_catalog()
    settings.RIVYA_API_KEY = "rvya_sk_sandbox_readonly"
    assert last_refresh() is None
    assert ensure_catalog().model_count > 50
    assert CatalogRefresh.objects.count() == 2


def test_a_program_has_the_list_read(api_client):
    answer = api_client.post("/api/v1/models/refresh")
    assert answer.status_code == 200
    assert answer.json()["model_count"] == last_refresh().model_count > 50


def test_a_program_is_told_why_the_list_could_not_be_read(api_client, settings):
    ensure_catalog()
    settings.RIVYA_BASE_URL = "http://127.0.0.1:9"
    answer = api_client.post("/api/v1/models/refresh")
    assert answer.status_code == 503
    assert "could not be read" in answer.json()["error"]["message"]
    assert last_refresh() is not None
