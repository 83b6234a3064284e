"""Dying everywhere: each crash point at its first, second and third pass, with real processes and SIGKILL.

For each, one program is started anew and armed; jobs are asked for until it has killed itself; then it is
started again without. At the end everything has to come to its end, and the audit reads all of it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.installation import Installation, make_picture
from tests.chaos.points import POINTS
from tests.chaos.storm import Storm

PASSES = (1, 2, 3)
REACHED_WITHIN_SECONDS = 60.0
MOST_JOBS = 12
PAUSE_SECONDS = 0.5


class Rounds:
    """All rounds over one running installation; `reached` tells for each point and pass."""

    def __init__(self, storm: Storm, place: Installation) -> None:
        self._storm = storm
        self._place = place
        self._asked = 0
        self.reached: dict[tuple[str, int], bool] = {}

    def run(self, names: list[str]) -> Iterator[tuple[str, int, bool, float]]:
        """Name, pass, whether it died there, and the seconds that took, as each round ends."""
        for name in names:
            for number in PASSES:
                started = time.monotonic()
                reached = self._one(name, number)
                self.reached[name, number] = reached
                yield name, number, reached, time.monotonic() - started

    def _one(self, name: str, number: int) -> bool:
        kind = POINTS[name].program
        mark = self._place.folder / f"died-{len(self.reached)}"
        [victim] = self._place.named(kind)
        victim.kill()
        victim.start(CHAOS_POINT=f"{name}|{number}|{mark}")
        reached = self._until_dead(mark, self._asker(name))
        if reached:
            self._storm.killed_at.append(time.time())
            self._storm.kills[kind] = self._storm.kills.get(kind, 0) + 1
        self._place.revive()
        if victim.is_alive() and kind == "web":
            victim.kill()  # gunicorn has put another armed process in the place of the dead one
            victim.start()
        return reached

    def _until_dead(self, mark: Path, ask: Callable[[], None]) -> bool:
        give_up, asked = time.monotonic() + REACHED_WITHIN_SECONDS, 0
        while not mark.exists() and time.monotonic() < give_up:
            if asked < MOST_JOBS:
                ask()
                asked += 1
            time.sleep(PAUSE_SECONDS)
        return mark.exists()

    def _asker(self, name: str) -> Callable[[], None]:
        if name == "in mid-upload":
            return lambda: self._ask(slug=self._place.picture_slug)
        if name == "after the cancel mark":
            return self._ask_and_cancel
        return self._ask

    def _ask(self, slug: str = "") -> str:
        self._asked += 1
        inputs: dict[str, Any] = {"subject": f"intent {self._asked:05d}"}
        if slug:
            inputs["picture"] = make_picture(self._asked)
        return self._storm.ask(self._asked, inputs, slug=slug)

    def _ask_and_cancel(self) -> None:
        """Marks a task that is at the vendor, whom nobody can stop: it ends and is charged."""
        job = self._ask()
        give_up = time.monotonic() + 5
        while time.monotonic() < give_up:
            with suppress(httpx.HTTPError, ValueError, KeyError):
                task = self._storm.call("GET", f"/api/v1/jobs/{job}").json()["task"]
                if task["status"] != "running":
                    time.sleep(0.05)
                    continue
                self._storm.call("POST", f"/api/v1/tasks/{task['id']}/cancel")
                return
