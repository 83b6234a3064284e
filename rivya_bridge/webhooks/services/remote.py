"""What Rivya says of an endpoint, read when its page is opened."""

from dataclasses import dataclass, field

from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.rivya import RivyaError, WebhookDelivery
from rivya_bridge.webhooks.models import Endpoint

MOST_DELIVERIES = 20


@dataclass(frozen=True, slots=True)
class RemoteState:
    """`problem` says why nothing could be read, or ''."""

    problem: str = ""
    status: str = ""
    failure_count: int = 0
    deliveries: list[WebhookDelivery] = field(default_factory=list)


def remote_state(endpoint: Endpoint) -> RemoteState:
    """Two short calls, without retries by the caller; a failure is a sentence, never an exception."""
    if endpoint.account != current_connection().account:
        return RemoteState(problem="It belongs to another account than the one in use.")
    client = rivya_client()
    try:
        row = client.webhooks.retrieve(endpoint.remote_id)
        deliveries = client.webhooks.deliveries(endpoint.remote_id, limit=MOST_DELIVERIES)
    except RivyaError as error:
        return RemoteState(problem=error.sentence)
    return RemoteState("", row.status, row.failure_count, deliveries)
