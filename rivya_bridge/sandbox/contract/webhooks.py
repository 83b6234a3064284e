"""Webhooks in the OpenAPI document: the routes, and the event that receivers get."""

from __future__ import annotations

from ..webhooks.records import EVENT_TYPES
from .shapes import (
    LINK,
    MOMENT,
    TEXT,
    WHOLE,
    Json,
    all_of,
    body,
    call,
    object_of,
    or_null,
    parameter,
    ref,
)

SCOPE = "webhooks:manage"
EVENT_TYPE: Json = {"type": "string", "enum": list(EVENT_TYPES)}
SUBSCRIBED: Json = {"type": "array", "items": EVENT_TYPE, "minItems": 1, "uniqueItems": True}
NAME: Json = {"type": "string", "maxLength": 120}
STATUS: Json = {"type": "string", "enum": ["active", "disabled", "revoked"]}


def paths() -> Json:
    """The routes under /api/v1/webhooks and /api/v1/webhook-events."""
    root, one = "/api/v1/webhooks", "/api/v1/webhooks/{endpointId}"
    create = body("application/json", "WebhookRequest")
    change = body("application/json", "WebhookChange")
    test = {**body("application/json", "WebhookTestRequest"), "required": False}
    return {
        root: {
            "get": call("listWebhooks", 200, "WebhookList", scope=SCOPE),
            "post": call("createWebhook", 201, "IssuedWebhook", scope=SCOPE, body=create),
        },
        one: {
            "get": _of_endpoint("getWebhook", "Webhook"),
            "patch": _of_endpoint("changeWebhook", "Webhook", given=change),
            "delete": _of_endpoint("revokeWebhook", "Webhook"),
        },
        f"{one}/rotate-secret": {"post": _of_endpoint("rotateWebhookSecret", "IssuedWebhook")},
        f"{one}/test": {"post": _of_endpoint("testWebhook", "WebhookDelivery", given=test)},
        f"{one}/deliveries": {
            "get": _of_endpoint("listWebhookDeliveries", "WebhookDeliveryList", more=[_limit()])
        },
        "/api/v1/webhook-events": {
            "get": call(
                "listWebhookEvents", 200, "WebhookEventList", scope=SCOPE, parameters=[_limit()]
            )
        },
    }


def schemas() -> Json:
    """The schemas that these routes name."""
    endpoint = _endpoint()
    return {
        "Webhook": all_of(**endpoint),
        "IssuedWebhook": all_of(**endpoint, signing_secret=TEXT),
        "WebhookList": _list_of("Webhook"),
        "WebhookRequest": _closed(
            object_of(["url", "event_types"], name=NAME, url=LINK, event_types=SUBSCRIBED)
        ),
        "WebhookChange": {
            **_closed(
                object_of(
                    [],
                    name=NAME,
                    url=LINK,
                    event_types=SUBSCRIBED,
                    status={"type": "string", "enum": ["active", "disabled"]},
                )
            ),
            "minProperties": 1,
        },
        "WebhookTestRequest": _closed(object_of([], event_type=EVENT_TYPE)),
        "WebhookDelivery": _delivery(),
        "WebhookDeliveryList": _list_of("WebhookDelivery"),
        "WebhookEvent": all_of(
            id=TEXT, type=EVENT_TYPE, api_version=TEXT, created_at=MOMENT, data=ref("Generation")
        ),
        "WebhookEventList": _list_of("WebhookEvent"),
    }


def _of_endpoint(
    name: str, schema: str, *, given: Json | None = None, more: list[Json] | None = None
) -> Json:
    parameters = [parameter("endpointId", "path", required=True), *(more or [])]
    return call(name, 200, schema, scope=SCOPE, body=given, parameters=parameters)


def _limit() -> Json:
    schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    return {"name": "limit", "in": "query", "required": False, "schema": schema}


def _list_of(schema: str) -> Json:
    return all_of(object={"const": "list"}, data={"type": "array", "items": ref(schema)})


def _closed(shape: Json) -> Json:
    return {**shape, "additionalProperties": False}


def _endpoint() -> Json:
    return {
        "id": TEXT,
        "object": {"const": "webhook_endpoint"},
        "name": TEXT,
        "url": LINK,
        "event_types": SUBSCRIBED,
        "status": STATUS,
        "secret_preview": TEXT,
        "last_success_at": or_null(MOMENT),
        "last_failure_at": or_null(MOMENT),
        "failure_count": WHOLE,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "disabled_at": or_null(MOMENT),
        "revoked_at": or_null(MOMENT),
    }


def _delivery() -> Json:
    return all_of(
        id=TEXT,
        object={"const": "webhook_delivery"},
        endpoint_id=TEXT,
        event_id=TEXT,
        event_type=EVENT_TYPE,
        attempt=WHOLE,
        status={"type": "string", "enum": ["pending", "succeeded", "failed"]},
        response_status=or_null(WHOLE),
        error=or_null(TEXT),
        duration_ms=or_null(WHOLE),
        created_at=MOMENT,
        next_attempt_at=or_null(MOMENT),
    )
