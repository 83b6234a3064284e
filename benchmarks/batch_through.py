"""A batch carried through to its end by the product: `python benchmarks/batch_through.py [rows]`.

Web, two workers, the receiver and the sandbox, each a process of its own. The table is checked (dry run) and
started over the HTTP API, paused and resumed twice on its way, and at its end its CSV is added up against the
ledger and the sandbox's own journal. Prints the seconds to the check and to the first submission, what the
processes held in memory along the way, and the sums; ends with 1 when a limit is missed or a sum differs.
"""

import csv
import io
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.chaos.installation import Installation, running_installation
from tests.chaos.plan import read_plan

PLAN = ["--tasks=0", "--kills=0", "--faults=0", "--workers=2", "--speed=20", "--reads=50"]
AT_ONCE = 50
CHECK_SECONDS = 5.0
FIRST_SECONDS = 2.0
MOST_GROWTH_MB = 30.0
PAUSES = (0.3, 0.6)
QUIET_SECONDS = 3.0


class Batch:
    """One batch over the API of a running installation."""

    def __init__(self, place: Installation, rows: int) -> None:
        self.place = place
        self.rows = rows
        headers = {"Authorization": f"Bearer {place.token}", "Content-Type": "text/csv"}
        self._api = httpx.Client(
            base_url=f"{place.base_url}/api/v1", headers=headers, timeout=300, trust_env=False
        )
        lines = ["subject", *(f"glass bottle number {number}" for number in range(rows))]
        self._table = "\n".join(lines).encode()
        self.memory: list[tuple[float, float]] = []
        self.id = ""

    def check(self) -> float:
        """Seconds of the dry run."""
        begin = time.perf_counter()
        found = self._post(f"/templates/{self.place.slug}/batches?dry_run=1", self._table)
        assert found["ok"] and found["row_count"] == self.rows, found
        return time.perf_counter() - begin

    def start(self) -> tuple[float, float]:
        """Seconds until it is accepted, and from then until the vendor has the first of it."""
        begin, seen = time.perf_counter(), self._submitted()
        path = f"/templates/{self.place.slug}/batches?concurrency={AT_ONCE}"
        self.id = self._post(path, self._table)["id"]
        accepted = time.perf_counter()
        while self._submitted() == seen:
            time.sleep(0.02)
        return accepted - begin, max(0.0, time.perf_counter() - accepted)

    def run(self) -> list[int]:
        """To the end, with two pauses; how many were submitted during each."""
        during, pauses = [], list(PAUSES)
        while True:
            found = self._api.get(f"/batches/{self.id}").json()
            done = found["rows"]["succeeded"] + found["rows"]["failed"]
            self.memory.append((done / self.rows, self._memory_mb()))
            if found["status"] == "finished":
                return during
            if pauses and done >= pauses[0] * self.rows:
                pauses.pop(0)
                during.append(self._pause())
            time.sleep(0.5)

    def _pause(self) -> int:
        """Pauses, lets what is open end, watches for a while, resumes."""
        self._post(f"/batches/{self.id}/pause")
        while self._api.get(f"/batches/{self.id}").json()["rows"]["started"]:
            time.sleep(0.2)
        before = self._submitted()
        time.sleep(QUIET_SECONDS)
        during = self._submitted() - before
        self._post(f"/batches/{self.id}/resume")
        return during

    def sums(self) -> dict[str, int]:
        """The charge by the CSV, the batch, the ledger and the vendor, and how many rows have a file."""
        from django.db.models import Sum

        from rivya_bridge.credits.models import LedgerEntry

        text = self._api.get(f"/batches/{self.id}/results.csv").text
        lines = list(csv.DictReader(io.StringIO(text)))
        settled = LedgerEntry.objects.filter(kind="settle", task__job__batch_row__batch=self.id)
        journal = httpx.get(f"{self.place.vendor_url}/_sandbox/journal", timeout=300).json()
        return {
            "lines": len(lines),
            "files": sum(bool(line.get("file_1")) for line in lines),
            "csv": sum(int(line["credits"] or 0) for line in lines),
            "batch": self._api.get(f"/batches/{self.id}").json()["spent_credits"],
            "ledger": settled.aggregate(sum=Sum("amount"))["sum"] or 0,
            "vendor": sum(one["final"] for one in journal["generations"]),
        }

    def _post(self, path: str, body: bytes = b"") -> Any:
        answer = self._api.post(path, content=body)
        assert answer.status_code in (200, 201), answer.text[:1000]
        return answer.json()

    def _submitted(self) -> int:
        with suppress(FileNotFoundError), self.place.requests_log.open(encoding="utf-8") as log:
            return sum('"POST", "/api/v1/generations"' in line for line in log)
        return 0

    def _memory_mb(self) -> float:
        """What web and workers hold, resident, children included."""
        pids = [pid for one in self.place.programs if one.child for pid in one.child.family()]
        return sum(_resident_mb(pid) for pid in pids)


def _resident_mb(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def main(rows: int) -> int:
    plan, _ = read_plan([*PLAN, f"--in-flight={AT_ONCE}"])
    with (
        tempfile.TemporaryDirectory(prefix="bridge-through-", ignore_cleanup_errors=True) as name,
        running_installation(plan, Path(name)) as place,
    ):
        batch = Batch(place, rows)
        checked = batch.check()
        accepted, first = batch.start()
        begin = time.monotonic()
        during = batch.run()
        return report(batch, checked, accepted, first, during, time.monotonic() - begin)


def report(
    batch: Batch, checked: float, accepted: float, first: float, during: list[int], seconds: float
) -> int:
    # The first tenth loads what is loaded once: code, models, connections.
    held = [mb for share, mb in batch.memory if share >= 0.1]
    growth = held[-1] - held[0]
    sums = batch.sums()
    print(f"{batch.rows:,} rows carried through in {seconds:.0f} s")
    print(f"checked (dry run)        {checked:8.2f} s   limit {CHECK_SECONDS} s")
    print(f"checked and stored       {accepted:8.2f} s")
    print(f"first submission after   {first:8.2f} s   limit {FIRST_SECONDS} s")
    print(f"memory, resident         {held[0]:8.0f} MB at a tenth, {held[-1]:.0f} MB at the end")
    print(f"paused {len(during)} times; submitted meanwhile: {', '.join(map(str, during))}")
    print(", ".join(f"{name} {value:,}" for name, value in sums.items()))
    is_equal = len({sums[name] for name in ("csv", "batch", "ledger", "vendor")}) == 1
    is_quick = checked < CHECK_SECONDS and first < FIRST_SECONDS
    is_whole = sums["lines"] == batch.rows and not any(during) and len(during) == len(PAUSES)
    return int(not (is_equal and is_quick and is_whole and growth < MOST_GROWTH_MB))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
