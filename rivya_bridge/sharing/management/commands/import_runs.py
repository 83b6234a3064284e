from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.archives import open_archive
from rivya_bridge.sharing.bulk.looking import find_twins, look_at_folder, problem_lines
from rivya_bridge.sharing.bulk.recording import import_folder
from rivya_bridge.sharing.bulk.sources import LIMITS, Folder, Source, ZipFiles


class Command(BaseCommand):
    help = (
        "Records the runs of a folder or a ZIP in an experiment. Without a table (runs.csv, runs.json "
        "or runs.jsonl) each file is a run, and each folder is one run with its files. Exits with 1 "
        "and every problem by its row, and then records nothing, unless --good-only. Again, it adds "
        "only what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("experiment", metavar="EXPERIMENT", help="its id")
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="a folder, or a ZIP")
        parser.add_argument("--model", default="", help="for rows that name none")
        parser.add_argument("--prompt", default="", help="for rows that have none")
        parser.add_argument("--check", action="store_true", help="only say what would be recorded")
        parser.add_argument("--good-only", action="store_true", help="leave bad rows out")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                self._import(_source(stack, folder), options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{folder}: {error.strerror}.") from error

    def _import(self, source: Source, options: dict[str, Any]) -> None:
        ensure_catalog()
        experiment = get_experiment(options["experiment"])
        defaults = {"model": options["model"], "prompt": options["prompt"]}
        rows = look_at_folder(experiment, source, **defaults)
        for problem in (problems := problem_lines(rows)):
            self.stderr.write(f"{problem.field}: {problem.message}")
        good = [row for row in rows if not row.problems]
        known = find_twins(experiment, good)
        repeats = sum(row.fingerprint in known for row in good)
        told = f"{len(rows)} rows: {len(good)} good ({repeats} there already), {len(rows) - len(good)} bad."
        self.stdout.write(told)
        if problems and not options["good_only"]:
            raise CommandError(
                "Nothing is recorded: correct the rows, or leave them out (--good-only)."
            )
        if not options["check"]:
            runs = import_folder(experiment, source, rows)
            self.stdout.write(f"{len(runs)} runs recorded.")


def _source(stack: ExitStack, folder: Path) -> Source:
    if folder.is_file():
        return ZipFiles(stack.enter_context(open_archive(folder, limits=LIMITS)))
    if not folder.is_dir():
        raise CommandError(f"{folder}: there is no such folder.")
    return Folder(folder)
