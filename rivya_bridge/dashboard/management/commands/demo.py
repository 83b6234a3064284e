import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.dashboard.demo import carry_out
from rivya_bridge.dashboard.demo.api_client import DemoFailed
from rivya_bridge.dashboard.models import DemoRun


def _is_running() -> bool:
    try:
        with socket.create_connection((settings.BRIDGE_HOST, settings.BRIDGE_PORT), timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def _product(say: Any) -> Iterator[None]:
    """The product, started for the time of the demo if it is not running."""
    if _is_running():
        yield
        return
    say("Rivya Bridge is not running: starting it for the demo.")
    command = [sys.executable, str(settings.PROJECT_DIR / "manage.py"), "up"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


class Command(BaseCommand):
    help = "Does the whole main job over HTTP: experiments, a comparison, a template and its jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--resume", action="store_true", help="take up the last demo that did not end"
        )

    def handle(self, *args: Any, resume: bool, **options: Any) -> None:
        unfinished = DemoRun.objects.filter(finished_at=None).order_by("-id").first()
        demo = (unfinished if resume else None) or DemoRun.objects.create()
        try:
            with _product(self._say):
                carry_out(demo, self._say)
        except DemoFailed as error:
            raise CommandError(str(error)) from error
        self._say(f"Sign in with ./run link, then open {settings.BRIDGE_LOCAL_URL}/experiments/")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
