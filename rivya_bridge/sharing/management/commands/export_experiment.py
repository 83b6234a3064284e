from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.portable.writing import export_experiment


class Command(BaseCommand):
    help = (
        "Writes an experiment with its runs, files, votes and comparisons into one ZIP, which "
        "import_experiment restores."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("experiment", metavar="EXPERIMENT", help="its id")
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="the ZIP to write; never over another"
        )

    def handle(self, *args: Any, experiment: str, file: Path, **options: Any) -> None:
        partial = file.with_name(f".{file.name}.part")
        try:
            row = get_experiment(experiment)
            if file.exists():
                raise CommandError(f"{file} exists already: choose another name.")
            with partial.open("wb") as out:
                manifest = export_experiment(row, out)
            partial.rename(file)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
        counts = manifest["counts"]
        self.stdout.write(f"{file}: {counts['runs']} runs, {counts['files']} files.")
