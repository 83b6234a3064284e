"""Measures an experiment with very many runs against the same pages of a small one.

    .venv/bin/python benchmarks/boards.py [--runs 10000] [--rounds 15]

Makes a temporary data folder with two experiments, 120 runs and many, each run with a picture, and
some votes; asks for every page of them through the product's whole middleware in one process, in turn.
Prints the SQL queries and bytes of each page, and how its time compares with the small experiment's.
Times of this machine say little elsewhere, so that counts and ratios are judged:

- queries: at most one more than for few runs (old runs that were voted on),
- bytes: at most 300 kB,
- time to that of few runs: at most 3, and 8 where all votes and 2,000 runs are looked at.

Exits with 1 when a target is missed.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.installation import free_port

FEW, VOTES = 120, 200
MOST_BYTES, MOST_RATIO, MOST_JUDGING_RATIO = 300_000, 3.0, 8.0
JUDGING = ("ranking and findings", "draw a pair")
WARM_UP_ROUNDS = 2


@dataclass
class Page:
    """One page of the small and of the large experiment: times in milliseconds, queries, bytes."""

    name: str
    times: dict[str, list[float]] = field(default_factory=lambda: {"few": [], "many": []})
    queries: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def p50(self, which: str) -> float:
        return statistics.median(self.times[which])

    @property
    def ratio(self) -> float:
        return self.p50("many") / self.p50("few")

    @property
    def most_ratio(self) -> float:
        return MOST_JUDGING_RATIO if self.name in JUDGING else MOST_RATIO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as folder:
        _prepare(Path(folder))
        pages = _measure(options.runs, options.rounds)
    sys.exit(_print(pages, options.runs))


def _prepare(folder: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("RIVYA_", "BRIDGE_", "SANDBOX_", "CELERY_")) or name == "DATABASE_URL":
            del os.environ[name]
    os.environ["DJANGO_SETTINGS_MODULE"] = "rivya_bridge.settings"
    os.environ["BRIDGE_DATA_DIR"] = str(folder)
    for name in ("BRIDGE_PORT", "SANDBOX_PORT", "BRIDGE_WEBHOOK_PORT"):
        os.environ[name] = str(free_port())
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def _measure(runs: int, rounds: int) -> list[Page]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.crowd import MODELS, fill
    from rivya_bridge.catalog.services import ensure_catalog
    from rivya_bridge.experiments.services import create_experiment

    ensure_catalog()
    assert MODELS
    made = {}
    for name, count in (("few", FEW), ("many", runs)):
        experiment = create_experiment(title=name)
        made[name] = (experiment, fill(experiment, count, VOTES))
    browser = _browser()
    pages: dict[str, Page] = {}
    for number in range(WARM_UP_ROUNDS + rounds):
        for which, (experiment, rows) in made.items():
            for name, (method, address) in _addresses(experiment, rows).items():
                page = pages.setdefault(name, Page(name))
                began = time.perf_counter()
                with CaptureQueriesContext(connection) as queries:
                    answer = getattr(browser, method)(address)
                took = (time.perf_counter() - began) * 1000
                if answer.status_code not in (200, 302):
                    raise RuntimeError(f"{address} answered {answer.status_code}.")
                if number >= WARM_UP_ROUNDS:
                    page.times[which].append(took)
                # Facts that are read again every few seconds come on top of some rounds.
                page.queries[which] = min(len(queries), page.queries.get(which, len(queries)))
                if which == "many":
                    page.size = len(answer.content)
    connection.close()
    return list(pages.values())


def _browser():
    import httpx
    from django.test import Client

    from rivya_bridge.access.services import create_launch_link

    link = httpx.URL(create_launch_link())
    browser = Client(headers={"host": link.netloc.decode()})
    browser.get(link.path)
    browser.get("/connection/")  # the first page also stores the session's CSRF secret
    return browser


def _addresses(experiment, rows) -> dict[str, tuple[str, str]]:
    path = f"/experiments/{experiment.pk}/"
    six = "&".join(f"run={run.pk}" for run in rows[-6:])
    return {
        "runs": ("get", path),
        "runs, far page": ("get", f"{path}?after={rows[60].pk}"),
        "runs of one model": ("get", f"{path}?model=flux-2-pro"),
        "accepted runs": ("get", f"{path}?verdict=accepted"),
        "six side by side": ("get", f"/compare/?{six}"),
        "ranking and findings": ("get", f"{path}ranking/"),
        "review": ("get", f"{path}review/"),
        "draw a pair": ("post", f"{path}vote/"),
    }


def _print(pages: list[Page], runs: int) -> int:
    print(f"{runs:,} runs to {FEW}; p50 in ms; counts and ratios are what counts")
    print("{:<22}{:>10}{:>9}{:>9}{:>8}{:>12}".format("page", "few", "many", "ratio", "kB", "SQL"))
    missed = 0
    for page in pages:
        few, many = page.queries["few"], page.queries["many"]
        print(
            f"{page.name:<22}{page.p50('few'):>10.1f}{page.p50('many'):>9.1f}{page.ratio:>9.2f}"
            f"{page.size / 1000:>8.1f}{f'{few}, {many}':>12}"
        )
        for is_bad, text in (
            (many > few + 1, f"{many} queries instead of {few}"),
            (page.size > MOST_BYTES, f"{page.size} bytes of at most {MOST_BYTES}"),
            (
                page.ratio > page.most_ratio,
                f"ratio {page.ratio:.2f} of at most {page.most_ratio:g}",
            ),
        ):
            if is_bad:
                missed += 1
                print(f"MISSED {page.name}: {text}")
    print("MISSED" if missed else "met: every target")
    return int(missed > 0)


if __name__ == "__main__":
    main()
