"""Files over the HTTP API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rivya_bridge.files.models import StoredFile

pytestmark = pytest.mark.django_db


def test_it_works(api_client, picture):
    sent = SimpleUploadedFile("beach.png", picture(), content_type="text/html")
    response = api_client.post("/api/v1/files", {"file": sent})
    assert response.status_code == 201
    made = response.json()
    file = StoredFile.objects.get()
    expected = {
        "id": str(file.pk),
        "kind": "image",
        "mime_type": "image/png",
        "size_bytes": len(picture()),
        "sha256": file.sha256,
        "name": "beach.png",
        "width": 64,
        "height": 48,
        "duration_seconds": None,
    }
    assert {key: made[key] for key in expected} == expected
    assert made["url"].endswith(f"/api/v1/files/{file.pk}/content")
    path = made["url"].removeprefix("http://127.0.0.1:8000")
    assert b"".join(api_client.get(path)) == picture()
    assert set(made) == {*expected, "url", "created_at"}
    assert api_client.get(f"/api/v1/files/{file.pk}").json() == made


def test_a_file_that_is_no_media_is_refused_by_field(api_client):
    sent = SimpleUploadedFile("cat.png", b"<svg></svg>")
    response = api_client.post("/api/v1/files", {"file": sent})
    assert response.status_code == 422
    error = response.json()["error"]
    assert error["code"] == "validation_failed"
    assert error["fields"][0]["field"] == "file"
    assert "is an SVG drawing" in error["message"]


def test_a_file_above_the_limit_names_it(api_client, picture, settings):
    settings.UPLOAD_MAX_BYTES = 10
    response = api_client.post("/api/v1/files", {"file": SimpleUploadedFile("a.png", picture())})
    assert response.json()["error"]["fields"][0]["limit"] == 10


def test_a_request_without_a_file_is_refused(api_client):
    response = api_client.post("/api/v1/files", {})
    assert response.status_code == 422
    assert response.json()["error"]["fields"][0]["field"] == "file"


def test_an_unknown_file_is_not_found(api_client):
    response = api_client.get("/api/v1/files/01a209fd-0c29-7de8-9f9d-e824a472701c")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_nothing_is_taken_without_a_token(client, picture, settings):
    response = client.post(
        "/api/v1/files",
        {"file": SimpleUploadedFile("a.png", picture())},
        headers={"host": f"127.0.0.1:{settings.BRIDGE_PORT}"},
    )
    assert response.status_code == 401
    assert not StoredFile.objects.exists()
