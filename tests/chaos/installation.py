"""The product under the storm: its folder, settings, templates and programs, and its faulty vendor."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from tests.chaos.plan import Plan

PROJECT = Path(__file__).resolve().parents[2]
API_KEY = "rvya_sk_sandbox_full"
START_SECONDS = 60.0
_OWN_SETTINGS = ("RIVYA_", "BRIDGE_", "SANDBOX_", "DATABASE_URL", "CELERY_")


@dataclass
class Running:
    """One program that runs; started anew after each kill."""

    name: str
    command: list[str]
    log: IO[bytes]
    process: "subprocess.Popen[bytes]" = field(init=False)
    started_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, cwd=PROJECT, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.started_at = time.monotonic()


@dataclass
class Installation:
    """A product that runs, with what a person knows of it."""

    folder: Path
    base_url: str
    vendor_url: str
    token: str
    slug: str
    programs: list[Running]

    @property
    def requests_log(self) -> Path:
        return self.folder / "vendor" / "requests.jsonl"

    def revive(self) -> None:
        """Starts again whatever is dead."""
        for program in self.programs:
            if program.process.poll() is not None:
                program.start()


@contextmanager
def running_installation(plan: Plan, folder: Path) -> Iterator[Installation]:
    """Vendor, web and workers until the block ends. RuntimeError when one of them does not start."""
    port, vendor_port, webhook_port = _free_ports(3)
    vendor_url = f"http://127.0.0.1:{vendor_port}"
    with ExitStack() as stack:
        _set_environment(plan, folder, port, vendor_url, stack)
        os.environ["BRIDGE_WEBHOOK_PORT"] = str(webhook_port)
        vendor = stack.enter_context(_vendor(plan, folder, vendor_port))
        _await(f"{vendor_url}/healthz", vendor)
        token, slug = _prepare()
        workers = [_worker(folder, number) for number in range(plan.workers)]
        programs = [_named(folder, "web"), *workers, _named(folder, "receiver")]
        installation = Installation(
            folder, f"http://127.0.0.1:{port}", vendor_url, token, slug, programs
        )
        try:
            for program in programs:
                program.start()
            _await(f"{installation.base_url}/sign-in/", programs[0].process)
            yield installation
        finally:
            for program in programs:
                with suppress(AttributeError):
                    _end(program.process)
                program.log.close()


def _set_environment(
    plan: Plan, folder: Path, port: int, vendor_url: str, stack: ExitStack
) -> None:
    """The settings of this process and of those it starts; they all look at one installation."""
    for name in [name for name in os.environ if name.startswith(_OWN_SETTINGS)]:
        del os.environ[name]
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "PYTHONPATH": str(PROJECT),
        "PYTHONWARNINGS": "ignore:You're running the worker",
        "BRIDGE_DATA_DIR": str(folder / "data"),
        "BRIDGE_PORT": str(port),
        "RIVYA_BASE_URL": vendor_url,
        "RIVYA_API_KEY": API_KEY,
        "RIVYA_IN_FLIGHT": str(plan.in_flight),
        "RIVYA_READS_PER_SECOND": str(plan.reads),
        "CHAOS_BUG": plan.bug,
    }
    if plan.broker:
        os.environ["CELERY_BROKER_URL"] = plan.broker
        os.environ["CHAOS_QUEUE"] = f"bridge-chaos-{secrets.token_hex(4)}"
    if plan.postgres:
        os.environ["DATABASE_URL"] = stack.enter_context(_database(plan.postgres))


@contextmanager
def _database(server: str) -> Iterator[str]:
    """A database of the storm's own, dropped at the end."""
    import psycopg

    name = f"bridge_chaos_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            line.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _vendor(plan: Plan, folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    numbers = (port, plan.speed, plan.faults, plan.rate_limits, plan.seed)
    arguments = [str(folder / "vendor"), *(str(number) for number in numbers)]
    with (folder / "vendor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.vendor", *arguments],
            cwd=PROJECT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            _end(process)


def _prepare() -> tuple[str, str]:
    """Tables, models, a token and a template, as a person would have made them; token and slug."""
    import django

    django.setup()
    from django.core.management import call_command

    from rivya_bridge.access.services import create_api_token
    from rivya_bridge.automation.content import Draft
    from rivya_bridge.automation.services import create_template
    from rivya_bridge.catalog.services import refresh_catalog

    call_command("migrate", verbosity=0)
    _until_it_works(refresh_catalog)
    draft = Draft(
        model_id="z-image",
        credit_cap=10,
        prompt="{{ subject }} on a slate table",
        variables=[{"name": "subject", "required": True}],
        fixed_params={},
        exposed_params=[],
    )
    _make_endpoint()
    template = create_template(name="Chaos", slug="chaos", draft=draft).template
    return create_api_token("chaos"), template.slug


def _make_endpoint() -> None:
    """Rivya calls the receiver from now on; an endpoint whose answer was lost leads nowhere."""
    from rivya_bridge.refusals import Refusal
    from rivya_bridge.webhooks.services import create_endpoint

    for _ in range(50):
        with suppress(Refusal):
            create_endpoint("Chaos")
            return
    raise RuntimeError("No webhook endpoint could be made in 50 tries.")


def _until_it_works(refresh: Any) -> None:
    """The vendor's faults spare nobody, not even the first reading of its models."""
    for _ in range(50):
        if not refresh().error:
            return
    raise RuntimeError("The vendor's models could not be read in 50 tries.")


def _named(folder: Path, name: str) -> Running:
    from rivya_bridge.dashboard.programs import programs

    return _program(folder, name, next(one for one in programs() if one.name == name).command)


def _worker(folder: Path, number: int) -> Running:
    from rivya_bridge.dashboard.programs import programs

    command = next(one for one in programs() if one.name == "worker").command
    return _program(folder, f"worker-{number}", [*command, "--hostname", f"w{number}@chaos"])


def _program(folder: Path, name: str, command: Any) -> Running:
    """The product's own command, with its module started through the door for bugs."""
    python, dash_m, *rest = command
    log = (folder / f"{name}.log").open("wb")
    return Running(name, [python, dash_m, "tests.chaos.program", *rest], log)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until anything answers there. RuntimeError when the process ends or time is over."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(httpx.HTTPError):
            httpx.get(url, trust_env=False, timeout=2)
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nothing answers at {url}; its log says why.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
