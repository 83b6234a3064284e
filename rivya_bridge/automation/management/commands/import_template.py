from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.automation.portable.documents import MOST_BYTES
from rivya_bridge.automation.portable.template_files import read_template_file
from rivya_bridge.automation.services import import_template
from rivya_bridge.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Makes a template, or the next version of the one at its address, from a template file. Exits "
        "with 1 and every problem by its field when the file does not fit; then nothing is made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="*.yaml or *.json")
        parser.add_argument("--check", action="store_true", help="only say what is wrong with it")

    def handle(self, *args: Any, file: Path, check: bool, **options: Any) -> None:
        try:
            with file.open("rb") as stream:
                raw = stream.read(MOST_BYTES + 1)
            if check:
                found = read_template_file(raw)
                if found.problems:
                    raise Refusal.of(found.problems)
                self.stdout.write(f"{found.slug}: nothing is wrong with it.")
                return
            version = import_template(raw, author="command")
        except Refusal as refusal:
            lines = [problem.message for problem in refusal.problems] or [refusal.message]
            raise CommandError("\n".join(lines)) from refusal
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        self.stdout.write(f"{version.template.slug} version {version.number}")
