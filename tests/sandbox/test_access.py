"""Keys, scopes, the request window, and answers at addresses that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import running_sandbox

from .conftest import FULL, Clock, refusal

CREDITS = "/api/v1/credits"


def test_it_works(api: httpx.Client) -> None:
    answer = api.get(CREDITS)

    assert answer.status_code == 200
    assert answer.headers["X-Rivya-Sandbox"] == "1"
    assert answer.headers["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "api_key_missing"),
        ("Basic abc", "api_key_missing"),
        ("Bearer", "api_key_missing"),
        ("Bearer other_key", "api_key_invalid"),
        ("Bearer rvya_sk_unknown", "api_key_invalid"),
        ("Bearer rvya_sk_sandbox_revoked", "api_key_revoked"),
        ("Bearer rvya_sk_sandbox_expired", "api_key_expired"),
    ],
)
def test_a_bad_key_is_refused(anonymous: httpx.Client, header: str | None, code: str) -> None:
    headers = {"Authorization": header} if header else {}

    assert refusal(anonymous.get(CREDITS, headers=headers)) == (401, code)


@pytest.mark.parametrize("path", ["/api/v1/generations", "/api/v1/files"])
def test_a_key_without_the_scope_is_refused(anonymous: httpx.Client, path: str) -> None:
    headers = {"Authorization": "Bearer rvya_sk_sandbox_readonly"}

    assert refusal(anonymous.post(path, headers=headers)) == (403, "api_scope_denied")
    assert anonymous.get(CREDITS, headers=headers).status_code == 200


def test_public_addresses_ignore_a_bad_key(anonymous: httpx.Client) -> None:
    for path in ("/api/v1/models", "/api/v1/openapi.json"):
        assert anonymous.get(path).status_code == 200
        assert anonymous.get(path, headers={"Authorization": "Bearer no"}).status_code == 200


@pytest.mark.parametrize("path", ["/nope", "/api/v1", "/api/v1/nope", "/api/v1/credits/", "/%00"])
def test_an_unknown_address_is_not_found(api: httpx.Client, path: str) -> None:
    assert refusal(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", CREDITS), ("DELETE", "/api/v1/models"), ("GET", "/api/v1/generations")],
)
def test_a_wrong_method_is_refused(api: httpx.Client, method: str, path: str) -> None:
    assert refusal(api.request(method, path)) == (405, "validation_failed")


@pytest.fixture
def limited(tmp_path: Path, clock: Clock) -> Iterator[httpx.Client]:
    with (
        running_sandbox(tmp_path, clock=clock, rate_limit=3, choices=Choices()) as running,
        httpx.Client(base_url=running.base_url) as client,
    ):
        yield client


def test_a_full_window_is_refused_until_the_next(limited: httpx.Client, clock: Clock) -> None:
    for _ in range(3):
        assert limited.get(CREDITS, headers=FULL).status_code == 200

    answer = limited.get(CREDITS, headers=FULL)

    assert refusal(answer) == (429, "rate_limited")
    other = {"Authorization": "Bearer rvya_sk_sandbox_readonly"}
    assert limited.get(CREDITS, headers=other).status_code == 200
    clock.advance(int(answer.headers["Retry-After"]))
    assert limited.get(CREDITS, headers=FULL).status_code == 200
