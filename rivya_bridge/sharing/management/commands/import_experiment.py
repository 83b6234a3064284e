from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.working import import_experiment


class Command(BaseCommand):
    help = (
        "Restores an experiment from a ZIP of export_experiment. Exits with 1 and the reason when it "
        "is damaged, foreign, or here already; then nothing is made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--again", action="store_true", help="make a second one if it is here")

    def handle(self, *args: Any, file: Path, again: bool, **options: Any) -> None:
        try:
            experiment = import_experiment(file, again=again)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        self.stdout.write(f"{experiment.pk} {experiment.title}: {experiment.run_count} runs")
