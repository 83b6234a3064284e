"""One-time links, and where they lead."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from rivya_bridge.access.models import ApiToken, LaunchLink
from rivya_bridge.access.services import create_api_token, create_launch_link, redeem_launch_link

pytestmark = pytest.mark.django_db
HOST = "127.0.0.1:8000"


@pytest.fixture
def link() -> str:
    return create_launch_link().removeprefix(f"http://{HOST}")


def other_browser() -> Client:
    return Client(headers={"host": HOST})


def test_it_works(stranger, link):
    assert stranger.get("/tasks/").status_code == 302
    answer = stranger.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert stranger.get("/tasks/").status_code == 200


def test_a_link_works_once(stranger, link):
    stranger.get(link)
    second = other_browser()
    assert second.get(link).status_code == 410
    assert second.get("/tasks/").status_code == 302


def test_a_link_expires(stranger):
    with time_machine.travel(timezone.now() - timedelta(minutes=16)):
        old = create_launch_link().removeprefix(f"http://{HOST}")
    assert stranger.get(old).status_code == 410


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT"])
def test_only_a_get_uses_a_link_up(stranger, link, method):
    assert stranger.generic(method, link).status_code == 405
    assert stranger.get(link).status_code == 302


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
def test_a_browser_that_guesses_ahead_uses_no_link_up(stranger, link, header):
    assert stranger.get(link, headers={header: "prefetch;prerender"}).status_code == 503
    assert stranger.get(link).status_code == 302


@pytest.mark.parametrize("token", ["x", "a" * 5000, "%00", "%ff", "..", "%0d%0aSet-Cookie: a=b"])
def test_an_unknown_link_signs_nobody_in(stranger, token):
    assert stranger.get(f"/sign-in/{token}/").status_code in (404, 410)
    assert stranger.get("/tasks/").status_code == 302


def test_a_signed_in_browser_leaves_the_link_for_another(stranger, link):
    stranger.get(create_launch_link().removeprefix(f"http://{HOST}"))
    assert stranger.get(link).status_code == 302
    assert other_browser().get(link).status_code == 302


def test_only_hashes_are_kept(link):
    token = link.strip("/").rpartition("/")[2]
    row = LaunchLink.objects.get()
    assert token not in str(row.__dict__)
    assert redeem_launch_link(token)
    assert not redeem_launch_link(token)


def test_signing_out_ends_the_session(stranger, link):
    stranger.get(link)
    assert stranger.get("/sign-out/").status_code == 405
    stranger.post("/sign-out/")
    assert stranger.get("/tasks/").status_code == 302


def test_the_session_id_changes_on_signing_in(stranger, link, settings):
    stranger.get("/sign-in/")
    session = stranger.session
    session["before"] = 1
    session.save()
    before = session.session_key
    stranger.cookies[settings.SESSION_COOKIE_NAME] = before
    stranger.get(link)
    assert stranger.cookies[settings.SESSION_COOKIE_NAME].value != before


# --- Where one goes next --------------------------------------------------------------------------

ELSEWHERE = [
    lead + rest
    for lead in (
        "//", "/\\", "\\\\", "\\/", "///", "////", "/\t/", "\t//", " //", "\n//", "\r\n//", "/\\/",
        "https:", "https://", "http:/", "http:///", "https:\\\\", "ftp://", "//\\", "/%09/",
    )
    for rest in ("evil.example", "evil.example/a", "127.0.0.1:8000@evil.example", "evil.example:8000")
] + [
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "evil.example",
    "", ".", "..", "?a", "#a", "\x00/", "@evil.example", "http:evil.example", "://evil.example",
]  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_a_link_leads_nowhere_else(stranger, link, wanted):
    target = stranger.get(link, {"next": wanted}).headers["Location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\", "/\t", "/\n"))
    assert "\r" not in target and "\n" not in target


@pytest.mark.parametrize("wanted", ["/tasks/", "/tasks/?status=failed&q=a%20b", "/compare/?run=1"])
def test_a_page_of_this_product_may_come_next(stranger, link, wanted):
    assert stranger.get(link, {"next": wanted}).headers["Location"] == wanted


def test_a_line_end_in_next_makes_no_header(stranger, link):
    answer = stranger.get(link + "?next=/a%0d%0aSet-Cookie:%20evil=1")
    assert "evil" not in answer.cookies
    assert "\r" not in answer.headers["Location"]


# --- Tokens ---------------------------------------------------------------------------------------


def test_the_command_prints_the_token_once_on_a_line_of_its_own():
    out = StringIO()
    call_command("create_api_token", "shop backend", stdout=out)
    [line] = out.getvalue().splitlines()
    assert line.startswith("rb_") and len(line) > 40
    row = ApiToken.objects.get(name="shop backend")
    assert line not in str(row.__dict__)
    assert row.last4 == line[-4:]
    client = other_browser()
    headers = {"authorization": f"Bearer {line}"}
    assert client.get("/api/v1/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["taken", "", "   ", "x" * 101])
def test_a_name_that_cannot_be_is_a_clear_error(name):
    create_api_token("taken")
    with pytest.raises(CommandError, match="name"):
        call_command("create_api_token", name, stdout=StringIO())
    assert ApiToken.objects.count() == 1


def test_a_revoked_token_is_refused(api_client):
    assert api_client.get("/api/v1/tasks").status_code == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    answer = api_client.get("/api/v1/tasks")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "token_invalid"


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "Token {token}", "{token}",
        "Bearer {token}x", "Bearer x{token}", "Bearer {hash}", "Bearer \xff", "Bearer,{token}",
    ],
)  # fmt: skip
def test_only_the_right_token_opens_the_api(stranger, header):
    token = create_api_token("right")
    filled = header.format(token=token, hash=ApiToken.objects.get().token_hash)
    answer = stranger.get("/api/v1/tasks", headers={"authorization": filled})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_as_the_standard_says(stranger, scheme):
    headers = {"authorization": f"{scheme} {create_api_token('right')}"}
    assert stranger.get("/api/v1/tasks", headers=headers).status_code == 200


def test_a_revoked_token_opens_nothing_and_cannot_be_revoked_twice(db, client):
    headers = {"host": HOST, "authorization": f"Bearer {create_api_token('shop')}"}
    assert client.get("/api/v1/tasks", headers=headers).status_code == 200
    call_command("revoke_api_token", "shop", stdout=StringIO())
    assert client.get("/api/v1/tasks", headers=headers).status_code == 401
    with pytest.raises(CommandError, match="no token named 'shop'"):
        call_command("revoke_api_token", "shop", stdout=StringIO())
