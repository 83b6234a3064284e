"""`manage.py up`: everything that a running installation needs, until Ctrl-C."""

import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser, call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from rivya_bridge.dashboard import programs
from rivya_bridge.dashboard.prefixed_log import PrefixedLog
from rivya_bridge.dashboard.start_checks import StartRefused, answers, only_one, refuse_used_port
from rivya_bridge.dashboard.supervisor import Supervisor
from rivya_bridge.sharing.staging import expire_staged

_READY_WITHIN_SECONDS = 60.0
_ASK_EVERY_SECONDS = 0.1
_DEATHS_BEFORE_READY = 3


class Command(BaseCommand):
    """Check, prepare, then supervise."""

    help = (
        "Start the web server, the worker and, without an API key in the environment, the sandbox."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch, which ./run sets."""
        parser.add_argument(
            "--prepare", action="store_true", help="migrate the database and collect files first"
        )

    def handle(self, *, prepare: bool, **options: Any) -> None:
        """Run until stopped; exit 1 with one line when the start cannot go on."""
        try:
            with only_one(settings.BRIDGE_DATA_DIR, settings.BRIDGE_URL):
                for _, host, port, variable in programs.listeners():
                    refuse_used_port(host, port, variable)
                _prepare_database(prepare)
                if prepare:
                    call_command("collectstatic", interactive=False, verbosity=0)
                connections.close_all()
                self._supervise()
        except StartRefused as refusal:
            sys.exit(str(refusal))

    def _supervise(self) -> None:
        wanted = programs.programs()
        stderr = sys.stderr.fileno()
        log = PrefixedLog([program.name for program in wanted], stderr, sys.stderr.isatty())
        supervisor = Supervisor(wanted, log)
        announcer = _Announcer(supervisor)
        announcer.start()
        supervisor.run()
        announcer.end()
        if announcer.refusal:
            raise StartRefused(announcer.refusal)


def _prepare_database(migrate: bool) -> None:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending and not migrate:
            raise StartRefused(
                f"The database lacks {len(pending)} migrations: start with ./run, which applies "
                "them, or run `./run manage migrate`."
            )
        if pending:
            call_command("migrate", interactive=False, verbosity=0)
        expire_staged()
    except DatabaseError as error:
        name = connection.settings_dict["NAME"]
        raise StartRefused(
            f"The database {name} cannot be used: {' '.join(str(error).split())} "
            "(check BRIDGE_DATA_DIR, or DATABASE_URL if you set it)."
        ) from error


class _Announcer(threading.Thread):
    """Waits until all listeners answer, then prints the one line with the sign-in link.

    If one of them never comes up, it stops the supervisor and leaves the reason in `refusal`.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(name="announcer", daemon=True)
        self.refusal = ""
        self._supervisor = supervisor
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask each listener in turn."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        for name, host, port, _ in programs.listeners():
            while not self._ended.is_set() and not answers(host, port):
                if self._is_hopeless(name, deadline):
                    self.refusal = f"The {name} server did not start: its reasons stand above."
                    self._supervisor.stop()
                    return
                self._ended.wait(_ASK_EVERY_SECONDS)
        if not self._ended.is_set():
            print(_ready_line(), flush=True)

    def end(self) -> None:
        """Stop waiting."""
        self._ended.set()
        self.join(timeout=5)

    def _is_hopeless(self, name: str, deadline: float) -> bool:
        deaths = self._supervisor.deaths(name)
        return deaths >= _DEATHS_BEFORE_READY or time.monotonic() > deadline


def _ready_line() -> str:
    from rivya_bridge.access.services import create_launch_link
    from rivya_bridge.connection import current_connection

    try:
        link = create_launch_link()
        kind = "sandbox; " if current_connection().is_sandbox else ""
    finally:
        connections.close_all()
    return (
        f"Rivya Bridge is ready: {link}  "
        f"({kind}one-time link, valid 15 minutes; ./run link makes another)"
    )
