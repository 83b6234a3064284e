"""The three histories of a storm as plain facts: what was asked, what the vendor did, what our rows say."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.faults import Asked
from tests.chaos.installation import API_KEY, Installation

SWEPT_WITHIN_SECONDS = 15.0
"""How long a round of the workers' sweep may take to come, after the time between two of them."""


@dataclass(frozen=True)
class Intent:
    """One wish of the client: its number, its words, and every job id that it was answered with."""

    number: int
    subject: str
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """One generation in the vendor's own journal. `final` are the credits that it charged."""

    id: str
    key: str
    status: str
    final: int
    prompt: str


@dataclass(frozen=True)
class Row:
    """One task of ours with its job, books, timeline and files."""

    id: str
    job: str
    key: str
    subject: str
    status: str
    remote_id: str
    reason: str
    reason_text: str
    attempts: int
    lost_steps: int
    events: tuple[tuple[int, str], ...]
    settled: tuple[int, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Histories:
    """Everything that the audit reads. Credits are whole numbers."""

    intents: tuple[Intent, ...]
    made: tuple[Made, ...]
    requests: tuple[Asked, ...]
    rows: tuple[Row, ...]
    jobs: int
    vendor_balance: int
    our_balance: int | None
    our_reserved: int
    unexplained: int
    files_without_row: tuple[str, ...]
    broken_files: tuple[str, ...]
    integrity: str
    secrets_found_in: tuple[str, ...]
    acknowledged: tuple[str, ...] = ()
    """Events of which the vendor was told that they are kept, by their ids."""
    kept: tuple[str, ...] = ()
    """The ids of the events in our inbox."""
    unmatched: tuple[str, ...] = ()
    """Events of ours that have not found their task."""
    hurried: int = 0
    """Events after which their task was read within a second."""
    killed_at: tuple[float, ...] = ()
    """When processes were killed, on the clock of the requests."""


def read_histories(place: Installation, killed_at: Sequence[float] = ()) -> Histories:
    """Reads all three, after the programs have come to rest."""
    # The vendor's side is read before ours: what comes later counts for nothing.
    acknowledged = tuple(_acknowledged(place))
    _await_matches()
    journal = httpx.get(f"{place.vendor_url}/_sandbox/journal", trust_env=False, timeout=120).json()
    requests = tuple(Asked(*json.loads(line)) for line in place.requests_log.open(encoding="utf-8"))
    wallet = _wallet()
    without_row, broken = _compare_vault()
    return Histories(
        intents=tuple(_intents(place.folder / "intents.jsonl")),
        made=tuple(_made(one) for one in journal["generations"]),
        requests=requests,
        rows=tuple(_rows()),
        jobs=_jobs(),
        vendor_balance=journal["balance"],
        our_balance=wallet.current_credits,
        our_reserved=wallet.reserved_credits,
        unexplained=_unexplained(),
        files_without_row=tuple(without_row),
        broken_files=tuple(broken),
        integrity=_integrity(),
        secrets_found_in=tuple(_with_the_key(place.folder)),
        acknowledged=acknowledged,
        kept=tuple(_kept()),
        unmatched=tuple(_unmatched()),
        hurried=_hurried(requests),
        killed_at=tuple(killed_at),
    )


def _intents(log: Path) -> Iterator[Intent]:
    words: dict[int, str] = {}
    jobs: dict[int, list[str]] = {}
    for line in log.open(encoding="utf-8"):
        one = json.loads(line)
        words[one["number"]] = one["subject"]
        jobs.setdefault(one["number"], []).extend([one["job"]] if "job" in one else [])
    for number, subject in words.items():
        yield Intent(number, subject, tuple(dict.fromkeys(jobs[number])))


def _made(one: dict[str, Any]) -> Made:
    return Made(
        one["id"], one["idempotency_key"] or "", one["status"], one["final"], one["body"]["prompt"]
    )


def _rows() -> Iterator[Row]:
    from rivya_bridge.automation.models import Job
    from rivya_bridge.tasks.models import Task

    inputs = {str(key): value for key, value in Job.objects.values_list("id", "inputs")}
    tasks = Task.objects.prefetch_related("events", "ledger_entries", "outputs__file")
    for task in tasks.filter(origin="job").order_by("id").iterator(chunk_size=200):
        job = str(task.origin_id)
        events = list(task.events.all())
        yield Row(
            id=str(task.pk),
            job=job,
            key=task.idempotency_key,
            subject=inputs.get(job, {}).get("subject", ""),
            status=task.status,
            remote_id=task.remote_id or "",
            reason=task.reason,
            reason_text=task.reason_text,
            attempts=task.attempts,
            lost_steps=sum(event.kind == "recovered" for event in events),
            events=tuple((event.seq, event.kind) for event in events),
            settled=tuple(e.amount for e in task.ledger_entries.all() if e.kind == "settle"),
            files=tuple(o.file.sha256 if o.file else "" for o in task.outputs.all()),
        )


def _acknowledged(place: Installation) -> list[str]:
    from rivya_bridge.webhooks.models import Endpoint

    endpoint = Endpoint.objects.get()
    [database] = (place.folder / "vendor" / "sandbox").glob("*.sqlite3")
    with closing(sqlite3.connect(database)) as line:
        rows = line.execute(
            "SELECT DISTINCT event_id FROM webhook_delivery "
            "WHERE endpoint_id = ? AND status = 'succeeded'",
            (endpoint.remote_id,),
        )
        return [name for (name,) in rows]


def _kept() -> list[str]:
    from rivya_bridge.webhooks.models import Event

    return list(Event.objects.exclude(state="refused").values_list("event_id", flat=True))


def _unmatched() -> list[str]:
    from rivya_bridge.webhooks.models import Event

    return list(Event.objects.filter(state="parked").values_list("event_id", flat=True))


def _await_matches() -> None:
    """An event that came before its task was known waits for the next sweep.

    No beat runs in a storm, so that this is the workers' own: every 30 seconds when scaled out.
    """
    from django.conf import settings

    give_up = time.monotonic() + settings.SWEEP_SECONDS + SWEPT_WITHIN_SECONDS
    while _unmatched() and time.monotonic() < give_up:
        time.sleep(0.2)


def _hurried(requests: Sequence[Asked]) -> int:
    from rivya_bridge.webhooks.models import Event

    read_at: dict[str, list[float]] = {}
    for one in requests:
        if one.method == "GET":
            read_at.setdefault(one.path.rpartition("/")[2], []).append(one.at)
    events = Event.objects.filter(state="matched").values_list("remote_id", "received_at")
    return sum(
        any(0 <= at - received.timestamp() <= 1 for at in read_at.get(remote_id, ()))
        for remote_id, received in events
    )


def _jobs() -> int:
    from rivya_bridge.automation.models import Job

    return Job.objects.count()


def _wallet() -> Any:
    """After a reading of the balance, in which a gap between the books would show itself."""
    from rivya_bridge.credits.services import refresh_wallet

    for _ in range(50):
        wallet = refresh_wallet()
        if not wallet.error:
            return wallet
    raise RuntimeError(f"The balance could not be read in 50 tries: {wallet.error}")


def _unexplained() -> int:
    """The sum of all unexplained movements, each without its sign."""
    from rivya_bridge.credits.models import LedgerEntry

    amounts = LedgerEntry.objects.filter(kind="unexplained").values_list("amount", flat=True)
    return sum(abs(amount) for amount in amounts)


def _compare_vault() -> tuple[list[str], list[str]]:
    """Files without a row; and rows whose bytes are absent or are not what their name says."""
    from django.conf import settings

    from rivya_bridge.files.models import StoredFile
    from rivya_bridge.files.store import path_of

    known = set(StoredFile.objects.values_list("sha256", flat=True))
    on_disk = {path.name for path in settings.FILES_DIR.glob("??/??/*")}
    broken = []
    for name in known:
        path = path_of(name)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != name:
            broken.append(name)
    return sorted(on_disk - known), broken


def _integrity() -> str:
    from django.db import connection

    if connection.vendor != "sqlite":
        return "ok"
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as line:
        return str(line.execute("PRAGMA integrity_check").fetchone()[0])


def _with_the_key(folder: Path) -> Iterator[str]:
    """Files of the product and its logs that hold the API key."""
    places = [*folder.glob("*.log"), *(folder / "data").rglob("*")]
    for path in places:
        if path.is_file() and API_KEY.encode() in path.read_bytes():
            yield str(path.relative_to(folder))
