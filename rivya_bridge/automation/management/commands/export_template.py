from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.automation.portable.template_files import KINDS, write_version
from rivya_bridge.automation.selectors import chosen_version, get_template, get_version
from rivya_bridge.refusals import Refusal


class Command(BaseCommand):
    help = "Writes a version of a template as one readable file; without a number or label, the current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the template")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--number", type=int, default=None, metavar="N")
        which.add_argument("--label", default="")
        parser.add_argument("--format", choices=KINDS, default="yaml", dest="kind")
        parser.add_argument("--output", type=Path, default=None, metavar="FILE")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            template = get_template(slug)
            number = options["number"]
            version = (
                chosen_version(template, options["label"])
                if number is None
                else get_version(template, number)
            )
            text = write_version(version, options["kind"])
            if options["output"]:
                options["output"].write_text(text, encoding="utf-8")
            else:
                self.stdout.write(text, ending="")
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}.") from error
