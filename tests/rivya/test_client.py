"""The client object: addresses, keys, headers."""

import traceback

import pytest

from rivya_bridge.rivya import AuthenticationFailed, Rivya, RivyaError

from .conftest import KEY, MakeClient
from .payloads import SUCCEEDED, as_json, refusal
from .scripted_server import ScriptedServer, answer


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json({"current_credits": 123})))
    assert client.credits.retrieve().current_credits == 123
    request = server.requests[0]
    assert request.line == "GET /api/v1/credits HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"].startswith("rivya-bridge/")


@pytest.mark.parametrize("ending", ["", "/", "/api/v1", "/api/v1/"])
def test_spellings_of_one_address_are_the_same(
    server: ScriptedServer, make_client: MakeClient, ending: str
) -> None:
    server.play(answer(body=as_json({"current_credits": 1})))
    client = make_client(base_url=server.url + ending)
    client.credits.retrieve()
    assert client.base_url == server.url
    assert server.requests[0].line == "GET /api/v1/credits HTTP/1.1"


@pytest.mark.parametrize(
    ("base_url", "rule"),
    [
        ("http://rivya.ai", "loopback hosts only"),
        ("http://127.0.0.1.example.com", "loopback hosts only"),
        ("http://2130706433", "loopback hosts only"),
        ("ftp://rivya.ai", "https://"),
        ("rivya.ai", "https://"),
        ("https://", "host"),
        ("https://user:secret@rivya.ai", "user name"),
        ("https://rivya.ai/?a=b", "query"),
        ("https://rivya.ai/#a", "fragment"),
        ("https://rivya.ai/other", "origin"),
        ("https://rivya.ai:port", "not a URL"),
        ("https://rivya.ai:99999", "port"),
    ],
)
def test_an_address_that_breaks_a_rule_is_refused_by_name(base_url: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as caught:
        Rivya(base_url=base_url, api_key=KEY)
    text = "".join(traceback.format_exception(caught.value))
    assert "user:secret" not in text.replace(repr(base_url), "")
    assert KEY not in text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_loopback_hosts_may_use_http_and_sandbox_keys(host: str) -> None:
    with Rivya(base_url=f"http://{host}:9", api_key="rvya_sk_sandbox_full") as client:
        assert host in client.base_url


def test_a_sandbox_key_never_leaves_the_machine() -> None:
    with pytest.raises(ValueError, match="sandbox key"):
        Rivya(base_url="https://rivya.ai", api_key="rvya_sk_sandbox_full")


@pytest.mark.parametrize("key", ["rvya_sk_a\nb", "rvya_sk_a b", "rvya_sk_\u00e4"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        Rivya(base_url="https://rivya.ai", api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_only_public_calls_are_sent(
    server: ScriptedServer, make_client: MakeClient, key: str | None
) -> None:
    server.play(answer(body=as_json({"object": "list", "data": []})))
    client = make_client(api_key=key)
    assert client.models.list() == []
    with pytest.raises(AuthenticationFailed) as caught:
        client.credits.retrieve()
    assert caught.value.code == "api_key_missing"
    assert (caught.value.sent, caught.value.spent) == (False, "no")
    assert len(server.requests) == 1


def test_the_model_list_is_asked_without_the_key(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json({"data": []})))
    client.models.list()
    assert "authorization" not in server.requests[0].headers


def test_cookies_are_neither_kept_nor_sent(server: ScriptedServer, client: Rivya) -> None:
    server.play(
        answer(body=as_json({"current_credits": 1}), headers={"Set-Cookie": "a=b; Path=/"}),
        answer(body=as_json({"current_credits": 1})),
    )
    client.credits.retrieve()
    client.credits.retrieve()
    assert "cookie" not in server.requests[1].headers


def test_the_environment_is_not_read(
    server: ScriptedServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.play(answer(body=as_json({"current_credits": 7})))
    assert make_client().credits.retrieve().current_credits == 7


def test_one_connection_serves_call_after_call(server: ScriptedServer, client: Rivya) -> None:
    server.play(*[answer(body=as_json(SUCCEEDED)) for _ in range(3)])
    for _ in range(3):
        client.generations.retrieve("task_8s1")
    assert server.connections == 1


def test_no_text_ever_shows_the_key(server: ScriptedServer, client: Rivya) -> None:
    echoed = refusal(f"code_{KEY}", f"Key {KEY} is bad", f"req_{KEY}")
    server.play(
        answer(401, echoed, {"X-Request-Id": KEY}),
        answer(400, f"<html>{KEY}</html>"),
        answer(200, f"not json {KEY}", {"Content-Type": KEY}),
        answer(200, as_json({"id": None, KEY: KEY})),
    )
    shown = repr(client) + str(client) + repr(client._http)
    for _ in range(4):
        with pytest.raises(RivyaError) as caught:
            client.generations.retrieve("task_1", max_retries=0)
        error = caught.value
        shown += "".join(traceback.format_exception(error)) + repr(vars(error)) + error.sentence
    assert len(server.requests) == 4
    assert KEY not in shown
    assert "canary" not in shown
