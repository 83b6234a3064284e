"""The connection page: choosing, checking, switching, and never showing a key."""

import pytest
from django.urls import reverse

from rivya_bridge.connection import current_connection
from rivya_bridge.connection.models import SavedConnection
from rivya_bridge.connection.services import use_connection
from tests.connection.conftest import READONLY, save_at_sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

NEW = "/connection/new/"


def posted(settings, **changes: str) -> dict[str, str]:
    return {"name": "Shop", "base_url": settings.RIVYA_BASE_URL, "api_key": READONLY} | changes


def test_it_works(signed_in_client, settings):
    page = signed_in_client.post(NEW, posted(settings), follow=True).content.decode()
    row = SavedConnection.objects.get()
    assert "Shop is saved, and not in use yet." in page
    assert "lacks generations:create" in page
    assert "Use Shop?" in page
    assert current_connection().source == "sandbox"
    page = signed_in_client.post(
        reverse("dashboard:use_connection", args=[row.pk]), follow=True
    ).content.decode()
    assert "Now in use: Shop" in page
    assert "Will not work: running experiments and jobs" in page
    assert READONLY not in page
    assert current_connection().account == row.account


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"api_key": "rvya_sk_wrong"}, "api_key_invalid"),
        ({"api_key": "rvya_sk_sandbox_revoked"}, "api_key_revoked"),
        ({"api_key": "rvya_sk_sandbox_expired"}, "api_key_expired"),
        ({"api_key": "rvya_sk_in two"}, "without spaces"),
        ({"api_key": "k" * 5000}, "longer than 512"),
        ({"base_url": "http://rivya.ai"}, "https"),
        ({"base_url": "https://rivya.ai"}, "loopback hosts only"),
    ],
)
def test_what_is_refused_is_said_at_the_field_and_the_key_does_not_come_back(
    signed_in_client, settings, changes, said
):
    sent = posted(settings, **changes)
    response = signed_in_client.post(NEW, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert sent["api_key"] not in page
    assert 'value="Shop"' in page
    assert 'type="password"' in page and 'autocomplete="off"' in page
    assert not SavedConnection.objects.exists()


def test_a_server_that_is_down_is_saved_with_what_the_check_said(signed_in_client, settings):
    sent = posted(settings, base_url="http://127.0.0.1:9", api_key="rvya_sk_x")
    page = signed_in_client.post(NEW, sent, follow=True).content.decode()
    assert "could not be reached" in page
    assert SavedConnection.objects.count() == 1


def test_a_switch_is_asked_for_first(signed_in_client):
    row = save_at_sandbox("Shop", READONLY)
    page = signed_in_client.get(reverse("dashboard:use_connection", args=[row.pk]))
    assert "None is open that the switch would touch." in page.content.decode()
    assert current_connection().source == "sandbox"


def test_the_key_is_replaced_and_the_connection_removed(signed_in_client):
    row = save_at_sandbox("Shop", READONLY)
    where = reverse("dashboard:new_key", args=[row.pk])
    assert signed_in_client.get(where).status_code == 200
    assert signed_in_client.post(where, {"api_key": "rvya_sk_wrong"}).status_code == 422
    page = signed_in_client.post(where, {"api_key": "rvya_sk_sandbox_full"}, follow=True)
    assert "Shop has its new key. It answers" in page.content.decode()
    where = reverse("dashboard:remove_connection", args=[row.pk])
    assert signed_in_client.get(where).status_code == 200
    page = signed_in_client.post(where, follow=True).content.decode()
    assert "its key wiped" in page
    assert signed_in_client.get(where).status_code == 404


def test_a_connection_in_use_stays_and_the_sandbox_comes_back(signed_in_client):
    row = save_at_sandbox("Shop", READONLY)
    use_connection(row.pk)
    page = signed_in_client.post(
        reverse("dashboard:remove_connection", args=[row.pk]), follow=True
    ).content.decode()
    assert "switch to another connection first" in page
    assert "Use the sandbox?" in signed_in_client.get("/connection/sandbox/use/").content.decode()
    signed_in_client.post("/connection/sandbox/use/")
    assert current_connection().source == "sandbox"


def test_the_environment_makes_the_page_read_only(signed_in_client, settings):
    row = save_at_sandbox("Shop", READONLY)
    settings.USES_SANDBOX = False
    settings.RIVYA_API_KEY = "rvya_sk_sandbox_full"
    page = signed_in_client.get("/connection/").content.decode()
    assert "The environment decides" in page
    assert "Add an account" not in page and "Replace the key" not in page
    assert signed_in_client.get(NEW).status_code == 409
    refused = signed_in_client.post(reverse("dashboard:use_connection", args=[row.pk]))
    assert refused.status_code == 409
    assert "RIVYA_API_KEY is set" in refused.content.decode()
    assert not SavedConnection.objects.get().is_in_use


def test_a_lost_key_file_is_loud_on_every_page(signed_in_client, key_file):
    from rivya_bridge.connection.current import forget_choice

    use_connection(save_at_sandbox("Shop", READONLY).pk)
    key_file.unlink()
    forget_choice()
    for where in ("/", "/connection/", "/models/", "/tasks/"):
        page = signed_in_client.get(where)
        assert page.status_code == 200, where
        assert "gone from the data folder" in page.content.decode(), where
    page = signed_in_client.post("/connection/check/", follow=True).content.decode()
    assert "The account did not answer as it should. The key file" in page


def test_the_api_checks_the_connection_in_use(readonly, api_client):
    use_connection(readonly.pk)
    answer = api_client.post("/api/v1/connection/check")
    assert answer.status_code == 200
    assert READONLY not in answer.content.decode()
    check = answer.json()["check"]
    assert (check["problem"], check["model_count"] > 50) == (None, True)
    assert "generations:create" in check["missing_scopes"]
    assert answer.json() == api_client.get("/api/v1/connection").json()


def test_the_api_says_what_is_wrong_with_the_connection(db, sandbox, api_client):
    use_connection(save_at_sandbox("Revoked", "rvya_sk_sandbox_revoked").pk)
    answer = api_client.post("/api/v1/connection/check")
    assert answer.status_code == 200
    assert "api_key_revoked" in answer.json()["check"]["problem"]


def test_the_api_tells_the_connection_without_its_key(api_client, signed_in_client):
    use_connection(save_at_sandbox("Shop", READONLY).pk)
    signed_in_client.post("/connection/check/")
    answer = api_client.get("/api/v1/connection")
    data = answer.json()
    assert READONLY not in answer.content.decode()
    assert (data["name"], data["source"], data["key_last4"]) == ("Shop", "saved", "only")
    assert "generations:create" in data["check"]["missing_scopes"]
    assert data["saved"][0]["is_in_use"]
