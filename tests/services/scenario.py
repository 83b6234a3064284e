"""What the tests of real services run in a process of its own, with the product's own settings.

python -m tests.services.scenario happy | claims | worker <queue> | create | labels | sharing | wait <task id>
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from rivya_bridge.automation.content import Draft  # noqa: E402
from rivya_bridge.automation.models import JobTemplate, LabelMove, TemplateLabel  # noqa: E402
from rivya_bridge.automation.services import (  # noqa: E402
    add_version,
    create_template,
    move_label,
)
from rivya_bridge.catalog.selectors import get_model  # noqa: E402
from rivya_bridge.catalog.services import refresh_catalog  # noqa: E402
from rivya_bridge.celery import app  # noqa: E402
from rivya_bridge.credits.models import LedgerEntry, Wallet  # noqa: E402
from rivya_bridge.credits.services import refresh_wallet, reserve_credits  # noqa: E402
from rivya_bridge.identifiers import new_id  # noqa: E402
from rivya_bridge.refusals import Conflict  # noqa: E402
from rivya_bridge.tasks import background  # noqa: E402
from rivya_bridge.tasks.models import Task  # noqa: E402
from rivya_bridge.tasks.services import cancel_task, create_task  # noqa: E402
from rivya_bridge.tasks.services.advance import advance  # noqa: E402
from rivya_bridge.tasks.services.sweep import sweep_rows  # noqa: E402
from rivya_bridge.tasks.services.transitions import claim  # noqa: E402

THREADS = 8


def new_task(number: int = 0) -> Task:
    with transaction.atomic():
        return create_task(
            origin=Task.Origin.RUN,
            origin_id=new_id(),
            model=get_model("z-image"),
            prompt=f"a slate table {number}",
            params={},
            references=[],
            group_label="Services",
            group_url="/",
        )


def facts(task: Task) -> dict[str, Any]:
    """What a test asserts of one task."""
    row = Task.objects.get(pk=task.pk)
    return {
        "id": str(row.pk),
        "status": row.status,
        "attempts": row.attempts,
        "events": list(row.events.values_list("seq", flat=True)),
        "outputs": row.outputs.filter(file__isnull=False).count(),
        "ledger": sorted(LedgerEntry.objects.filter(task=row).values_list("kind", flat=True)),
        "reserved": sum(Wallet.objects.values_list("reserved_credits", flat=True)),
    }


def quiet() -> None:
    """No broker: the scenario rings itself."""
    background.advance_task.delay = lambda task_id: None


def at_once(work: Callable[[], Any]) -> list[Any]:
    """In eight threads, each with a connection of its own."""
    barrier, given = threading.Barrier(THREADS), []

    def run() -> None:
        barrier.wait(20)
        try:
            given.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def carry_on(task: Task) -> None:
    for _ in range(40):
        Task.objects.filter(pk=task.pk).update(due_at=timezone.now())
        advance(task.pk)
        if Task.objects.get(pk=task.pk).is_terminal:
            return


def happy() -> dict[str, Any]:
    quiet()
    refresh_wallet()
    task = new_task()
    carry_on(task)
    return facts(task) | {"vendor": connection.vendor, "refused": refused_updates(task)}


def refused_updates(task: Task) -> int:
    """How many raw changes of an ended task the triggers refused, of three."""
    changes = {"status": "queued", "idempotency_key": "other", "request_body": b"{}"}
    refused = 0
    for name, value in changes.items():
        try:
            with transaction.atomic():
                Task.objects.filter(pk=task.pk).update(**{name: value})
        except django.db.DatabaseError:
            refused += 1
    return refused


def claims() -> dict[str, Any]:
    """Eight threads at one row: claims, doorbells, sweeps, cancels and reservations."""
    quiet()
    rounds = [new_task(number) for number in range(6)]
    winners = []
    for task in rounds[:3]:
        given = at_once(lambda task=task: claim(task.pk, timezone.now()))  # type: ignore[misc]
        winners.append(sum(one is not None for one in given))
    at_once(lambda: advance(rounds[3].pk))
    at_once(lambda: (advance(rounds[4].pk), sweep_rows()))
    Wallet.objects.update(current_credits=10, reserved_credits=0)
    account = Wallet.objects.get().account
    reserved = at_once(lambda: sum(reserve_credits(account, 1) for _ in range(5)))
    Wallet.objects.update(reserved_credits=0)
    cancel_task(rounds[5].pk)
    for task in rounds[:3]:
        Task.objects.filter(pk=task.pk).update(lease_until=timezone.now())
    sweep_rows()
    for task in rounds:
        carry_on(task)
    return {
        "winners": winners,
        "reserved": sum(reserved),
        "tasks": [facts(task) for task in rounds],
    }


def labels() -> dict[str, Any]:
    """Eight threads move one label again and again; each reads it in between."""
    draft = Draft("z-image", 100, prompt="A vase on slate")
    template = create_template(name="Vase", slug=f"vase-{new_id().hex}", draft=draft).template
    add_version(template, draft)
    move_label(template, "stable", 1, seen=None, reason="First")
    counts = at_once(lambda: [move_once(template) for _ in range(13)])
    moves = list(LabelMove.objects.order_by("created_at", "id").values_list("to_version"))
    return {
        "vendor": connection.vendor,
        "seen": sorted({seen for one in counts for _, seen in one}),
        "wins": sum(won for one in counts for won, _ in one),
        "moves": len(moves) - 1,
        "labels": TemplateLabel.objects.filter(template=template).count(),
        "changed": changed_version(template),
    }


def move_once(template: JobTemplate) -> tuple[bool, int]:
    """Whether the move was made, and how many labels of the name there were then."""
    rows = TemplateLabel.objects.filter(template=template, name="stable")
    seen = [row.version.number for row in rows.select_related("version")]
    try:
        move_label(template, "stable", 3 - seen[0], seen=seen[0], reason="Again")
    except Conflict:
        return False, len(seen)
    return True, len(seen)


def changed_version(template: JobTemplate) -> bool:
    """Whether the database let a version change."""
    try:
        with transaction.atomic():
            template.versions.update(prompt="Another")
    except IntegrityError:
        return False
    return True


def worker(queue: str) -> None:
    """A real worker on a queue of the test's own; it sweeps every second."""
    app.conf.task_default_queue = queue
    settings.SWEEP_SECONDS = 1
    app.worker_main(
        [
            "worker",
            "--pool",
            "threads",
            "--concurrency",
            "2",
            "--loglevel",
            "INFO",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def create(queue: str) -> dict[str, Any]:
    app.conf.task_default_queue = queue
    return facts(new_task())


def wait(task_id: str) -> dict[str, Any]:
    """Until the task has ended; the caller's own limit ends a wait in vain."""
    while not Task.objects.filter(pk=task_id, finished_at__isnull=False).exists():
        time.sleep(0.2)
    return facts(Task.objects.get(pk=task_id))


def remove(queue: str) -> dict[str, Any]:
    app.conf.task_default_queue = queue
    with app.connection_for_write() as line:
        line.default_channel.queue_delete(queue)
    return {}


def main() -> None:
    name, *arguments = sys.argv[1:]
    from tests.services.sharing import sharing

    works: dict[str, Callable[..., Any]] = {
        "happy": happy,
        "claims": claims,
        "labels": labels,
        "sharing": sharing,
        "worker": worker,
        "create": create,
        "wait": wait,
        "remove": remove,
    }
    if name in ("happy", "claims", "create", "labels", "sharing"):
        refresh_catalog()
    print(json.dumps(works[name](*arguments)))


if __name__ == "__main__":
    main()
