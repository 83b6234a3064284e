"""`./run chaos`: kills the product at random and audits what came of it.

./run chaos                                  2,000 tasks, 500 kills, a fifth of all answers spoiled
./run chaos --tasks 400 --kills 60           a short one
./run chaos --bugs                           a small storm for each seeded bug: all must be found
./run chaos --postgres URL --broker URL      the same on PostgreSQL, Redis or RabbitMQ
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.audit import audit, summary
from tests.chaos.bugs import BUGS
from tests.chaos.histories import Histories, read_histories
from tests.chaos.installation import running_installation
from tests.chaos.plan import Plan, read_plan
from tests.chaos.storm import Storm

MOST_SHOWN = 5
BUG_STORM = (
    *("--tasks", "80", "--kills", "14", "--faults", "0.35"),
    *("--rate-limits", "3", "--drain-seconds", "20"),
)
FOUND, CLEAN, BROKEN = 1, 0, 2


def main(arguments: Sequence[str]) -> int:
    """0 when all is well, 1 when the audit found something, 2 when there was no storm."""
    plan, wants_bugs, names = read_plan(arguments)
    if wants_bugs:
        return try_bugs(names or list(BUGS), plan.seed)
    if plan.bug and plan.bug not in BUGS:
        print(f"There is no bug {plan.bug!r}; there are {', '.join(BUGS)}.")
        return BROKEN
    folder = Path(plan.keep or tempfile.mkdtemp(prefix="bridge-chaos-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return blow(plan, folder)
    finally:
        if not plan.keep:
            shutil.rmtree(folder, ignore_errors=True)


def blow(plan: Plan, folder: Path) -> int:
    """One storm and its audit, printed."""
    print(
        f"Seed {plan.seed}: {plan.tasks} tasks, {plan.kills} kills, {plan.faults:.0%} of the vendor's "
        f"answers spoiled{', bug ' + plan.bug if plan.bug else ''}.",
        flush=True,
    )
    started = time.monotonic()
    with running_installation(plan, folder) as place:
        storm = Storm(plan, place)
        storm.run()
        facts = read_histories(place, storm.killed_at)
    print(f"{'lasted':>24}  {time.monotonic() - started:.0f} s")
    killed = ", ".join(f"{count} {name}" for name, count in sorted(storm.kills.items()))
    print(f"{'killed':>24}  {sum(storm.kills.values())} processes ({killed or 'none'})")
    print(f"{'continued by hand':>24}  {storm.continued} held tasks")
    return report(facts)


def report(facts: Histories) -> int:
    """Prints the figures and the findings; the exit status."""
    for name, text in summary(facts).items():
        print(f"{name:>24}  {text}")
    found = audit(facts)
    for name, findings in found.items():
        print(f"{name:>24}  {len(findings)}")
        for finding in findings[:MOST_SHOWN]:
            print(f"{'':>26}{finding}")
    is_clean = not any(found.values())
    print("Nothing lost, doubled, stuck or miscounted." if is_clean else "The audit found faults.")
    return CLEAN if is_clean else FOUND


def try_bugs(names: Sequence[str], seed: int) -> int:
    """A small storm for each bug; 0 when the audit found every one."""
    missed = []
    for name in names:
        command = [sys.executable, "-m", "tests.chaos", "--bug", name, "--seed", str(seed)]
        done = subprocess.run([*command, *BUG_STORM], stdout=subprocess.PIPE, text=True)
        headings = [
            line[:24].strip()
            for line in done.stdout.splitlines()
            if line[26:].isdecimal() and line[26:] != "0"
        ]
        is_found = done.returncode == FOUND
        print(f"{'found' if is_found else 'MISSED':>8}  {name}: {', '.join(headings)}", flush=True)
        if not is_found:
            missed.append(name)
            print(done.stdout)
    print(f"{len(names) - len(missed)} of {len(names)} seeded bugs were found.")
    return CLEAN if not missed else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
