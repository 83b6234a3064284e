from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.access.services import revoke_api_token
from rivya_bridge.refusals import Refusal


class Command(BaseCommand):
    help = "Ends a token of the HTTP API by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name that the token was made with")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            revoke_api_token(name)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"The token {name!r} is revoked.")
