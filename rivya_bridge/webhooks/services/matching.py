"""From an event to its task: a running one is read again at once, and only the reading is believed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import read_soon
from rivya_bridge.webhooks.models import Event

# An event may come before the answer to the sending has been written down, never so long before.
PARKED_FOR = timedelta(days=2)
MOST_AT_ONCE = 500


def match(events: Iterable[Event]) -> int:
    """Finds the tasks of parked events by account and remote id; returns how many were matched."""
    wanted = [event for event in events if event.state == Event.State.PARKED]
    ids = {event.remote_id for event in wanted}
    if not ids:
        return 0
    rows = Task.objects.filter(remote_id__in=ids).values_list("account", "remote_id", "pk")
    tasks = {(account, remote_id): pk for account, remote_id, pk in rows}
    matched = 0
    for event in wanted:
        task_id = tasks.get((event.endpoint.account, event.remote_id))
        if task_id is not None:
            read_soon(event.remote_id, account=event.endpoint.account)
            found = Event.objects.filter(pk=event.pk, state=Event.State.PARKED)
            matched += found.update(state=Event.State.MATCHED, task_id=task_id)
    return matched


def match_parked() -> int:
    """One round over what is parked and not too old."""
    since = timezone.now() - PARKED_FOR
    parked = Event.objects.filter(state=Event.State.PARKED, received_at__gte=since)
    return match(
        parked.select_related("endpoint").defer("body").order_by("received_at")[:MOST_AT_ONCE]
    )


def on_sweep(**_: Any) -> None:
    match_parked()
