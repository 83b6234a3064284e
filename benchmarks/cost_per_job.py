"""What one job costs the worker, in CPU: `python benchmarks/cost_per_job.py [jobs] [rounds]`.

One worker process, the sandbox in another, no faults. Each round measures three things one after the other,
over the same number of each: jobs of a template (submit, read until done, download and keep), Celery tasks
that do nothing, on the same worker and broker, and a bare httpx loop that sends the requests that a job
sends and drops the answers. CPU is user and system time of the worker's process (of the loop's, for the
loop), from /proc. Prints each round, the medians, and how many times an empty task a job costs, with the
bare loop's share told apart.

Then, one at a time and in turn, what a person waits for: how long after its ring an empty task is done, and
how long after it was asked for a job is at the vendor. The job has then been written with its task, claimed,
frozen, its credits set aside and its sending noted. Linux only.
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.chaos.installation import API_KEY, Installation, running_installation
from tests.chaos.plan import read_plan
from tests.chaos.program import NOTHING

# The vendor takes a second or so for each result, as a fast picture model does.
PLAN = ["--tasks=0", "--kills=0", "--faults=0", "--workers=1", "--speed=4", "--reads=50", "--draws"]
WAITS = 25
LOOK_SECONDS = 0.001
TICKS = os.sysconf("SC_CLK_TCK")


def main(jobs: int, rounds: int) -> int:
    plan, _ = read_plan([*PLAN, f"--in-flight={jobs}"])
    with (
        tempfile.TemporaryDirectory(prefix="bridge-cost-", ignore_cleanup_errors=True) as name,
        running_installation(plan, Path(name)) as place,
    ):
        ring_empty(place, 20)  # both have imported what they need before the first round
        run_jobs(place, 5)
        print("CPU of the worker, milliseconds each")
        print("round      a job   empty task   bare loop   requests a job")
        measured = [one_round(place, jobs, number) for number in range(1, rounds + 1)]
        waits = [(empty_wait(place), sent_wait(place)) for _ in range(WAITS)]
    job, empty, bare = (median(column) for column in zip(*measured, strict=True))
    print(f"median {job:9.1f} {empty:12.1f} {bare:11.1f}")
    print(f"a job costs {job / empty:.1f} times an empty Celery task, ", end="")
    print(f"{job / (empty + bare):.1f} times an empty task with its requests")
    heard, at_vendor = (median(column) * 1000 for column in zip(*waits, strict=True))
    print(f"an empty task is done {heard:.0f} ms after its ring; a job is at the vendor ", end="")
    print(f"{at_vendor:.0f} ms after it was asked for, {at_vendor / heard:.1f} times as long")
    return 0


def empty_wait(place: Installation) -> float:
    """Seconds from ringing for an empty task until it is done and acknowledged."""
    from rivya_bridge.celery import app

    with closing(sqlite3.connect(place.folder / "data" / "broker.sqlite3")) as broker:
        started = time.perf_counter()
        app.send_task(NOTHING, ignore_result=True)
        while broker.execute("SELECT count(*) FROM messages").fetchone() != (0,):
            time.sleep(LOOK_SECONDS)
        return time.perf_counter() - started


def sent_wait(place: Installation) -> float:
    """Seconds from asking for a job until the vendor has it; returns when the job is done."""
    from rivya_bridge.automation.models import JobTemplate
    from rivya_bridge.automation.services import start_job
    from rivya_bridge.tasks.models import Task

    template = JobTemplate.objects.get(slug=place.slug)
    before = place.requests_log.stat().st_size
    started = time.time()
    job, _ = start_job(template, {"subject": "one alone"}, source="api")
    while Task.objects.filter(pk=job.task_id).exclude(status="succeeded").exists():
        time.sleep(0.2)
    [sent_at] = [at for at, method, *_ in lines_since(place, before) if method == "POST"]
    return sent_at - started


def one_round(place: Installation, jobs: int, number: int) -> tuple[float, float, float]:
    """Milliseconds of CPU for a job, an empty task and the requests of a job."""
    before = place.requests_log.stat().st_size
    job = run_jobs(place, jobs)
    sent = requests_since(place, before)
    empty = ring_empty(place, jobs)
    bare = bare_loop(place, sent)
    figures = (job / jobs, empty / jobs, bare / jobs)
    print("{:5} {:10.1f} {:12.1f} {:11.1f}".format(number, *figures), end="")
    print(f"   {sum(sent.values()) / jobs:10.1f}")
    return figures


def run_jobs(place: Installation, count: int) -> float:
    """Milliseconds of the worker's CPU from asking for the jobs until all have their files."""
    from rivya_bridge.automation.models import JobTemplate
    from rivya_bridge.automation.services import start_job
    from rivya_bridge.tasks.models import Task

    template = JobTemplate.objects.get(slug=place.slug)
    done = Task.objects.filter(status="succeeded").count()
    started = cpu(worker_of(place))
    for number in range(count):
        start_job(template, {"subject": f"number {number:04d}"}, source="api")
    while Task.objects.filter(status="succeeded").count() < done + count:
        time.sleep(0.2)
    return cpu(worker_of(place)) - started


def ring_empty(place: Installation, count: int) -> float:
    """Milliseconds of the worker's CPU for that many tasks that do nothing."""
    from rivya_bridge.celery import app

    started = cpu(worker_of(place))
    for _ in range(count):
        app.send_task(NOTHING, ignore_result=True)
    with closing(sqlite3.connect(place.folder / "data" / "broker.sqlite3")) as broker:
        # A message goes when its task has run, and nothing else rings while no job is open.
        while broker.execute("SELECT count(*) FROM messages").fetchone() != (0,):
            time.sleep(0.1)
    return cpu(worker_of(place)) - started


def worker_of(place: Installation) -> int:
    return place.programs[1].pid


def requests_since(place: Installation, offset: int) -> Counter[tuple[str, str]]:
    """How often each method was asked of each kind of address after this byte of the vendor's log."""
    return Counter((method, path) for _, method, path, *_ in lines_since(place, offset))


def lines_since(place: Installation, offset: int) -> list[list[Any]]:
    """The vendor's log after this byte: when each request came (Unix seconds), its method, its path, more."""
    with place.requests_log.open(encoding="utf-8") as log:
        log.seek(offset)
        return [json.loads(line) for line in log]


def bare_loop(place: Installation, sent: Counter[tuple[str, str]]) -> float:
    """Milliseconds of CPU of a process that sends the same reads, and as many model lists for the rest."""
    lines = [
        path if method == "GET" else "/api/v1/models?limit=1" for method, path in sent.elements()
    ]
    ended = subprocess.run(
        [sys.executable, __file__, "--bare", place.vendor_url],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ended.stdout)


def bare(vendor_url: str) -> None:
    """Asks for each path of the list on standard input; prints the milliseconds of CPU it took."""
    import httpx

    paths = json.load(sys.stdin)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=vendor_url, headers=headers, trust_env=False) as client:
        client.get("/healthz")
        before = resource.getrusage(resource.RUSAGE_SELF)
        for path in paths:
            client.get(path).read()
        after = resource.getrusage(resource.RUSAGE_SELF)
    print((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)


def cpu(process: int) -> float:
    """Milliseconds of user and system time that the process has used (`man 5 proc`, fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


if __name__ == "__main__":
    if "--bare" in sys.argv:
        bare(sys.argv[2])
    else:
        numbers = [int(one) for one in sys.argv[1:]]
        sys.exit(main(*(numbers + [100, 3][len(numbers) :])))
