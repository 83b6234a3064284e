"""What happens during a storm: requests come in, processes are killed, a person lets held tasks go on."""

import json
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.installation import Installation, Running
from tests.chaos.plan import Plan

ASKERS = 4
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
        self.continued = 0
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
            self._drain()
        finally:
            self._is_over.set()
            for thread in others:
                thread.join()
            self._intents.close()

    # Asking -----------------------------------------------------------------------------------

    def _ask_for_all(self) -> None:
        """Spread over the storm, some at a time; each is written down before it is sent."""
        pause = self.plan.storm_seconds * 0.85 * ASKERS / self.plan.tasks
        chance = self.plan.random("asking")
        numbers = [(number, chance.random()) for number in range(self.plan.tasks)]
        with ThreadPoolExecutor(ASKERS) as pool:
            for done in pool.map(lambda one: self._ask(*one, pause=pause), numbers):
                assert done

    def _ask(self, number: int, lot: float, *, pause: float) -> bool:
        started = time.monotonic()
        words = f"intent {number:05d}"
        if lot < FAILING:
            words += " sandbox:fail"
        intent = {"number": number, "key": f"chaos-{self.plan.seed}-{number}", "subject": words}
        self._note(intent | {"asked": True})
        job = self._post_until_answered(intent)
        if FAILING < lot < FAILING + REPEATED:
            self._note(intent | {"job": job})
            job = self._post_until_answered(intent)
        self._note(intent | {"job": job})
        time.sleep(max(0.0, pause - (time.monotonic() - started)))
        return True

    def _post_until_answered(self, intent: dict[str, Any]) -> str:
        """The same key and body until an answer comes, however often the web process dies."""
        body = {"inputs": {"subject": intent["subject"]}}
        path = f"/api/v1/templates/{self.place.slug}/jobs"
        while True:
            with suppress(httpx.HTTPError):
                answer = self._call("POST", path, json=body, key=intent["key"])
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

    def _call(self, method: str, path: str, *, json: Any = None, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.place.token}"}
        if key:
            headers["Idempotency-Key"] = key
        url = self.place.base_url + path
        return httpx.request(method, url, json=json, headers=headers, timeout=20, trust_env=False)

    # Killing ----------------------------------------------------------------------------------

    def _kill(self) -> None:
        """SIGKILL at random moments to random processes, which are started again at once."""
        chance = self.plan.random("killing")
        for _ in range(self.plan.kills):
            if self._is_over.wait(chance.uniform(0.2, 2 * self.plan.kill_seconds - 0.2)):
                return
            self._kill_one(chance)
            self.place.revive()

    def _kill_one(self, chance: random.Random) -> None:
        web, *workers, receiver = self.place.programs
        lot = chance.random()
        victim = chance.choice(workers)
        if lot < WEB_SHARE + RECEIVER_SHARE:
            victim = web if lot < WEB_SHARE else receiver
        for pid in reversed(_family(victim)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        victim.process.wait()
        self.killed_at.append(time.time())
        kind = victim.name.partition("-")[0]
        self.kills[kind] = self.kills.get(kind, 0) + 1

    # A person ---------------------------------------------------------------------------------

    def _be_a_person(self) -> None:
        """Looks at what is held, and lets it go on."""
        while not self._is_over.wait(2.0):
            with suppress(httpx.HTTPError, ValueError, KeyError):
                held = self._call("GET", "/api/v1/tasks?status=held").json()["items"]
                for task in held:
                    answer = self._call("POST", f"/api/v1/tasks/{task['id']}/continue")
                    self.continued += answer.status_code == 200

    # The end ----------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Until nothing is open, or nothing has moved for as long as counts as stuck."""
        left = _open_tasks()
        moved_at = time.monotonic()
        while left and time.monotonic() - moved_at < self.plan.drain_seconds:
            self.place.revive()
            time.sleep(0.5)
            if (now_left := _open_tasks()) != left:
                left, moved_at = now_left, time.monotonic()


def _family(program: Running) -> list[int]:
    """The program and its children, as gunicorn has them."""
    pid = program.process.pid
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *(int(child) for child in children)]
    return [pid]


def _open_tasks() -> int:
    from django.db.models import Sum

    from rivya_bridge.tasks.models import TERMINAL, Task

    rows = Task.objects.exclude(status__in=TERMINAL)
    return rows.count() + (rows.aggregate(sum=Sum("fence"))["sum"] or 0)
