"""The model list as a page and over the HTTP API."""

import pytest

from rivya_bridge.catalog.models import CatalogModel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


def test_it_works(signed_in_client):
    page = signed_in_client.get("/models/").content.decode()
    assert "Flux 2 Pro" in page
    assert "up to 8, image ≤ 10 MB" in page
    assert "just now</time>" in page
    assert page.index(">Image</h2>") < page.index(">Video</h2>") < page.index(">Audio</h2>")


def test_one_category_can_be_shown(signed_in_client):
    part = signed_in_client.get("/models/?category=audio", headers={"HX-Request": "true"})
    assert b"Suno Music" in part.content
    assert b"Flux 2 Pro" not in part.content
    assert b"<html" not in part.content


def test_the_list_is_read_again_by_post_only(signed_in_client):
    assert signed_in_client.get("/models/refresh/").status_code == 405
    page = signed_in_client.post("/models/refresh/", follow=True)
    assert f"{CatalogModel.objects.count()} models read." in page.content.decode()


def test_a_server_that_does_not_answer_leaves_the_former_list(signed_in_client, settings):
    signed_in_client.get("/models/")
    settings.RIVYA_BASE_URL = "http://127.0.0.1:9"
    page = signed_in_client.post("/models/refresh/", follow=True).content.decode()
    assert "The model list could not be read" in page
    assert "The last reading failed" in page
    assert "Flux 2 Pro" in page


def test_the_api_lists_models(api_client):
    answer = api_client.get("/api/v1/models?category=video").json()
    assert answer["next"] is None
    assert {item["category"] for item in answer["items"]} == {"video"}


def test_the_api_shows_one_model(api_client):
    model = api_client.get("/api/v1/models/flux-2-pro").json()
    assert (model["display_name"], model["base_credits"], model["max_files"]) == (
        "Flux 2 Pro",
        5,
        8,
    )
    assert model["params"][0]["key"] == "aspectRatio"
    assert model["params"][0]["options"][0] == "1:1"


def test_the_api_does_not_find_an_unknown_model(api_client):
    response = api_client.get("/api/v1/models/flux-2-prou")
    assert response.status_code == 404
    assert "Did you mean flux-2-pro" in response.json()["error"]["message"]
