"""What the routes of webhooks answer is what the OpenAPI document says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from .conftest import Hooked
from .webhook_receiver import Receiver

URL = "/api/v1/webhooks"


@pytest.fixture
def answers(hooked: Hooked, receiver: Receiver) -> dict[str, Any]:
    """One answer of each route, by the name of its operation."""
    receiver.statuses = [500]
    created = hooked.subscribe(receiver.url)
    hooked.submit()
    hooked.pass_time()
    one = f"{URL}/{created['id']}"
    api = hooked.api
    return {
        "createWebhook": created,
        "changeWebhook": api.patch(one, json={"name": "New"}).json(),
        "rotateWebhookSecret": api.post(f"{one}/rotate-secret").json(),
        "testWebhook": api.post(f"{one}/test").json(),
        "listWebhookDeliveries": api.get(f"{one}/deliveries").json(),
        "listWebhookEvents": api.get("/api/v1/webhook-events").json(),
        "getWebhook": api.get(one).json(),
        "revokeWebhook": api.delete(one).json(),
        "listWebhooks": api.get(URL).json(),
    }


def test_it_works(hooked: Hooked, answers: dict[str, Any]) -> None:
    document = hooked.api.get("/api/v1/openapi.json").json()
    described = {
        call["operationId"]: call["responses"]
        for path, item in document["paths"].items()
        if "webhook" in path
        for call in item.values()
    }

    assert set(described) == set(answers)
    for name, answer in answers.items():
        [success] = [status for status in described[name] if status.startswith("2")]
        schema = described[name][success]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(answer)
    assert len(answers["listWebhookDeliveries"]["data"]) == 3
