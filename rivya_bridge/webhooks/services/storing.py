"""Keeping events: many in one transaction, each once, and then matched with its task."""

import logging
from collections import Counter
from collections.abc import Sequence

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from rivya_bridge.webhooks.models import Endpoint, Event
from rivya_bridge.webhooks.services.matching import match

log = logging.getLogger(__name__)

S = Event.Signature
# Of refused callbacks only the latest are kept: anybody who knows an address can send some.
MOST_REFUSED = 200


def store_events(events: Sequence[Event]) -> None:
    """Writes all of them, or raises DatabaseError and has written none. Copies are counted.

    After the commit tasks are read soon; should that fail, the sweep does it.
    """
    kept = [event for event in events if event.signature != S.REFUSED]
    refused = [event for event in events if event.signature == S.REFUSED]
    with transaction.atomic():
        new = _count_copies(kept)
        Event.objects.bulk_create([*new, *refused[-MOST_REFUSED:]])
        _note_tests(new)
        if refused:
            _forget_old_refused()
    try:
        match(new)
    except DatabaseError as error:  # they are kept, which is what counts here
        log.warning("%d events are matched later: %s", len(new), error)


def _count_copies(events: Sequence[Event]) -> list[Event]:
    """Those that have not come before; the others raise the count of the row that is there.

    The one writer of a receiver holds the write lock from here on (SQLite) or is the only one to insert
    for its endpoints (PostgreSQL); should two receivers run, the unique constraint fails one batch, which
    is then not acknowledged and comes again.
    """
    counts = Counter((event.endpoint_id, event.event_id) for event in events)
    first = {(event.endpoint_id, event.event_id): event for event in reversed(events)}
    names = {name for _, name in counts}
    there = Event.objects.exclude(signature=S.REFUSED).filter(event_id__in=names)
    known = set(there.values_list("endpoint_id", "event_id"))
    for endpoint_id, name in known & set(counts):
        row = there.filter(endpoint_id=endpoint_id, event_id=name)
        row.update(copies=F("copies") + counts[endpoint_id, name])
    new = [event for key, event in first.items() if key not in known]
    for event in new:
        event.copies = counts[event.endpoint_id, event.event_id]
    return sorted(new, key=lambda event: event.id)


def _note_tests(events: Sequence[Event]) -> None:
    for event in events:
        if event.is_test and event.signature == S.VERIFIED:
            Endpoint.objects.filter(pk=event.endpoint_id).update(tested_at=event.received_at)


def _forget_old_refused() -> None:
    rows = Event.objects.filter(signature=S.REFUSED)
    last = rows.order_by("-id").values_list("id", flat=True)[MOST_REFUSED : MOST_REFUSED + 1]
    for oldest in list(last):
        rows.filter(Q(id__lte=oldest)).delete()
