"""What a change of the connection in use means for tasks that are open, told before it is done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count

from rivya_bridge.connection import Connection, current_connection
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import OPEN, Exposure, Task

_TEXTS = {
    "comes_home": (
        "wait for the account that you are switching to: they go on by themselves, and it is charged."
    ),
    "moves": "are not sent yet, and will be sent from the new account, which is then charged.",
    "waits": (
        "are not sent yet: they are held until the account that they were made for is used again. "
        "Nothing is spent for them meanwhile."
    ),
    "followed": "run at Rivya: they are followed and fetched with the key that you are switching to.",
    "runs_on": (
        "run at Rivya, which finishes and charges them there; their results are fetched when the "
        "account that they belong to is used again."
    ),
    "doubtful": (
        "were sent and not answered yet: they are held, and after ten minutes without their own key "
        "a person has to decide about them, because sending again might charge twice."
    ),
    "stays": "belong to a third account, and stay held.",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """So many tasks, and what becomes of them."""

    count: int
    text: str


def effects_of_switch(to: Connection) -> list[Effect]:
    """What happens to open tasks when `to` comes into use (one query); [] when none is touched."""
    now = current_connection()
    fields = ("account", "base_url", "status", "held_from", "exposure", "reason")
    groups = Task.objects.filter(status__in=OPEN).values(*fields).annotate(count=Count("pk"))
    counts: Counter[str] = Counter()
    for group in groups.order_by():
        counts[_effect(group, now, to)] += group["count"]
    return list(_told(counts))


def _told(counts: Counter[str]) -> Iterator[Effect]:
    for name, text in _TEXTS.items():
        if counts[name]:
            yield Effect(counts[name], text)


def _effect(group: dict[str, str], now: Connection, to: Connection) -> str:
    account = group["account"]
    if account == to.account:
        return "comes_home" if account != now.account else ""
    stays_away = not now.may_adopt(account, group["base_url"])
    may_move = to.may_adopt(account, group["base_url"])
    if stays_away and not may_move:
        return "stays"
    stage = group["held_from"] if group["status"] == "held" else group["status"]
    if stage in ("running", "saving"):
        return "followed" if may_move else "runs_on"
    if group["exposure"] == Exposure.NONE:
        return "moves" if may_move else "waits"
    return "doubtful"


def note_accepted_key(account: str) -> None:
    """The key works: tasks held because it was refused may try again."""
    gates.open_gate(gates.key_gate(account))
