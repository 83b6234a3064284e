from typing import Any

from django.core.management.base import BaseCommand

from rivya_bridge.access.services import create_launch_link


class Command(BaseCommand):
    help = "Prints a new one-time sign-in link, valid for 15 minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(create_launch_link())
