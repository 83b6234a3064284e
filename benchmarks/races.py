"""The races of the fault matrix, a thousand rounds each: `python benchmarks/races.py [--rounds 1000] [names]`.

On SQLite, and on PostgreSQL where it answers (`--postgres URL`; a line says so where it does not), in a process
and a database of their own, against a scripted vendor. Prints rounds, violations and seconds of each race, and
every violation in words; ends with 1 on any.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.own_database import own_database

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("SERVICES_POSTGRES", "postgres://postgres@127.0.0.1:5432")
MOST_SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(description="Races on SQLite and PostgreSQL.")
    parser.add_argument(
        "races", nargs="*", help="their names as printed, or parts of them; else all"
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--postgres", default=POSTGRES)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return run_races(options.rounds, options.races)
    print(f"{'database':<12}{'race':<36}{'rounds':>8}{'violations':>12}{'seconds':>9}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        count = show("SQLite", options, {"BRIDGE_DATA_DIR": folder})
    try:
        with (
            own_database(options.postgres, "bridge_races", syncs=False) as url,
            tempfile.TemporaryDirectory() as folder,
        ):
            environ = {"BRIDGE_DATA_DIR": folder, "DATABASE_URL": url}
            count += show("PostgreSQL", options, environ)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL was skipped: {str(error).splitlines()[0]}")
    return 1 if count else 0


def show(name: str, options: argparse.Namespace, environ: dict[str, str]) -> int:
    """Runs the races there and prints a line for each; returns the violations."""
    rounds = options.rounds
    command = [sys.executable, __file__, "--inside", "--rounds", str(rounds), *options.races]
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "RIVYA_API_KEY": "rvya_sk_scripted",
        **environ,
    }
    count = 0
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found: dict[str, Any] = json.loads(line)
            wrong = found["violations"]
            count += len(wrong)
            print(
                f"{name:<12}{found['race']:<36}{rounds:>8,}{len(wrong):>12}{found['seconds']:>9.0f}",
                flush=True,
            )
            for text in wrong[:MOST_SHOWN]:
                print(f"  {text}")
    return count + bool(process.returncode)


def run_races(rounds: int, wanted: list[str]) -> int:
    """In the process of one database: one line of JSON for each race."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from rivya_bridge.tasks import background
    from tests.experiments.factories import add_models
    from tests.tasks.races import RACES
    from tests.tasks.vendor import Vendor

    call_command("migrate", verbosity=0)
    add_models("z-image")
    background.advance_task.delay = lambda task_id: None
    settings.RIVYA_IN_FLIGHT = 100
    with Vendor(balance=100_000_000) as vendor:
        settings.RIVYA_BASE_URL = vendor.url
        for name, race in RACES.items():
            if wanted and not any(part in name for part in wanted):
                continue
            begun = time.monotonic()
            found = {"race": name, "violations": list(race(vendor, rounds))}
            print(json.dumps(found | {"seconds": time.monotonic() - begun}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
