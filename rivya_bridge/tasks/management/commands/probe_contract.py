"""Prove that a repeated key makes no second task at the account in use: manage.py probe_contract."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.services.probe import plan_probe, run_probe


class Command(BaseCommand):
    help = "Sends one cheap generation twice under one key. Says what it costs; spends only with --spend."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--spend", action="store_true", help="agree to spend the credits named")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = plan_probe()
            self.stdout.write(
                f"{current_connection().label}: one generation of {plan.model.id}, about "
                f"{plan.credits} credits."
            )
            if not options["spend"]:
                self.stdout.write("Nothing was sent. Add --spend to agree.")
                return
            probe = run_probe(consent=True)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{probe.outcome}: {probe.text}")
