"""The product under the storm: its folder, settings, templates and programs, and its faulty vendor."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.nursery import PROJECT, Child, Nursery
from tests.chaos.plan import Plan
from tests.own_database import own_database

API_KEY = "rvya_sk_sandbox_full"
SLUG, PICTURE_SLUG = "chaos", "chaos-picture"
START_SECONDS = 60.0
_OWN_SETTINGS = ("RIVYA_", "BRIDGE_", "SANDBOX_", "DATABASE_URL", "CELERY_")


@dataclass
class Running:
    """One program that runs; started anew after each kill."""

    name: str
    command: list[str]
    log: Path
    nursery: Nursery
    child: Child | None = None

    def start(self, **environment: str) -> None:
        """Starts it, perhaps with settings that hold for this life alone."""
        self.child = self.nursery.start(self.log, self.command, environment)

    @property
    def pid(self) -> int:
        assert self.child
        return self.child.pid

    def is_alive(self) -> bool:
        return self.child is not None and self.child.is_alive()

    def kill(self) -> None:
        if self.child:
            self.child.kill()

    def end(self) -> bool:
        """Tells it to end; whether it did so in time."""
        return self.child is None or self.child.end()


@dataclass
class Installation:
    """A product that runs, with what a person knows of it."""

    folder: Path
    base_url: str
    vendor_url: str
    token: str
    slug: str
    picture_slug: str
    """Of a template whose jobs take a picture along."""
    programs: list[Running]

    @property
    def requests_log(self) -> Path:
        return self.folder / "vendor" / "requests.jsonl"

    def revive(self) -> None:
        """Starts again whatever is dead."""
        for program in self.programs:
            if not program.is_alive():
                program.start()

    def named(self, kind: str) -> list[Running]:
        """The programs of one kind: web, worker or receiver."""
        return [one for one in self.programs if one.name.partition("-")[0] == kind]


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
        nursery = stack.enter_context(closing(Nursery()))
        token = _prepare()
        programs = _programs(folder, nursery, plan.workers)
        base_url = f"http://127.0.0.1:{port}"
        installation = Installation(
            folder, base_url, vendor_url, token, SLUG, PICTURE_SLUG, programs
        )
        try:
            for program in programs:
                program.start()
            _await(f"{installation.base_url}/sign-in/", programs[0])
            yield installation
        finally:
            for program in programs:
                if program.child:
                    program.child.end()


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
        os.environ["DATABASE_URL"] = stack.enter_context(
            # PostgreSQL itself is never killed here, so that nothing hangs on when its disk has it.
            own_database(plan.postgres, "bridge_chaos", syncs=False)
        )


@contextmanager
def _vendor(plan: Plan, folder: Path, port: int) -> Iterator["Vendor"]:
    numbers = (port, plan.speed, plan.faults, plan.rate_limits, plan.seed, plan.draws)
    arguments = [str(folder / "vendor"), *(str(number) for number in numbers)]
    with (folder / "vendor.log").open("wb") as log:
        vendor = Vendor(
            subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.vendor", *arguments],
                cwd=PROJECT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        try:
            yield vendor
        finally:
            vendor.end()


def _prepare() -> str:
    """Tables, models, templates and an endpoint, as a person would have made them; a token."""
    import django

    django.setup()
    from django.core.management import call_command

    from rivya_bridge.access.services import create_api_token
    from rivya_bridge.catalog.services import refresh_catalog

    call_command("migrate", verbosity=0)
    _until_it_works(refresh_catalog)
    _make_endpoint()
    _make_template(SLUG, "z-image", file_slots=[])
    slot = {"name": "picture", "kind": "image", "required": True}
    _make_template(PICTURE_SLUG, "flux-2-pro", file_slots=[slot], fixed_params={"resolution": "1K"})
    return create_api_token("chaos")


def _make_template(slug: str, model_id: str, **given: Any) -> None:
    from rivya_bridge.automation.content import Draft
    from rivya_bridge.automation.models import JobTemplate
    from rivya_bridge.automation.services import create_template

    content: dict[str, Any] = {"fixed_params": {}, "exposed_params": [], "credit_cap": 100} | given
    draft = Draft(
        model_id=model_id,
        prompt="{{ subject }} on a slate table",
        variables=[{"name": "subject", "required": True}],
        **content,
    )
    made = create_template(name=slug.capitalize(), slug=slug, draft=draft).template
    # A person may set this after a passed test; here every answer of the vendor may be spoiled.
    JobTemplate.objects.filter(pk=made.pk).update(delivery=JobTemplate.Delivery.BOTH)


def make_picture(number: int) -> str:
    """A picture in the vault that nobody has uploaded yet; its id."""
    from io import BytesIO

    from PIL import Image

    from rivya_bridge.files.services import store_upload

    content = BytesIO()
    Image.new("RGB", (64, 64), (number % 256, number // 256 % 256, 90)).save(content, "PNG")
    content.seek(0)
    return str(store_upload(content, f"{number}.png").pk)


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


def _programs(folder: Path, nursery: Nursery, workers: int) -> list[Running]:
    """Web, workers and receiver by the product's own commands, each with a log of its own."""
    from rivya_bridge.dashboard.programs import programs

    commands = {one.name: list(one.command) for one in programs()}
    wanted = {"web": commands["web"]}
    for number in range(workers):
        name = f"worker-{number}"
        wanted[name] = [*commands["worker"], "--hostname", f"w{number}@chaos"]
    wanted["receiver"] = commands["receiver"]
    return [
        Running(name, command, folder / f"{name}.log", nursery) for name, command in wanted.items()
    ]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _await(url: str, program: "Running | Vendor") -> None:
    """Until anything answers there. RuntimeError when the program ends or time is over."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and program.is_alive():
        with suppress(httpx.HTTPError):
            httpx.get(url, trust_env=False, timeout=2)
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nothing answers at {url}; its log says why.")


class Vendor:
    """The vendor's process, which nobody kills."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
