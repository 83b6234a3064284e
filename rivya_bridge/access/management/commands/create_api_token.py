from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.access.services import create_api_token
from rivya_bridge.refusals import Refusal


class Command(BaseCommand):
    help = "Makes a token of the HTTP API and prints it once, on a line of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", metavar="NAME", help="what the token is for, e.g. 'shop backend'"
        )

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            token = create_api_token(name)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(token)
