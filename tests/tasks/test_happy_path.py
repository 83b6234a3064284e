"""From a row to saved files against the sandbox: every count agrees on both sides."""

import io
from typing import Any

import httpx
import pytest

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.files.services import store_result
from rivya_bridge.files.store import path_of
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.signals import task_finished
from tests.tasks.making import Clock, carry, check_books, fresh, kinds, make_task, step
from tests.tasks.vendor import Vendor, png

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finished() -> Any:
    """The ids of the tasks that were announced as finished."""
    heard: list[Any] = []

    def hear(task: Task, **_: Any) -> None:
        heard.append((task.pk, task.status))

    task_finished.connect(hear)
    yield heard
    task_finished.disconnect(hear)


def journal(sandbox: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{sandbox.base_url}/_sandbox/journal").json()
    return answer


def test_it_works(sandbox: Any, no_bell: None, clock: Clock, finished: Any) -> None:
    refresh_catalog()
    refresh_wallet()
    task = carry(make_task(model=get_model("z-image")), clock)
    assert task.status == "succeeded"
    assert finished == [(task.pk, "succeeded")]
    texts = [event.text for event in task.events.all()]
    assert "Rivya finished it with 1 result for 1 credit." in texts
    assert "1 result saved." in texts
    output = task.outputs.get()
    assert output.file is not None
    assert path_of(output.file.sha256).stat().st_size == output.file.size_bytes
    check_books(task)


def test_ledger_and_wallet_equal_the_vendors_journal(
    sandbox: Any, no_bell: None, clock: Clock
) -> None:
    refresh_catalog()
    before = refresh_wallet().current_credits
    tasks = [make_task(model=get_model("z-image"), prompt=f"table {n}") for n in range(3)]
    tasks.append(make_task(model=get_model("z-image"), prompt="sandbox:fail"))
    ended = [carry(task, clock) for task in tasks]
    assert [task.status for task in ended] == ["succeeded"] * 3 + ["failed"]
    there = journal(sandbox)
    assert there["generations_count"] == 4
    settled = LedgerEntry.objects.filter(kind="settle")
    assert {row.remote_id: row.amount for row in settled} == {
        one["id"]: one["final"] for one in there["generations"]
    }
    wallet = Wallet.objects.get()
    assert wallet.current_credits == there["balance"]
    assert wallet.current_credits == (before or 0) - there["charged_credits"]
    for task in ended:
        check_books(task)


def test_a_reference_is_uploaded_once_per_account_and_content(
    vendor: Vendor, clock: Clock, settings: Any
) -> None:
    file = _stored()
    for _ in range(2):
        assert carry(make_task(references=[file, file]), clock).status == "succeeded"
    assert vendor.count("POST", "/api/v1/files") == 1
    assert b"/files/1.png" in vendor.sent[0].body
    settings.RIVYA_API_KEY = "rvya_sk_another"
    assert carry(make_task(references=[file]), clock).status == "succeeded"
    assert vendor.count("POST", "/api/v1/files") == 2
    assert RemoteFile.objects.count() == 2


def _stored() -> StoredFile:
    return store_result(io.BytesIO(png(32, (1, 2, 3))), "reference.png")


def test_several_outputs_are_all_saved(vendor: Vendor, clock: Clock) -> None:
    vendor.results = {f"{n}.png": png(16, (n, n, n)) for n in range(4)}
    task = carry(make_task(), clock)
    files = {row.file_id for row in task.outputs.all()}
    assert len(files) == 4
    assert None not in files
    assert kinds(task).count("saved") == 4


def test_one_generation_takes_few_requests(vendor: Vendor, clock: Clock) -> None:
    vendor.says = {"status": "processing"}
    task = make_task()
    for _ in range(5):
        step(task, clock)
    vendor.says = {"status": "succeeded"}
    assert carry(task, clock).status == "succeeded"
    assert len(vendor.sent) == 1
    assert vendor.count("GET", "/api/v1/generations/") == fresh(task).polls
    assert vendor.count("GET", "/results/") == 1


def test_events_tell_the_story_without_a_gap(vendor: Vendor, clock: Clock) -> None:
    task = carry(make_task(), clock)
    assert kinds(task) == [
        "created",
        "sending",
        "accepted",
        "progress",
        "remote_succeeded",
        "saved",
        "succeeded",
    ]
    check_books(task)
