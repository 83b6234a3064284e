"""Imports and exports by the HTTP API."""

import io
import json
from typing import Any

import pytest

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.sharing.models import Staged
from tests.experiments.factories import make_experiment
from tests.sharing.making import make_zip, noise, png

pytestmark = pytest.mark.django_db


def upload(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


@pytest.fixture
def read(monkeypatch: Any) -> None:
    """The model list is there already."""
    from rivya_bridge.sharing import api

    monkeypatch.setattr(api, "ensure_catalog", lambda: None)


def test_it_works(rich: Any, api_client: Any, stored: Any) -> None:
    where = f"/api/v1/experiments/{rich.experiment.pk}/export"
    content = b"".join(api_client.get(where).streaming_content)
    before = stored()
    there = api_client.post("/api/v1/experiments/import", {"file": upload(content, "a.zip")})
    assert there.status_code == 409
    assert "here already" in there.json()["error"]["message"]
    made = api_client.post(
        "/api/v1/experiments/import?again=true", {"file": upload(content, "a.zip")}
    )
    assert made.status_code == 201
    assert Experiment.objects.get(pk=made.json()["id"]).runs.count() == 5
    assert stored() == before and not Staged.objects.exists()


def test_many_runs_are_looked_at_and_recorded(
    models: None, read: None, api_client: Any, stored: Any
) -> None:
    experiment = make_experiment()
    where = f"/api/v1/experiments/{experiment.pk}/runs/import"
    content = make_zip({"a.png": noise(1), "b.png": noise(2)})
    given = {"model": "z-image", "prompt": "A"}
    before = stored()
    looked = api_client.post(f"{where}?dry_run=true", {**given, "file": upload(content, "a.zip")})
    assert looked.json()["recorded"] == 0 and len(looked.json()["rows"]) == 2
    assert stored() == before
    made = api_client.post(where, {**given, "file": upload(content, "a.zip")})
    assert made.status_code == 201 and made.json()["recorded"] == 2
    again = api_client.post(where, {**given, "file": upload(content, "a.zip")})
    assert again.status_code == 200 and again.json()["recorded"] == 0
    assert Run.objects.count() == 2 and not Staged.objects.exists()


def test_bad_rows_keep_all_from_being_recorded_unless_good_ones_are_asked_for(
    models: None, read: None, api_client: Any
) -> None:
    where = f"/api/v1/experiments/{make_experiment().pk}/runs/import"
    rows = [{"model": "z-image", "result_text": "a"}, {"model": "z-image", "rating": 9}]
    content = json.dumps(rows).encode()
    refused = api_client.post(where, {"file": upload(content, "runs.json")})
    assert refused.status_code == 422
    assert refused.json()["error"]["fields"][0]["field"] == "row 2: rating"
    assert not Run.objects.exists()
    made = api_client.post(f"{where}?good_only=true", {"file": upload(content, "runs.json")})
    assert made.json()["recorded"] == 1


def test_pages_come_by_the_api_too(rich: Any, api_client: Any) -> None:
    for where in (
        f"/api/v1/experiments/{rich.experiment.pk}/findings.html",
        f"/api/v1/comparisons/{rich.comparison.pk}/export.html",
    ):
        answer = api_client.get(where)
        assert answer.status_code == 200
        assert b"Bottle on slate" in answer.content


def test_what_is_no_zip_is_refused_by_its_field(api_client: Any, models: None) -> None:
    answer = api_client.post("/api/v1/experiments/import", {"file": upload(png(), "a.zip")})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"] == "file"
