"""`./run chaos`: kills the product at random and audits what came of it.

./run chaos                                  2,000 tasks, 500 kills, a fifth of all answers spoiled
./run chaos --tasks 400 --kills 60           a short one
./run chaos --signal term --kills 200        processes are told to end, and have to within 20 seconds
./run chaos --bugs                           a small storm for each seeded bug: all must be found
./run chaos --points                         die at each crash point, at its first, second and third pass
./run chaos --postgres URL --broker URL      the same on PostgreSQL, Redis or RabbitMQ
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.chaos.audit import audit, summary
from tests.chaos.bugs import BUGS
from tests.chaos.histories import Histories, read_histories
from tests.chaos.installation import running_installation
from tests.chaos.plan import Plan, read_plan
from tests.chaos.points import POINTS
from tests.chaos.rounds import PASSES, Rounds
from tests.chaos.storm import Storm

MOST_SHOWN = 5
BUG_STORM = (
    *("--tasks", "80", "--kills", "14", "--faults", "0.35"),
    *("--rate-limits", "3", "--drain-seconds", "20"),
)
FOUND, CLEAN, BROKEN = 1, 0, 2


def main(arguments: Sequence[str]) -> int:
    """0 when all is well, 1 when the audit found something, 2 when there was no storm."""
    plan, options = read_plan(arguments)
    unknown = {*(options.bugs or ()), *([plan.bug] if plan.bug else [])} - set(BUGS)
    unknown |= set(options.points or ()) - set(POINTS)
    if unknown:
        print(f"There is no {', no '.join(sorted(unknown))}.")
        print(f"Bugs: {', '.join(BUGS)}.\nCrash points: {', '.join(POINTS)}.")
        return BROKEN
    if options.bugs is not None:
        return try_bugs(options.bugs or list(BUGS), plan)
    folder = Path(plan.keep or tempfile.mkdtemp(prefix="bridge-chaos-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if options.points is not None:
            return die_everywhere(plan, folder, options.points or list(POINTS))
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
    print(f"{'killed':>24}  {killed(storm)}")
    if plan.signal == "term":
        print(f"{'not ended within 20 s':>24}  {storm.slow}")
    print(f"{'continued by hand':>24}  {storm.continued} held tasks")
    return max(report(facts), FOUND if storm.slow else CLEAN)


def killed(storm: Storm) -> str:
    each = ", ".join(f"{count} {name}" for name, count in sorted(storm.kills.items()))
    return f"{sum(storm.kills.values())} processes ({each or 'none'})"


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


def die_everywhere(plan: Plan, folder: Path, names: list[str]) -> int:
    """Each crash point three times, one worker and no other faults; 0 when all were reached and clean."""
    plan = replace(plan, tasks=0, kills=0, faults=0.0, workers=1)
    print(
        f"{len(names)} crash points, each at its passes {', '.join(map(str, PASSES))}.", flush=True
    )
    with running_installation(plan, folder) as place:
        storm = Storm(plan, place)
        rounds = Rounds(storm, place)
        for name, number, reached, seconds in rounds.run(names):
            word = "died" if reached else "NOT REACHED"
            print(f"{word:>12}  {name}, pass {number}  ({seconds:.1f} s)", flush=True)
        storm.close()
        facts = read_histories(place, storm.killed_at)
    print(f"{'killed':>24}  {killed(storm)}")
    reached = sum(rounds.reached.values())
    print(f"{'reached':>24}  {reached} of {len(rounds.reached)}")
    return max(report(facts), CLEAN if reached == len(rounds.reached) else FOUND)


def try_bugs(names: Sequence[str], plan: Plan) -> int:
    """A small storm for each bug, as a table; 0 when the audit found every one."""
    print("  result   seconds  bug: what the audit found", flush=True)
    missed = []
    for name in names:
        command = [sys.executable, "-m", "tests.chaos", "--bug", name, "--seed", str(plan.seed)]
        command += [*BUG_STORM, "--postgres", plan.postgres, "--broker", plan.broker]
        started = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        found = [
            f"{line[:24].strip()} {line[26:]}"
            for line in done.stdout.splitlines()
            if line[26:].isdecimal() and line[26:] != "0"
        ]
        is_found = done.returncode == FOUND
        word, seconds = "found" if is_found else "MISSED", time.monotonic() - started
        print(f"{word:>8}  {seconds:8.0f}  {name}: {', '.join(found)}", flush=True)
        if not is_found:
            missed.append(name)
            print(done.stdout)
    print(f"{len(names) - len(missed)} of {len(names)} seeded bugs were found.")
    return CLEAN if not missed else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
