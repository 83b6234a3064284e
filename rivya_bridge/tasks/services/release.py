"""Held tasks whose condition is fulfilled go on by themselves: a new key, the former account."""

import logging

from django.db.models import Q, QuerySet

from rivya_bridge.connection import Connection, current_connection
from rivya_bridge.credits.caps import room_today, spending_caps
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import Exposure, Task
from rivya_bridge.tasks.services.transitions import LostClaim, unhold

log = logging.getLogger(__name__)

BATCH = 200


def release_held() -> int:
    """Lets go what waited for another key or address; returns how many tasks."""
    connection = current_connection()
    count = _release(_at_home(connection), "The account it belongs to is in use again.")
    if not gates.key_is_refused(connection.account):
        count += _release(_key_refused(connection), "The key is no longer known to be refused.")
    return count + _release_within_day_cap(connection)


def _release_within_day_cap(connection: Connection) -> int:
    """As many as the day's cap carries; what is above the whole cap is in nobody's way."""
    held = Task.objects.filter(may_go_here(connection), status="held", reason="day_cap")
    if not held.exists():
        return 0
    cap = spending_caps().day_cap
    fitting = held if cap is None else held.filter(estimated_credits__lte=cap)
    return release_within(fitting, room_today(connection.account), "The day's cap has room again.")


def release_within(held: QuerySet[Task], room: int | None, text: str) -> int:
    """Lets go on, oldest first, as many as `room` carries (None: all); returns how many."""
    count = 0
    for task in held.order_by("id")[:BATCH]:
        if room is not None and task.estimated_credits > room:
            break
        room = None if room is None else room - task.estimated_credits
        count += let_go_on(task, text)
    return count


def _at_home(connection: Connection) -> QuerySet[Task]:
    """Held because they belong elsewhere, and elsewhere is now here."""
    is_followed = Q(held_from__in=("running", "saving")) & _adoptable(connection)
    is_home = is_followed | may_go_here(connection)
    return Task.objects.filter(is_home, status="held", reason="other_account")


def may_go_here(connection: Connection) -> Q:
    """What the account in use may send: its own, and after a change of its key what was never sent."""
    return Q(account=connection.account) | (Q(exposure=Exposure.NONE) & _adoptable(connection))


def _adoptable(connection: Connection) -> Q:
    """`Connection.may_adopt` over rows."""
    at_address = Q(base_url=connection.base_url) & ~Q(account__in=connection.other_accounts)
    return at_address | Q(account=connection.account)


def _key_refused(connection: Connection) -> QuerySet[Task]:
    """What was sent with an unknown outcome waits for its own key: only that may be repeated."""
    may_go = Q(account=connection.account) | ~Q(held_from="unconfirmed")
    return Task.objects.filter(may_go, _adoptable(connection), status="held", reason="key_refused")


def _release(held: QuerySet[Task], text: str) -> int:
    return sum(let_go_on(task, text) for task in held.order_by("id")[:BATCH])


def let_go_on(task: Task, text: str) -> bool:
    """Lets one held task go on; False when somebody else changed it first."""
    try:
        unhold(task, text)
    except LostClaim:
        return False
    return True
