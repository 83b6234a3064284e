"""What a batch of 10,000 rows costs, beside reading the same file: `python benchmarks/batch.py [rows]`.

In a data folder of its own, with nothing sent: checks the table (dry run), stores and starts it, and
feeds the first jobs. Each check follows a plain pass of csv.reader over the same bytes, so that both
see the same machine; the ratio is what can be compared between machines.
"""

import csv
import io
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
FOLDER = tempfile.mkdtemp(prefix="bridge-batch-")
os.environ["BRIDGE_DATA_DIR"] = FOLDER
os.environ["DJANGO_SETTINGS_MODULE"] = "rivya_bridge.settings"
ROUNDS = 3
PROMPT = (
    "{% if tone %}{{ tone|capitalize }} light. {% endif %}A {{ subject }} on {{ surface }}, "
    "85 mm lens, soft side light, no people, number {{ number }}"
)


def main(rows: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    template = make_template()
    table = make_table(rows)
    print(f"{rows:,} rows, {len(table) / 1_048_576:.1f} MB of CSV")
    before = peak_mb()
    pairs = [(read_plainly(table), check(template, table)) for _ in range(ROUNDS)]
    plain, checked = (median(column) for column in zip(*pairs, strict=True))
    print(f"csv.reader alone   {plain:8.3f} s")
    print(f"check of every row {checked:8.3f} s   {checked / plain:.0f} times the plain pass")
    stored, first, started = start(template, table)
    print(f"checked and stored {stored:8.3f} s   {stored / plain:.0f} times the plain pass")
    print(f"first {started} jobs queued  {first:8.3f} s   after the start")
    print(f"peak memory grew by {peak_mb() - before:.1f} MB")


def make_template():
    from rivya_bridge.automation.content import Draft
    from rivya_bridge.automation.services import create_template
    from tests.experiments.factories import add_models

    add_models("flux-2-pro")
    names = ("subject", "surface", "tone")
    draft = Draft(
        model_id="flux-2-pro",
        credit_cap=100,
        prompt=PROMPT,
        variables=[
            *({"name": name, "required": name == "subject"} for name in names),
            {"name": "number", "type": "number", "min": 0},
        ],
        fixed_params={"resolution": "1K"},
        exposed_params=[{"key": "aspectRatio", "default": "1:1"}],
    )
    return create_template(name="Banner", slug="banner", draft=draft).template


def make_table(rows: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("subject", "surface", "tone", "number", "aspectRatio"))
    for number in range(rows):
        subject = f"glass bottle with a label, number {number}"
        writer.writerow((subject, "wet slate, at dawn", "warm", number, "16:9"))
    return out.getvalue().encode()


def read_plainly(table: bytes) -> float:
    start = time.perf_counter()
    for _ in csv.reader(io.TextIOWrapper(io.BytesIO(table), encoding="utf-8", newline="")):
        pass
    return time.perf_counter() - start


def rows_of(template, table: bytes):
    from rivya_bridge.automation.inputs import input_specs
    from rivya_bridge.automation.tables import read_table

    return read_table(io.BytesIO(table), "csv", input_specs(template.current_version))[0]


def check(template, table: bytes) -> float:
    from rivya_bridge.automation.services import BatchOptions, check_batch

    start = time.perf_counter()
    found = check_batch(template, rows_of(template, table), BatchOptions())
    assert found.invalid_count == 0, found.problems[:3]
    return time.perf_counter() - start


def start(template, table: bytes) -> tuple[float, float, int]:
    """Seconds of checking and storing, seconds to the first job, and how many were started."""
    from rivya_bridge.automation.services import BatchOptions, add_batch, start_batch
    from rivya_bridge.tasks import background
    from rivya_bridge.tasks.models import Task

    background.advance_task.delay = lambda task_id: None  # no broker: rows are what is measured
    begin = time.perf_counter()
    batch = add_batch(template, rows_of(template, table), BatchOptions(), source="form")
    stored = time.perf_counter() - begin
    begin = time.perf_counter()
    start_batch(batch)
    return stored, time.perf_counter() - begin, Task.objects.filter(status="queued").count()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
