"""How late the one poller reads many open tasks: `python benchmarks/reading_lag.py [tasks]`.

One worker process and the sandbox in another, no faults; all tasks are open at the vendor at once. Each
reading is compared with the time for which its task was due, and each end with the moment at which it was
learned. Prints both, the readings a second, and ends with 1 when the 95th percentile of readings came more
than half a second after their time.
"""

import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.chaos.installation import Installation, running_installation
from tests.chaos.plan import read_plan

LOOK_SECONDS = 0.05
WORST_LATENESS = 0.5
PLAN = ["--tasks=0", "--kills=0", "--faults=0", "--workers=1", "--speed=0.03", "--reads=20"]


def main(tasks: int) -> int:
    plan, _ = read_plan([*PLAN, f"--in-flight={tasks}"])
    with (
        tempfile.TemporaryDirectory(prefix="bridge-lag-", ignore_cleanup_errors=True) as name,
        running_installation(plan, Path(name)) as place,
    ):
        due = DueTimes()
        due.start()
        make_jobs(place, tasks)
        most_open = wait_for_all(tasks)
        due.stop()
        return report(place, due, most_open)


def make_jobs(place: Installation, count: int) -> None:
    from rivya_bridge.automation.models import JobTemplate
    from rivya_bridge.automation.services import start_job

    template = JobTemplate.objects.get(slug=place.slug)
    for number in range(count):
        start_job(template, {"subject": f"number {number:04d}"}, source="api")


def wait_for_all(count: int) -> int:
    """Until all have succeeded; the most that were running at once."""
    from rivya_bridge.tasks.models import Task

    most = 0
    while Task.objects.filter(status="succeeded").count() < count:
        most = max(most, Task.objects.filter(status="running").count())
        time.sleep(0.2)
    return most


class DueTimes(threading.Thread):
    """Watches for when each running task is due: seconds of the machine's clock, by remote id."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, list[float]] = defaultdict(list)
        self._is_over = threading.Event()

    def stop(self) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        from django.db import connection

        from rivya_bridge.tasks.models import Task

        rows = Task.objects.filter(status="running").values_list("remote_id", "due_at")
        while not self._is_over.wait(LOOK_SECONDS):
            for remote_id, due_at in rows.all():
                times = self.seen[remote_id or ""]
                if not times or times[-1] != due_at.timestamp():
                    times.append(due_at.timestamp())
        connection.close()


def report(place: Installation, due: DueTimes, most_open: int) -> int:
    reads = readings(place)
    late, all_times = [], [at for times in reads.values() for at in times]
    for remote_id, times in reads.items():
        for at in times:
            before = [one for one in due.seen[remote_id] if one <= at]
            if before:
                late.append(at - before[-1])
    ends = ends_at_vendor(place)
    lags = [times[-1] - ends[remote_id] for remote_id, times in reads.items()]
    span = max(all_times) - min(all_times)
    print(f"{most_open} tasks were open at once; {len(all_times)} readings in {span:.0f} s, ")
    print(f"  {len(all_times) / span:.1f} readings a second by one process")
    print(f"readings after their time    {figures(late)}")
    print(f"ends learned after the end   {figures(lags)}")
    return int(quantiles(late, n=20)[-1] > WORST_LATENESS)


def readings(place: Installation) -> dict[str, list[float]]:
    """When each generation was asked for, from the vendor's own log."""
    found: dict[str, list[float]] = defaultdict(list)
    for line in place.requests_log.open(encoding="utf-8"):
        at, method, path, *_ = json.loads(line)
        if method == "GET" and path.startswith("/api/v1/generations/"):
            found[path.rpartition("/")[2]].append(at)
    return found


def ends_at_vendor(place: Installation) -> dict[str, float]:
    [database] = (place.folder / "vendor" / "sandbox").glob("*.sqlite3")
    with closing(sqlite3.connect(database)) as line:
        return {
            one: ends / 1000 for one, ends in line.execute("SELECT id, ends_ms FROM generation")
        }


def figures(values: list[float]) -> str:
    cuts = quantiles(values, n=20)
    return f"median {cuts[9]:6.2f} s   95 % {cuts[18]:6.2f} s   most {max(values):6.2f} s"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
