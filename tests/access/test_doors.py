"""Every address of the product, for those who may not come in, and for pages of other sites."""

import re

import pytest
from django.apps import apps
from django.test import Client

from rivya_bridge.access.services import create_api_token
from tests.access.addresses import all_addresses, page_addresses

pytestmark = pytest.mark.django_db
HOST = "127.0.0.1:8000"


def row_counts() -> dict[str, int]:
    models = [m for m in apps.get_models() if m.__module__.startswith("rivya_bridge.")]
    return {model.__name__: model._default_manager.count() for model in models}


def test_it_works():
    found = all_addresses()
    assert len(found) > 50
    assert {"/", "/tasks/", "/api/v1/credits", "/experiments/new/"} <= set(found)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_address_answers_a_stranger(stranger, method):
    before = row_counts()
    for address in all_addresses():
        if address.startswith("/sign-in/"):
            continue
        answer = stranger.generic(method, address)
        if address.startswith("/api/"):
            assert answer.status_code == 401, address
        elif method in ("GET", "HEAD"):
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith("/sign-in/"), address
        else:
            assert answer.status_code in (401, 403), address
    assert row_counts() == before


def test_live_parts_send_a_stranger_to_the_sign_in_page(stranger):
    answer = stranger.get("/tasks/live/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in/")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_session_does_not_act_on_the_api(signed_in_client, method):
    for address in all_addresses():
        if address.startswith("/api/") and not address.endswith("openapi.json"):
            answer = signed_in_client.generic(
                method, address, "{}", content_type="application/json"
            )
            assert answer.status_code == 401, address


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_session_only_reads_the_description(signed_in_client, method):
    assert signed_in_client.generic(method, "/api/v1/openapi.json").status_code == 401


def test_a_token_opens_no_page(api_client):
    for address in page_addresses():
        assert api_client.get(address).status_code == 302, address


# --- CSRF -----------------------------------------------------------------------------------------


def token_of(client: Client) -> str:
    page = client.get("/experiments/new/").content.decode()
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert match
    return match[1]


def test_a_page_of_ours_may_send_its_form(strict_client):
    data = {"title": "x", "category": "image", "csrfmiddlewaretoken": token_of(strict_client)}
    answer = strict_client.post("/experiments/new/", data, headers={"origin": f"http://{HOST}"})
    assert answer.status_code == 302


def test_no_page_takes_a_form_without_a_token(strict_client):
    before = row_counts()
    for address in page_addresses():
        answer = strict_client.post(address, {"title": "x", "category": "image"})
        assert answer.status_code == 403, address
    assert row_counts() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_page_takes_another_method(strict_client, method):
    for address in page_addresses():
        assert strict_client.generic(method, address).status_code in (403, 405), address


@pytest.mark.parametrize(
    "origin",
    [
        "null", "http://evil.example", "https://127.0.0.1:8000", "http://127.0.0.1",
        "http://127.0.0.1:8001", "http://127.0.0.1:8000.evil.example", "http://[::1", "http://[",
        "nonsense", "file://", "http://127.0.0.1:8000/", "http://evil@127.0.0.1:8000", "//127.0.0.1:8000",
        "http://127.0.0.1:notaport", "\xff", "x" * 5000,
    ],
)  # fmt: skip
def test_a_form_from_another_site_is_refused(strict_client, origin):
    data = {"title": "x", "category": "image", "csrfmiddlewaretoken": token_of(strict_client)}
    before = row_counts()
    answer = strict_client.post("/experiments/new/", data, headers={"origin": origin})
    assert answer.status_code == 403
    assert row_counts() == before


@pytest.mark.parametrize("token", ["", "x", "a" * 64, "\0", "x" * 5000])
def test_a_wrong_token_is_refused(strict_client, token):
    token_of(strict_client)
    data = {"title": "x", "category": "image", "csrfmiddlewaretoken": token}
    assert strict_client.post("/experiments/new/", data).status_code == 403


