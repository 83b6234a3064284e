"""What happens during a storm: requests come in, processes are killed, a person lets held tasks go on.

The storm goes by work and not by the clock: each kill waits for a random number of the vendor's requests since
the one before, so that a busy machine sees the same storm as a quiet one.
"""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx

from tests.chaos.installation import Installation
from tests.chaos.plan import Plan

ASKERS = 4
REQUESTS_PER_TASK = 3.0
"""Fewer than a task needs in a storm, so that the kills are over before the work is."""
LINE_BYTES = 120
"""About the length of a line in the log of the vendor's requests."""
AHEAD = 12
"""How many requests may come earlier than the kills among which they are spread."""
WEB_SHARE = 0.15
RECEIVER_SHARE = 0.15
REPEATED = 0.1
"""How many requests are sent twice although they were answered, as an impatient client does."""
FAILING = 0.05
"""How many prompts the vendor itself refuses to make; it charges nothing for them."""


class Storm:
    """One storm over a running installation; `run` returns when all is quiet, or stuck."""

    def __init__(self, plan: Plan, installation: Installation) -> None:
        self.plan = plan
        self.place = installation
        self.kills: dict[str, int] = {}
        self.killed_at: list[float] = []
        """When processes were killed, Unix seconds."""
        self.slow = 0
        """How many did not end in time when they were told to."""
        self.continued = 0
        self._client = httpx.Client(timeout=20, trust_env=False)
        self._intents = (installation.folder / "intents.jsonl").open("a", encoding="utf-8")
        self._writing = threading.Lock()
        self._is_over = threading.Event()

    def run(self) -> None:
        """Asks and kills at the same time, then waits until everything has come to its end."""
        others = [threading.Thread(target=work) for work in (self._kill, self._be_a_person)]
        for thread in others:
            thread.start()
        try:
            self._ask_for_all()
            others[0].join()
            self.drain()
        finally:
            self._is_over.set()
            for thread in others:
                thread.join()
            self._intents.close()
            self._client.close()

    # Asking -----------------------------------------------------------------------------------

    def _ask_for_all(self) -> None:
        """Spread over the kills, some at a time; each is written down before it is sent."""
        chance = self.plan.random("asking")
        numbers = [(number, chance.random()) for number in range(self.plan.tasks)]
        with ThreadPoolExecutor(ASKERS) as pool:
            for done in pool.map(lambda one: self._ask_in_turn(*one), numbers):
                assert done

    def _ask_in_turn(self, number: int, lot: float) -> bool:
        while not self._is_its_turn(number) and not self._is_over.wait(0.05):
            pass
        words = f"intent {number:05d}" + (" sandbox:fail" if lot < FAILING else "")
        times = 2 if FAILING < lot < FAILING + REPEATED else 1
        self.ask(number, {"subject": words}, times=times)
        return True

    def _is_its_turn(self, number: int) -> bool:
        if not self.plan.kills:
            return True
        done = sum(self.kills.values())
        return number <= AHEAD + self.plan.tasks * done / (0.9 * self.plan.kills)

    def ask(self, number: int, inputs: dict[str, Any], *, times: int = 1, slug: str = "") -> str:
        """One wish, sent so many times under one key until each is answered; the job's id."""
        intent = {"number": number, "key": f"chaos-{self.plan.seed}-{number}"}
        intent |= {"inputs": inputs, "slug": slug or self.place.slug, "subject": inputs["subject"]}
        self._note(intent | {"asked": True})
        for _ in range(times):
            job = self._post_until_answered(intent)
            self._note(intent | {"job": job})
        return job

    def _post_until_answered(self, intent: dict[str, Any]) -> str:
        """The same key and body until an answer comes, however often the web process dies."""
        body = {"inputs": intent["inputs"]}
        path = f"/api/v1/templates/{intent['slug']}/jobs"
        while True:
            with suppress(httpx.HTTPError):
                answer = self.call("POST", path, json=body, key=intent["key"])
                if answer.status_code in (200, 201):
                    return str(answer.json()["id"])
                if answer.status_code < 500:
                    raise RuntimeError(f"The trigger refused: {answer.text[:500]}")
            if self._is_over.wait(0.3):
                raise RuntimeError("The storm was over before a request was answered.")

    def _note(self, line: dict[str, Any]) -> None:
        with self._writing:
            self._intents.write(json.dumps(line) + "\n")
            self._intents.flush()

    def call(self, method: str, path: str, *, json: Any = None, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.place.token}"}
        if key:
            headers["Idempotency-Key"] = key
        url = self.place.base_url + path
        return self._client.request(method, url, json=json, headers=headers)

    # Killing ----------------------------------------------------------------------------------

    def _kill(self) -> None:
        """The plan's signal at random moments to random processes, which are started again at once."""
        chance = self.plan.random("killing")
        between = self.plan.tasks * REQUESTS_PER_TASK / max(1, self.plan.kills)
        for _ in range(self.plan.kills):
            self._await_requests(chance.uniform(0.0, 2.0) * between)
            if self._is_over.wait(chance.uniform(0.0, 0.2)):
                return
            self._kill_one(chance)
            self.place.revive()

    def _await_requests(self, count: float) -> None:
        """Until the vendor has had so many more; or, if nothing moves, for `kill_seconds` at most."""
        log = self.place.requests_log
        wanted = (log.stat().st_size if log.exists() else 0) + count * LINE_BYTES
        give_up = time.monotonic() + self.plan.kill_seconds
        while time.monotonic() < give_up and not self._is_over.wait(0.02):
            if log.exists() and log.stat().st_size >= wanted:
                return

    def _kill_one(self, chance: random.Random) -> None:
        lot = chance.random()
        kind = "web" if lot < WEB_SHARE else "receiver"
        if lot >= WEB_SHARE + RECEIVER_SHARE:
            kind = "worker"
        victim = chance.choice(self.place.named(kind))
        if self.plan.signal == "term":
            self.slow += not victim.end()
        else:
            victim.kill()
        self.killed_at.append(time.time())
        self.kills[kind] = self.kills.get(kind, 0) + 1

    def close(self) -> None:
        """Waits until everything has come to its end, for who has asked and killed without `run`."""
        person = threading.Thread(target=self._be_a_person)
        person.start()
        try:
            self.drain()
        finally:
            self._is_over.set()
            person.join()
            self._intents.close()
            self._client.close()

    # A person ---------------------------------------------------------------------------------

    def _be_a_person(self) -> None:
        """Looks at what is held, and lets it go on."""
        while not self._is_over.wait(2.0):
            with suppress(httpx.HTTPError, ValueError, KeyError):
                held = self.call("GET", "/api/v1/tasks?status=held").json()["items"]
                for task in held:
                    answer = self.call("POST", f"/api/v1/tasks/{task['id']}/continue")
                    self.continued += answer.status_code == 200

    # The end ----------------------------------------------------------------------------------

    def drain(self) -> None:
        """Until nothing is open, or nothing has moved for as long as counts as stuck."""
        left = _open_tasks()
        moved_at = time.monotonic()
        while left and time.monotonic() - moved_at < self.plan.drain_seconds:
            self.place.revive()
            time.sleep(0.5)
            if (now_left := _open_tasks()) != left:
                left, moved_at = now_left, time.monotonic()


def _open_tasks() -> int:
    from django.db.models import Sum

    from rivya_bridge.tasks.models import TERMINAL, Task

    rows = Task.objects.exclude(status__in=TERMINAL)
    return rows.count() + (rows.aggregate(sum=Sum("fence"))["sum"] or 0)
