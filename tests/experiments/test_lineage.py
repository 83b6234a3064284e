"""Any run opens the form of a new one with all its settings, and both runs name each other."""

import re

import pytest
from django.utils import timezone

from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Run
from tests.experiments.factories import add_models, make_experiment, make_file, record, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

TOKEN = "0c0c1a52-54a3-44a5-9a4c-8f7a5a0c7b22"


@pytest.fixture(autouse=True)
def models(db):
    add_models("z-image", "flux-2-pro", "gpt-image-2")
    now = timezone.now()
    CatalogRefresh.objects.create(
        account=current_connection().account, refreshed_at=now, tried_at=now, model_count=3
    )


@pytest.fixture
def earlier():
    return start(
        make_experiment(),
        model_id="flux-2-pro",
        prompt="A cup & a saucer",
        params={"aspectRatio": "16:9", "resolution": "2K"},
        references=[make_file("a.png"), make_file("b.png")],
    )


def opened(client, run, kind="run", **query):
    where = f"/experiments/{run.experiment_id}/{kind}/"
    return client.get(where, {"from": str(run.pk), **query}).content.decode()


def chosen(page, name):
    """The chosen option of a select."""
    field = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)[0]
    found = re.search(r'<option value="([^"]*)" selected', field)
    return found and found[1]


def test_it_works(signed_in_client, earlier):
    page = opened(signed_in_client, earlier)
    assert "A cup &amp; a saucer</textarea>" in page
    assert chosen(page, "model") == "flux-2-pro"
    assert (chosen(page, "param-aspectRatio"), chosen(page, "param-resolution")) == ("16:9", "2K")
    kept = re.findall(r'name="references_kept" value="([^"]+)"[^>]*checked', page)
    assert kept == [str(row.file_id) for row in earlier.references.all()]
    body = {
        "model": "flux-2-pro",
        "from": str(earlier.pk),
        "prompt": "A cup & a saucer",
        "param-aspectRatio": "16:9",
        "param-resolution": "2K",
        "references_kept": kept,
        "form_token": TOKEN,
    }
    answer = signed_in_client.post(f"/experiments/{earlier.experiment_id}/run/", body)
    later = Run.objects.get(continues_from=earlier)
    assert answer.headers["Location"] == f"/runs/{later.pk}/"
    assert (later.params, later.prompt) == (earlier.params, earlier.prompt)
    assert [row.file_id for row in later.references.all()] == [
        row.file_id for row in earlier.references.all()
    ]


def test_both_runs_name_each_other(signed_in_client, earlier):
    later = start(earlier.experiment, continues_from=earlier)
    latest = start(earlier.experiment, continues_from=earlier)
    first = signed_in_client.get(f"/runs/{earlier.pk}/").content.decode()
    assert "Continued by" in first
    assert f'href="/runs/{later.pk}/">run 2</a>, ' in first and f"/runs/{latest.pk}/" in first
    second = signed_in_client.get(f"/runs/{later.pk}/").content.decode()
    assert "Continues" in second and f'href="/runs/{earlier.pk}/">run 1</a>' in second


def test_a_studio_run_opens_both_forms(signed_in_client):
    run = record(make_experiment(), prompt="A vase", params={"aspect_ratio": "9:16"}, note="mine")
    for kind in ("run", "record"):
        page = opened(signed_in_client, run, kind)
        assert "A vase</textarea>" in page and chosen(page, "param-aspect_ratio") == "9:16"
        assert f'Continues from <a href="/runs/{run.pk}/">run 1</a>' in page


def test_params_follow_to_a_model_that_spells_them_otherwise(signed_in_client, earlier):
    page = opened(signed_in_client, earlier, model="gpt-image-2")
    assert chosen(page, "model") == "gpt-image-2"
    assert (chosen(page, "param-aspect_ratio"), chosen(page, "param-resolution")) == ("16:9", "2K")


def test_a_run_of_a_model_that_is_gone_opens_with_a_word(signed_in_client, earlier):
    add_models("flux-2-pro", api_status="studio_only")
    page = opened(signed_in_client, earlier)
    assert "studio_only" in page and "A cup &amp; a saucer</textarea>" in page
