"""The sandbox's own page: it tells what there is and lets a person switch faults on and off."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.sandbox.choices import SEED_KEYS
from rivya_bridge.sandbox.scenarios.registry import SCENARIOS

from .conftest import FULL


@pytest.fixture(autouse=True)
def nothing_is_on(anonymous: httpx.Client) -> Iterator[None]:
    yield
    anonymous.delete("/_sandbox/scenarios").raise_for_status()


def on(anonymous: httpx.Client, **form: str) -> httpx.Response:
    return anonymous.post("/switches", data=form)


def switches(anonymous: httpx.Client) -> list[dict[str, object]]:
    return list(anonymous.get("/_sandbox/scenarios").json()["switches"])


def test_it_names_its_address_keys_models_and_scenarios(anonymous: httpx.Client) -> None:
    page = anonymous.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert f"{str(anonymous.base_url).rstrip('/')}/api/v1" in page.text
    for name in (*SEED_KEYS, *load_catalogue(), *SCENARIOS):
        assert name in page.text


def test_a_scenario_is_switched_on_meets_requests_and_is_switched_off(
    anonymous: httpx.Client,
) -> None:
    answer = on(anonymous, scenario="rate_limited", key="rvya_sk_sandbox_full", settings="times=1")

    assert (answer.status_code, answer.headers["location"]) == (303, "/#faults")
    assert anonymous.get("/api/v1/credits", headers=FULL).status_code == 429
    assert anonymous.get("/api/v1/credits", headers=FULL).status_code == 200
    (switch,) = switches(anonymous)
    assert "1 of 2" in anonymous.get("/").text

    anonymous.post("/switches/off", data={"switch": str(switch["id"])})

    assert switches(anonymous) == []


def test_each_scenario_has_a_button_of_its_own(anonymous: httpx.Client) -> None:
    page = anonymous.get("/").text
    for name in SCENARIOS:
        assert f'<input type="hidden" name="scenario" value="{name}">' in page
    assert on(anonymous, scenario="server_error").status_code == 303
    assert anonymous.get("/api/v1/credits", headers=FULL).status_code == 500


def test_everything_is_switched_off_at_once(anonymous: httpx.Client) -> None:
    on(anonymous, scenario="rate_limited", settings="times=1")
    on(anonymous, scenario="rate_limited", settings="times=2")

    assert anonymous.post("/switches/off").status_code == 303
    assert switches(anonymous) == []


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"scenario": "no_such_thing"}, "no_such_thing is no scenario"),
        ({}, "is no scenario"),
        ({"scenario": "rate_limited", "settings": "times=soon"}, "times must be a whole number"),
        ({"scenario": "rate_limited", "settings": "loud=1"}, "loud is no setting"),
        ({"scenario": "rate_limited", "settings": "times=1, rate_limited"}, "by semicolons"),
        ({"scenario": "rate_limited", "key": "rvya_sk_mine"}, "no key of this sandbox"),
    ],
)
def test_a_mistake_comes_back_with_its_sentence_and_what_was_typed(
    anonymous: httpx.Client, form: dict[str, str], sentence: str
) -> None:
    answer = on(anonymous, **form)

    assert answer.status_code == 400
    assert sentence in answer.text
    assert form.get("settings", "") in answer.text
    assert switches(anonymous) == []


@pytest.mark.parametrize("path", ["/switches", "/switches/off"])
def test_another_site_switches_nothing(anonymous: httpx.Client, path: str) -> None:
    on(anonymous, scenario="rate_limited", settings="times=1")

    answer = anonymous.post(
        path, data={"scenario": "rate_limited"}, headers={"Origin": "https://else.example"}
    )

    assert answer.status_code == 403
    assert len(switches(anonymous)) == 1


def test_a_foreign_name_bound_to_this_machine_sees_nothing(anonymous: httpx.Client) -> None:
    assert anonymous.get("/", headers={"Host": "else.example"}).status_code == 403


def test_a_form_without_end_is_cut(anonymous: httpx.Client) -> None:
    assert anonymous.post("/switches", content=b"x" * 70_000).status_code == 413


def test_the_last_requests_are_shown_without_a_key_that_is_not_ours(
    anonymous: httpx.Client,
) -> None:
    anonymous.get("/api/v1/credits", headers=FULL)
    anonymous.get("/api/v1/<script>", headers={"Authorization": "Bearer rvya_live_canary_4242"})

    page = anonymous.get("/").text

    assert "GET /api/v1/credits" in page
    assert "unknown, ends in 4242" in page
    assert "rvya_live_canary" not in page
    assert "<script>" not in page
