"""Webhook endpoints, deliveries and events ("docs/api-webhooks"; deliveries are assumed)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rivya_bridge.rivya._json import parse_object
from rivya_bridge.rivya.choices import (
    EVENT_GENERATION_KEYS,
    EVENT_GENERATION_PATHS,
    EVENT_TEST_KEY,
    SIGNING_SECRET_KEYS,
)
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An address that the vendor calls when a generation is finished.

    `status`: active, disabled or revoked; a word unknown today is kept as it came.
    `signing_secret`: only in the answers to create and rotate, once; None otherwise, and if the
    answer lost it: rotate then. It is in no repr and not in `raw`, which is the rest of the answer.
    `failure_count`: failed deliveries in a row.
    """

    id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    status: str
    secret_preview: str | None
    signing_secret: str | None = field(repr=False, compare=False)
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failure_count: int
    created_at: datetime | None
    updated_at: datetime | None
    disabled_at: datetime | None
    revoked_at: datetime | None
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One attempt to deliver an event. `status`: pending, succeeded or failed.

    `response_status`: what the receiver answered, None if nothing came. `duration_ms`:
    milliseconds. `attempt` counts from 1.
    """

    id: str
    endpoint_id: str | None
    event_id: str | None
    event_type: str
    attempt: int | None
    status: str
    response_status: int | None
    error: str | None
    duration_ms: int | None
    created_at: datetime | None
    next_attempt_at: datetime | None
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReportedGeneration:
    """The generation that an event speaks of. Hearsay until it was read from the API again."""

    id: str
    status: str
    model: str
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What happened, as a callback or the list of events tells it; every field may be absent.

    `type`: generation.succeeded, generation.failed, or a word unknown today. `is_test`: sent to
    try the endpoint; its generation need not exist.
    """

    id: str | None
    type: str
    api_version: str | None
    created_at: datetime | None
    generation: ReportedGeneration | None
    is_test: bool
    raw: dict[str, Any] = field(repr=False, compare=False)


class EventUnreadable(ValueError):
    """The body of a callback is not a JSON object, whoever signed it."""


def read_endpoint(
    data: dict[str, Any], meta: AnswerMeta, *, endpoint_id: str | None = None
) -> WebhookEndpoint:
    """A WebhookEndpoint from JSON. Raises BadAnswer without an id.

    `endpoint_id` stands in for an id that the answer does not repeat.
    """
    secret = fields.text(fields.first(data, SIGNING_SECRET_KEYS))
    data = {key: value for key, value in data.items() if key not in SIGNING_SECRET_KEYS}
    found = fields.identifier(data.get("id")) or endpoint_id
    if found is None:
        fields.missing("webhook endpoint", "id", data, meta, "no")
    return WebhookEndpoint(
        id=found,
        name=fields.text(data.get("name")) or "",
        url=fields.text(data.get("url")) or "",
        event_types=fields.texts(data.get("event_types")),
        status=fields.text(data.get("status")) or "",
        secret_preview=fields.text(data.get("secret_preview")),
        signing_secret=secret,
        last_success_at=fields.moment(data.get("last_success_at")),
        last_failure_at=fields.moment(data.get("last_failure_at")),
        failure_count=fields.count(data.get("failure_count")) or 0,
        created_at=fields.moment(data.get("created_at")),
        updated_at=fields.moment(data.get("updated_at")),
        disabled_at=fields.moment(data.get("disabled_at")),
        revoked_at=fields.moment(data.get("revoked_at")),
        meta=meta,
        raw=data,
    )


def read_endpoints(data: dict[str, Any], meta: AnswerMeta) -> list[WebhookEndpoint]:
    """Every endpoint of a list that has an id. Raises BadAnswer if there is no list at all."""
    entries = fields.objects(fields.listed(data, "list of webhook endpoints", meta))
    return [read_endpoint(entry, meta) for entry in entries if fields.identifier(entry.get("id"))]


def read_delivery(data: dict[str, Any], meta: AnswerMeta) -> WebhookDelivery | None:
    """A WebhookDelivery from JSON, or None for an object without an id."""
    delivery_id = fields.identifier(data.get("id"))
    if delivery_id is None:
        return None
    return WebhookDelivery(
        id=delivery_id,
        endpoint_id=fields.identifier(data.get("endpoint_id")),
        event_id=fields.identifier(data.get("event_id")),
        event_type=fields.text(data.get("event_type")) or "",
        attempt=fields.count(data.get("attempt")),
        status=fields.text(data.get("status")) or "",
        response_status=fields.count(data.get("response_status")),
        error=fields.text(data.get("error")),
        duration_ms=fields.count(data.get("duration_ms")),
        created_at=fields.moment(data.get("created_at")),
        next_attempt_at=fields.moment(data.get("next_attempt_at")),
        meta=meta,
        raw=data,
    )


def read_deliveries(data: dict[str, Any], meta: AnswerMeta) -> list[WebhookDelivery]:
    """Every delivery of a list that has an id. Raises BadAnswer if there is no list at all."""
    entries = fields.objects(fields.listed(data, "list of deliveries", meta))
    found = (read_delivery(entry, meta) for entry in entries)
    return [delivery for delivery in found if delivery is not None]


def read_events(data: dict[str, Any], meta: AnswerMeta) -> list[WebhookEvent]:
    """Every event of a list; a bare text is taken for an event type. Raises BadAnswer."""
    entries = fields.listed(data, "list of events", meta)
    entries = [{"type": entry} if isinstance(entry, str) else entry for entry in entries]
    return [event_of(entry) for entry in fields.objects(entries)]


def read_event(raw: bytes) -> WebhookEvent:
    """The event in a callback's body, to be called after its signature was verified.

    Raises EventUnreadable for a body that is no JSON object; any object is an event.
    """
    try:
        return event_of(parse_object(raw))
    except ValueError as error:
        raise EventUnreadable(f"the callback cannot be read: {error}") from error


def event_of(data: dict[str, Any]) -> WebhookEvent:
    """A WebhookEvent from any JSON object."""
    inner = data.get("data")
    tested = (place.get(EVENT_TEST_KEY) for place in (data, inner) if isinstance(place, dict))
    return WebhookEvent(
        id=fields.identifier(data.get("id")),
        type=fields.text(data.get("type")) or "",
        api_version=fields.text(data.get("api_version")),
        created_at=fields.moment(data.get("created_at")),
        generation=_generation(data),
        is_test=any(flag is True for flag in tested),
        raw=data,
    )


def _generation(data: Mapping[str, Any]) -> ReportedGeneration | None:
    """The first object, of the places it may stand in, that has id, status and model."""
    for path in EVENT_GENERATION_PATHS:
        place: Any = data
        for key in path:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, dict):
            words = [fields.identifier(place.get(key)) for key in EVENT_GENERATION_KEYS]
            if None not in words:
                task_id, status, model = (word or "" for word in words)
                return ReportedGeneration(task_id, status, model, raw=place)
    return None
