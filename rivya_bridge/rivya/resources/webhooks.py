"""https://rivya.ai/docs/api-webhooks"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from rivya_bridge.rivya._calls import Answer, Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya._json import canonical
from rivya_bridge.rivya.choices import LIST_LIMIT_MAX, WEBHOOK_EVENT_TYPES, WEBHOOK_NAME_MAX
from rivya_bridge.rivya.resources._checks import check_identifier
from rivya_bridge.rivya.types.webhook import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    read_deliveries,
    read_delivery,
    read_endpoint,
    read_endpoints,
    read_events,
)

# Inside the class `list` is the method.
Deliveries = list[WebhookDelivery]


class Webhooks:
    """Webhook endpoints. Every call needs the scope webhooks:manage and costs nothing.

    No page names an idempotency key here, so that `create`, `rotate_secret` and `test` are repeated
    only if they provably never left; after a lost answer, look at the list before trying again.
    """

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def list(self) -> list[WebhookEndpoint]:
        """GET /webhooks, without signing secrets. Raises RivyaError."""
        answer = self._http.send(Call("GET", "/webhooks"))
        return read_endpoints(answer.data, answer.meta)

    def create(
        self,
        url: str,
        event_types: Sequence[str] = WEBHOOK_EVENT_TYPES,
        name: str | None = None,
    ) -> WebhookEndpoint:
        """POST /webhooks. `signing_secret` is in this answer and never again.

        Raises WebhookUrlRejected for an address that is not public https, RivyaError, ValueError.
        """
        body = _body(name=name, url=url, event_types=event_types)
        answer = self._write("POST", "/webhooks", body)
        return read_endpoint(answer.data, answer.meta)

    def retrieve(self, endpoint_id: str) -> WebhookEndpoint:
        """GET /webhooks/{endpointId}, without the signing secret. Raises RivyaError, ValueError."""
        answer = self._http.send(Call("GET", _path(endpoint_id)))
        return read_endpoint(answer.data, answer.meta)

    def update(
        self,
        endpoint_id: str,
        *,
        name: str | None = None,
        url: str | None = None,
        event_types: Sequence[str] | None = None,
        status: str | None = None,
    ) -> WebhookEndpoint:
        """PATCH /webhooks/{endpointId}: what is None stays. `status`: active or disabled.

        Raises RivyaError, ValueError (also if nothing is to be changed).
        """
        body = _body(name=name, url=url, event_types=event_types, status=status)
        if not body:
            raise ValueError("update changes nothing: give a name, url, event_types or status")
        answer = self._write("PATCH", _path(endpoint_id), body)
        return read_endpoint(answer.data, answer.meta, endpoint_id=endpoint_id)

    def delete(self, endpoint_id: str) -> None:
        """DELETE /webhooks/{endpointId}: no more deliveries. Raises RivyaError, ValueError."""
        self._http.send(Call("DELETE", _path(endpoint_id), may_be_empty=True))

    def rotate_secret(self, endpoint_id: str) -> WebhookEndpoint:
        """POST /webhooks/{endpointId}/rotate-secret. `signing_secret` is the new one, shown once.

        Whether the old secret dies at once is not documented: a receiver should try both for a
        while. Raises RivyaError, ValueError.
        """
        answer = self._write("POST", f"{_path(endpoint_id)}/rotate-secret", {})
        return read_endpoint(answer.data, answer.meta, endpoint_id=endpoint_id)

    def test(self, endpoint_id: str, event_type: str | None = None) -> WebhookDelivery | None:
        """POST /webhooks/{endpointId}/test: have a safe test event sent.

        Gives the delivery if the answer holds one, else None. Raises RivyaError, ValueError.
        """
        body = {} if event_type is None else {"event_type": event_type}
        answer = self._write("POST", f"{_path(endpoint_id)}/test", body)
        return read_delivery(answer.data, answer.meta)

    def deliveries(self, endpoint_id: str, limit: int | None = None) -> Deliveries:
        """GET /webhooks/{endpointId}/deliveries, newest first. `limit`: 1 to 100.

        Raises RivyaError, ValueError.
        """
        path = f"{_path(endpoint_id)}/deliveries{_query(limit)}"
        answer = self._http.send(Call("GET", path))
        return read_deliveries(answer.data, answer.meta)

    def _write(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        return self._http.send(
            Call(
                method,
                path,
                content=canonical(body),
                headers={"Content-Type": "application/json"},
                may_be_empty=True,
            )
        )


class WebhookEvents:
    """What the vendor would have told, or has told, the endpoints."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def list(self, limit: int | None = None) -> list[WebhookEvent]:
        """GET /webhook-events, newest first. `limit`: 1 to 100. Needs webhooks:manage.

        Raises RivyaError, ValueError.
        """
        answer = self._http.send(Call("GET", f"/webhook-events{_query(limit)}"))
        return read_events(answer.data, answer.meta)


def _path(endpoint_id: str) -> str:
    check_identifier("endpoint_id", endpoint_id)
    return f"/webhooks/{quote(endpoint_id, safe='')}"


def _query(limit: int | None) -> str:
    if limit is None:
        return ""
    if not 1 <= limit <= LIST_LIMIT_MAX:
        raise ValueError(f"limit must be 1 to {LIST_LIMIT_MAX}")
    return f"?limit={limit}"


def _body(
    *,
    name: str | None,
    url: str | None,
    event_types: Sequence[str] | None,
    status: str | None = None,
) -> dict[str, Any]:
    """The fields that are not None. Raises ValueError naming the field and its limit."""
    if name is not None and len(name) > WEBHOOK_NAME_MAX:
        raise ValueError(f"name may have {WEBHOOK_NAME_MAX} characters at most")
    if url is not None and not url.strip():
        raise ValueError("url must not be empty: give the address that is to be called")
    if event_types is not None and not event_types:
        raise ValueError("event_types must name at least one, such as generation.succeeded")
    body = {
        "name": name,
        "url": url,
        "event_types": None if event_types is None else list(event_types),
        "status": status,
    }
    return {key: value for key, value in body.items() if value is not None}
