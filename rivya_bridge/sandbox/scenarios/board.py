"""Which scenarios are switched on, and which of them meet a request.

Switches are rows, so they hold over a restart; the rows are read once and then kept in memory,
and a request costs nothing while none is on and none is asked for.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ..choices import SEED_KEYS
from ..identifiers import new_id
from ..store import Store, insert
from .entries import Entry, read_entry
from .kinds import BadEntry
from .places import CREATE

EVERY_KEY = "*"
MOST_SWITCHES = 100
REMEMBERED_HEADERS = 1000
REMEMBERED_TASKS = 10_000


@dataclass
class Switch:
    """One scenario that is on for a key, or for every request (`*`)."""

    id: str
    key: str
    entry: Entry
    seen: int = 0
    met: int = 0

    def shown(self) -> dict[str, Any]:
        """The switch as the control routes show it."""
        return {
            "id": self.id,
            "scenario": self.entry.scenario.name,
            "key": self.key,
            "settings": self.entry.settings,
            "requests_seen": self.seen,
            "requests_met": self.met,
        }


@dataclass(frozen=True)
class Asked:
    """Of a request, what decides about scenarios."""

    place: str
    key: str
    account: str | None
    task_id: str | None
    entries: tuple[Entry, ...]
    header: str


class Switchboard:
    """The switches of one sandbox; safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._asked: OrderedDict[tuple[str, str, str], list[int]] = OrderedDict()
        self._with_task: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()
        self._switches: dict[str, Switch] = {}
        self.load()

    @property
    def is_quiet(self) -> bool:
        """True while no request needs to be looked at unless it asks for it."""
        return not self._switches and not self._with_task

    def load(self) -> None:
        """Read the switches from the database again, and forget what was only counted."""
        with self._lock:
            self._asked.clear()
            self._with_task.clear()
            rows = self._store.rows("SELECT * FROM scenario_switch ORDER BY rowid")
            found = (_switch(row) for row in rows)
            self._switches = {switch.id: switch for switch in found if switch is not None}

    def switches(self) -> list[Switch]:
        """All that is on, oldest first."""
        with self._lock:
            return list(self._switches.values())

    def switch_on(self, key: str, entry: Entry) -> Switch:
        """Switch a scenario on; raises BadEntry for an unknown key or too many switches."""
        if key != EVERY_KEY and key not in SEED_KEYS:
            raise BadEntry(f"{key[:60]} is no key of this sandbox. Use a key or {EVERY_KEY}.")
        switch = Switch(new_id("switch"), key, entry)
        row = {
            "id": switch.id,
            "key": key,
            "scenario": entry.scenario.name,
            "settings": json.dumps(entry.settings),
        }
        with self._lock:
            if len(self._switches) >= MOST_SWITCHES:
                raise BadEntry(f"At most {MOST_SWITCHES} scenarios can be on at once.")
            with self._store.transaction() as connection:
                insert(connection, "scenario_switch", row)
            self._switches[switch.id] = switch
        return switch

    def switch_off(self, switch_id: str) -> bool:
        """Switch one off; False when it was not on."""
        with self._lock:
            if self._switches.pop(switch_id, None) is None:
                return False
            with self._store.transaction() as connection:
                connection.execute("DELETE FROM scenario_switch WHERE id = ?", (switch_id,))
            return True

    def switch_all_off(self) -> int:
        """Switch everything off; how many were on."""
        with self._lock:
            count = len(self._switches)
            self._switches.clear()
            self._asked.clear()
            self._with_task.clear()
            with self._store.transaction() as connection:
                connection.execute("DELETE FROM scenario_switch")
            return count

    def pick(self, asked: Asked) -> list[Entry]:
        """The scenarios that meet this request, each counted."""
        with self._lock:
            met = [
                switch.entry
                for switch in self._switches.values()
                if _concerns(switch, asked) and self._count_switch(switch)
            ]
            carried = self._with_task.get(asked.task_id or "", ())
            for entry in (*asked.entries, *carried):
                owner = asked.task_id if entry in carried else asked.header
                if asked.place in entry.routes and self._count_asked(asked.key, owner or "", entry):
                    met.append(entry)
        return met

    def keep_with_task(self, task_id: str, entries: tuple[Entry, ...]) -> None:
        """Let entries of a POST's header act on later requests about its task, in memory.

        Only those that do not act on the POST itself.
        """
        later = tuple(entry for entry in entries if CREATE not in entry.routes)
        if not later:
            return
        with self._lock:
            self._with_task[task_id] = later
            if len(self._with_task) > REMEMBERED_TASKS:
                self._with_task.popitem(last=False)

    def _count_switch(self, switch: Switch) -> bool:
        is_met = switch.entry.meets(switch.seen, switch.met)
        switch.seen += 1
        switch.met += is_met
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE scenario_switch SET seen = ?, met = ? WHERE id = ?",
                (switch.seen, switch.met, switch.id),
            )
        return is_met

    def _count_asked(self, key: str, owner: str, entry: Entry) -> bool:
        mark = (key, owner, entry.scenario.name)
        counts = self._asked.setdefault(mark, [0, 0])
        self._asked.move_to_end(mark)
        if len(self._asked) > REMEMBERED_HEADERS:
            self._asked.popitem(last=False)
        is_met = entry.meets(*counts)
        counts[0] += 1
        counts[1] += is_met
        return is_met


def _concerns(switch: Switch, asked: Asked) -> bool:
    if asked.place not in switch.entry.routes:
        return False
    if switch.key in (EVERY_KEY, asked.key):
        return True
    # Media carry no key: they belong to whoever made them.
    is_owned = not asked.key and asked.account is not None
    return is_owned and SEED_KEYS[switch.key].account == asked.account


def _switch(row: sqlite3.Row) -> Switch | None:
    """A stored switch; None for one that this version does not know."""
    try:
        entry = read_entry(row["scenario"], json.loads(row["settings"]))
    except BadEntry:
        return None
    return Switch(row["id"], row["key"], entry, row["seen"], row["met"])
