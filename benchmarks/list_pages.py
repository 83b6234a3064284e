"""Measures the lists with very many rows against a bare Django page of the same 50 rows.

    ./run bench [--rows 100000] [--rounds 80]

Makes a temporary data folder with many rows, starts the real product on free ports, signs in by its
link and asks for the experiment list, one experiment's runs and the task history, each as its first
and its hundredth page, in turn with the bare pages (`bare_page.py`), all in one run over kept-alive
connections and uncompressed. Times of this machine say little elsewhere, so that ratios are judged:

- first page to bare page: at most 2,
- hundredth page to first page: at most 1.2.

Exits with 1 when a target is missed.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx

from benchmarks.installation import bare_pages, free_port, memory_of_tree, product

TO_BARE, TO_FIRST = 2.0, 1.2
PAGE_SIZE, FAR_PAGE = 50, 100
FEWEST_ROWS = PAGE_SIZE * FAR_PAGE + 1
WARM_UP_ROUNDS = 5
NEXT_LINK = re.compile(r'href="(\?[^"]+)" rel="next"')


@dataclass
class Address:
    """What is asked for in every round, and how long each answer took, in milliseconds."""

    client: httpx.Client
    url: str
    row: str
    times: list[float] = field(default_factory=list)
    size: int = 0

    def ask(self) -> str:
        """One timed request; the answer must have a page of rows."""
        began = time.perf_counter()
        response = self.client.get(self.url)
        self.times.append((time.perf_counter() - began) * 1000)
        response.raise_for_status()
        rows = response.text.count(self.row)
        if rows != PAGE_SIZE or "Content-Encoding" in response.headers:
            raise RuntimeError(f"{self.url} answered with {rows} rows of {PAGE_SIZE}.")
        self.size = len(response.content)
        return response.text

    @property
    def p50(self) -> float:
        return statistics.median(self.times)


@dataclass
class List:
    """One list: its first page, its hundredth, and the bare page of the first one's rows."""

    name: str
    first: Address
    far: Address
    bare: Address
    queries: tuple[int, int] = (0, 0)

    @property
    def to_bare(self) -> float:
        return self.first.p50 / self.bare.p50

    @property
    def to_first(self) -> float:
        return self.far.p50 / self.first.p50


def main() -> None:
    options = _read_options()
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as folder:
        _use_folder(Path(folder))
        began = time.monotonic()
        experiment_id = _fill(options.rows)
        print(f"{options.rows:,} rows of each list in {time.monotonic() - began:.0f} s", flush=True)
        database = Path(folder) / "bridge.sqlite3"
        with (
            product() as (pid, link),
            bare_pages(free_port(), database, experiment_id) as bare,
            httpx.Client(headers={"Accept-Encoding": "identity"}, timeout=60) as client,
        ):
            client.get(link, follow_redirects=True).raise_for_status()
            lists = _lists(client, urljoin(link, "/"), bare, experiment_id)
            _measure(lists, options.rounds)
            memory = memory_of_tree(pid)
        _count_queries(lists)
    _print_table(lists, options.rounds)
    _print_memory(memory)
    sys.exit(_print_verdicts(lists))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="of each list")
    parser.add_argument("--rounds", type=int, default=80, help="requests for each page")
    options = parser.parse_args()
    if options.rows < FEWEST_ROWS or options.rounds < 1:
        parser.error(f"--rows must be at least {FEWEST_ROWS} (100 pages and one row), --rounds 1.")
    return options


def _use_folder(folder: Path) -> None:
    """The product's settings: a data folder and ports of its own, and nothing of the shell's."""
    for name in list(os.environ):
        if name.startswith(("RIVYA_", "BRIDGE_", "SANDBOX_", "CELERY_")) or name == "DATABASE_URL":
            del os.environ[name]
    os.environ["DJANGO_SETTINGS_MODULE"] = "rivya_bridge.settings"
    os.environ["BRIDGE_DATA_DIR"] = str(folder)
    os.environ["BRIDGE_PORT"] = str(free_port())
    os.environ["SANDBOX_PORT"] = str(free_port())
    os.environ["BRIDGE_WEBHOOK_PORT"] = str(free_port())