def test_a_get_writes_nothing(signed_in_client, sandbox):
    for address in ("/models/", "/"):
        signed_in_client.get(address)
    before = row_counts()
    for address in page_addresses():
        signed_in_client.get(address, {"title": "x", "rating": "5", "verdict": "accepted"})
    assert row_counts() == before


# --- Host -----------------------------------------------------------------------------------------

WRONG_HOSTS = [
    "", "evil.example", "evil.example:8000", "127.0.0.1", "localhost", "127.0.0.1:80",
    "127.0.0.1:8001", "127.0.0.1:08000", "127.0.0.1:8000:8000", "127.0.0.1:8000.evil.example",
    "127.0.0.1.evil.example:8000", "localhost.evil.example:8000", "localhost.:8000", "127.1:8000",
    "127.0.0.2:8000", "0.0.0.0:8000", "0:8000", "2130706433:8000", "0x7f.1:8000", "017700000001:8000",
    "[::1]", "[::1]:8001", "::1:8000", "[::1%25lo]:8000", "[::ffff:127.0.0.1]:8000", "[::]:8000",
    "localhost:8000@evil.example", "evil.example@localhost:8000", "localhost:8000/", "localhost:8000?",
    "localhost:8000#", " localhost:8000", "localhost:8000 ", "localhost :8000", "localhost\t:8000",
    "localhost:8000,evil.example", "evil.example,localhost:8000", "localhost:8000\0", "\0",
    "xn--localhost:8000", "l\xf6calhost:8000", "localhost\xad:8000", "localhost\uff0e:8000", "*", "*:8000",
    "local:8000", "localhost:", ":8000", "localhost:8000\r\nX: y", "http://localhost:8000", "[localhost]:8000",
    "127.0.0.1:+8000", "127.0.0.1:8e3", "127.0.0.1:٨٠٠٠", "127.0.0.1:-8000", "rebind.network:8000",
    "127.0.0.1.nip.io:8000", "localhost:8000.", "LOCALHOST:80", "x" * 5000, "testserver",
]  # fmt: skip


@pytest.mark.parametrize("address", ["/", "/tasks/", "/sign-in/", "/api/v1/tasks", "/static/x.css"])
def test_a_foreign_host_is_answered_nowhere(db, address):
    token = create_api_token("right")
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert len(WRONG_HOSTS) >= 60
    for host in WRONG_HOSTS:
        answer = client.get(address, HTTP_HOST=host)
        assert answer.status_code == 421, host
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", [HOST, "localhost:8000", "LocalHost:8000", "[::1]:8000"])
def test_our_own_names_are_answered(db, host):
    assert Client().get("/sign-in/", HTTP_HOST=host).status_code == 200


def test_a_forwarded_host_means_nothing(stranger):
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = stranger.get("/tasks/", headers=headers)
    assert "evil" not in answer.headers["Location"]


# --- Headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/sign-in/", "/tasks/", "/experiments/new/", "/nonsense/"])
def test_every_page_is_closed_to_other_sites(signed_in_client, address):
    client = signed_in_client if address != "/sign-in/" else Client(headers={"host": HOST})
    answer = client.get(address, headers={"origin": "http://evil.example"})
    policy = answer.headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"(?=.*'nonce-[\w+/=-]{16,}').*", rules["script-src"])
    assert "unsafe" not in policy
    assert (rules["frame-ancestors"], rules["base-uri"]) == ("'none'", "'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_nonce_is_new_each_time(signed_in_client):
    policies = {
        signed_in_client.get("/tasks/").headers["Content-Security-Policy"] for _ in range(5)
    }
    assert len(policies) == 5


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_the_api_never_invites_another_site(api_client, method):
    headers = {
        "origin": "http://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = api_client.generic(method, "/api/v1/tasks", headers=headers)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_session_cookie_is_out_of_reach_of_scripts(signed_in_client, settings):
    cookie = signed_in_client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
