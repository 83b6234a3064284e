"""Webhooks: the routes, and the event that receivers get (docs/api-webhooks)."""

from __future__ import annotations

from collections.abc import Sequence

from ..webhooks.records import EVENT_TYPES
from .generations import MEMBERS
from .words import (
    AMOUNT,
    LINK,
    MOMENT,
    TEXT,
    WHOLE,
    Json,
    as_json,
    body,
    call,
    constant,
    fields,
    in_path,
    one_of,
    or_null,
    page,
    record,
    ref,
)

SCOPE = "webhooks:manage"
EVENT_TYPE: Json = one_of(EVENT_TYPES)
SUBSCRIBED: Json = {"type": "array", "items": EVENT_TYPE, "minItems": 1, "uniqueItems": True}
NAME: Json = {"type": "string", "maxLength": 120}
STATUS: Json = one_of(["active", "disabled", "revoked"])
# A revoked endpoint takes no change, no new secret and no test.
WRONG = (400, 404)
ROOT, ONE = "/api/v1/webhooks", "/api/v1/webhooks/{endpointId}"


def _of_endpoint(
    name: str,
    schema: str,
    *,
    given: Json | None = None,
    more: Sequence[Json] = (),
    refusals: Sequence[int] = (404,),
) -> Json:
    return call(
        name,
        200,
        as_json(ref(schema)),
        scope=SCOPE,
        refusals=refusals,
        body=given,
        parameters=[in_path("endpointId"), *more],
    )


LIMIT: Json = {
    "name": "limit",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
}
OPTIONAL_TEST = {**body("application/json", "WebhookTestRequest"), "required": False}
PATHS: Json = {
    ROOT: {
        "get": call("listWebhooks", 200, as_json(ref("WebhookList")), scope=SCOPE),
        "post": call(
            "createWebhook",
            201,
            as_json(ref("IssuedWebhook")),
            scope=SCOPE,
            refusals=[400],
            body=body("application/json", "WebhookRequest"),
        ),
    },
    ONE: {
        "get": _of_endpoint("getWebhook", "Webhook"),
        "patch": _of_endpoint(
            "changeWebhook",
            "Webhook",
            given=body("application/json", "WebhookChange"),
            refusals=WRONG,
        ),
        "delete": _of_endpoint("revokeWebhook", "Webhook"),
    },
    f"{ONE}/rotate-secret": {
        "post": _of_endpoint("rotateWebhookSecret", "IssuedWebhook", refusals=WRONG)
    },
    f"{ONE}/test": {
        "post": _of_endpoint("testWebhook", "WebhookDelivery", given=OPTIONAL_TEST, refusals=WRONG)
    },
    f"{ONE}/deliveries": {
        "get": _of_endpoint(
            "listWebhookDeliveries", "WebhookDeliveryList", more=[LIMIT], refusals=WRONG
        )
    },
    "/api/v1/webhook-events": {
        "get": call(
            "listWebhookEvents",
            200,
            as_json(ref("WebhookEventList")),
            scope=SCOPE,
            refusals=[400],
            parameters=[LIMIT],
        )
    },
}

ENDPOINT: Json = {
    "id": TEXT,
    "object": constant("webhook_endpoint"),
    "name": TEXT,
    "url": LINK,
    "event_types": SUBSCRIBED,
    "status": STATUS,
    "secret_preview": TEXT,
    "last_success_at": or_null(MOMENT),
    "last_failure_at": or_null(MOMENT),
    "failure_count": AMOUNT,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "disabled_at": or_null(MOMENT),
    "revoked_at": or_null(MOMENT),
}
SCHEMAS: Json = {
    "Webhook": record(**ENDPOINT),
    "IssuedWebhook": record(**ENDPOINT, signing_secret=TEXT),
    "WebhookList": page("Webhook"),
    "WebhookRequest": fields(["url", "event_types"], name=NAME, url=LINK, event_types=SUBSCRIBED),
    "WebhookChange": {
        **fields(
            [],
            name=NAME,
            url=LINK,
            event_types=SUBSCRIBED,
            status=one_of(["active", "disabled"]),
        ),
        "minProperties": 1,
    },
    "WebhookTestRequest": fields([], event_type=EVENT_TYPE),
    "WebhookDelivery": record(
        id=TEXT,
        object=constant("webhook_delivery"),
        endpoint_id=TEXT,
        event_id=TEXT,
        event_type=EVENT_TYPE,
        attempt=WHOLE,
        status=one_of(["pending", "succeeded", "failed"]),
        response_status=or_null(WHOLE),
        error=or_null(TEXT),
        duration_ms=or_null(WHOLE),
        created_at=MOMENT,
        next_attempt_at=or_null(MOMENT),
    ),
    "WebhookDeliveryList": page("WebhookDelivery"),
    "WebhookEvent": record(
        id=TEXT,
        type=EVENT_TYPE,
        api_version=TEXT,
        created_at=MOMENT,
        data={"oneOf": [ref("Generation"), ref("TestedGeneration")]},
    ),
    # The safe event of a test carries one member more.
    "TestedGeneration": record(**MEMBERS, test={"type": "boolean", "const": True}),
    "WebhookEventList": page("WebhookEvent"),
}