def _fill(rows: int) -> object:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from benchmarks.many_rows import fill

    return fill(rows)


def _lists(client: httpx.Client, base: str, bare: str, experiment_id: object) -> list[List]:
    wanted = (
        ("experiment list", "experiments/", '<td data-label="Status">', "/experiments/"),
        ("run list", f"experiments/{experiment_id}/", '<article class="run-card"', "/runs/"),
        ("task history", "tasks/", '<tr id="task-', "/tasks/"),
    )
    return [
        List(
            name,
            Address(client, base + path, row),
            Address(client, _far_url(client, base + path), row),
            Address(client, bare + bare_path, "<tr><td>"),
        )
        for name, path, row, bare_path in wanted
    ]


def _far_url(client: httpx.Client, url: str) -> str:
    """The address of the hundredth page, found as a person would: by the links to older rows."""
    for _ in range(FAR_PAGE - 1):
        link = NEXT_LINK.search(client.get(url).raise_for_status().text)
        if link is None:
            raise RuntimeError(f"{url} has no page behind it.")
        url = urljoin(url, link[1].replace("&amp;", "&"))
    return url


def _measure(lists: list[List], rounds: int) -> None:
    """Round-robin, so that whatever else the machine does meets all pages alike."""
    addresses = [one for row in lists for one in (row.first, row.bare, row.far)]
    for _ in range(WARM_UP_ROUNDS):
        for address in addresses:
            address.ask()
    for address in addresses:
        address.times.clear()
    for _ in range(rounds):
        for address in addresses:
            address.ask()


def _count_queries(lists: list[List]) -> None:
    """The same addresses through the product's whole middleware, inside this process."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from rivya_bridge.access.services import create_launch_link

    link = httpx.URL(create_launch_link())
    browser = Client(headers={"host": link.netloc.decode()})
    browser.get(link.path)
    browser.get("/connection/")  # the first page also stores the session's CSRF secret
    for row in lists:
        counts = []
        for address in (row.first, row.far):
            with CaptureQueriesContext(connection) as queries:
                browser.get(httpx.URL(address.url).raw_path.decode())
            counts.append(len(queries))
        row.queries = counts[0], counts[1]
    connection.close()


def _print_table(lists: list[List], rounds: int) -> None:
    print(f"\np50 of {rounds} rounds in ms; ratios are what counts")
    head = ("list", "first", "100th", "bare", "first/bare", "100th/first", "SQL", "kB", "bare kB")
    print("{:<16}{:>8}{:>8}{:>8}{:>12}{:>13}{:>8}{:>8}{:>9}".format(*head))
    for row in lists:
        print(
            f"{row.name:<16}{row.first.p50:>8.1f}{row.far.p50:>8.1f}{row.bare.p50:>8.1f}"
            f"{row.to_bare:>12.2f}{row.to_first:>13.2f}"
            f"{'{}, {}'.format(*row.queries):>8}"
            f"{row.first.size / 1000:>8.1f}{row.bare.size / 1000:>9.1f}"
        )


def _print_memory(memory: dict[str, tuple[int, int]]) -> None:
    total = tuple(sum(sizes) / 2**20 for sizes in zip(*memory.values(), strict=True))
    parts = ", ".join(f"{name} {pss / 2**20:.0f}" for name, (pss, _) in sorted(memory.items()))
    print(f"\nMemory of the whole process tree after the run: {total[0]:.0f} MiB PSS", end=" ")
    print(f"({parts}), {total[1]:.0f} MiB RSS\n")


def _print_verdicts(lists: list[List]) -> int:
    """A line for each target; 1 when one is missed."""
    missed = 0
    for row in lists:
        for what, ratio, most in (
            ("first page to bare page", row.to_bare, TO_BARE),
            ("hundredth page to first", row.to_first, TO_FIRST),
        ):
            missed += ratio > most
            verdict = "MISSED" if ratio > most else "met"
            print(f"{verdict:<7}{row.name}: {what} {ratio:.2f} (target: at most {most:g})")
    return int(missed > 0)


if __name__ == "__main__":
    main()
