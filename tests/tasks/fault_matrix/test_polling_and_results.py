"""What follows acceptance: polls that fail, words nobody knows, results that will not come."""

import errno
import io
from typing import Any

import pytest
from django.utils import timezone

from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Conflict
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import cancel_task, continue_task, save
from rivya_bridge.tasks.services.transitions import LostClaim, claim
from tests.tasks import vendor as play
from tests.tasks.making import (
    Clock,
    back_in_time,
    carry,
    check_books,
    fresh,
    kinds,
    make_task,
    step,
)
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(vendor: Vendor, clock: Clock) -> Task:
    """A task that Rivya has accepted."""
    row = step(make_task(), clock)
    assert row.status == "running"
    return row


def test_it_works(vendor: Vendor, clock: Clock, running: Task) -> None:
    assert carry(running, clock).status == "succeeded"


POLL_FAULTS = {
    "500": play.refused(500, "internal_error"),
    "400": play.refused(400, "validation_failed"),
    "a reset": play.reset,
    "a web page": play.body(200, b"<html>", "html"),
    "half an answer": play.truncated,
    "switched off": play.refused(503, "public_api_disabled"),
}


@pytest.mark.parametrize("fault", POLL_FAULTS)
def test_a_failed_poll_changes_nothing(
    vendor: Vendor, clock: Clock, running: Task, fault: str
) -> None:
    vendor.gets.extend([POLL_FAULTS[fault]] * 3)
    for _ in range(3):
        assert step(running, clock).status == "running"
    assert fresh(running).poll_errors == 3
    assert kinds(running).count("poll_failed") == 1
    assert carry(running, clock).status == "succeeded"
    assert len(vendor.sent) == 1


def test_poll_errors_for_a_day_are_held(vendor: Vendor, clock: Clock, running: Task) -> None:
    back_in_time(running, "accepted_at", hours=25)
    vendor.gets.append(play.reset)
    row = step(running, clock)
    assert (row.status, row.reason, row.held_from) == ("held", "poll_budget_over", "running")


def test_a_task_that_never_ends_is_held_after_a_day(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.says = {"status": "processing"}
    back_in_time(running, "accepted_at", hours=25)
    assert step(running, clock).reason == "poll_budget_over"
    continue_task(running.pk)
    vendor.says = {"status": "succeeded"}
    assert carry(running, clock).status == "succeeded"


def test_an_unreachable_vendor_is_polled_by_few(vendor: Vendor, clock: Clock) -> None:
    tasks = [step(make_task(), clock) for _ in range(8)]
    vendor.stop()
    for _ in range(8):
        for task in tasks:
            step(task, clock)
    assert sum(fresh(task).polls for task in tasks) < 30
    assert {fresh(task).status for task in tasks} == {"running"}


def test_a_404_is_asked_again_for_a_minute_and_then_held(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.gets.extend([play.refused(404, "not_found")] * 99)
    for _ in range(2):
        assert step(running, clock).status == "running"
    clock.move(61)
    row = step(running, clock)
    assert (row.status, row.reason) == ("held", "not_found")
    assert len(vendor.sent) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_refused_by_a_poll_is_held_until_it_changes(
    vendor: Vendor, clock: Clock, running: Task, settings: Any, status: int
) -> None:
    vendor.gets.append(play.refused(status, "api_key_revoked"))
    row = step(running, clock)
    assert (row.status, row.reason, row.held_from) == ("held", "key_refused", "running")
    settings.RIVYA_API_KEY = "rvya_sk_rotated"
    from rivya_bridge.tasks.services.sweep import sweep_rows

    sweep_rows()
    assert carry(running, clock).status == "succeeded"
    check_books(running)


def test_an_unknown_status_is_polled_on_and_warned_of_once(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.generation(status="dreaming"))
    words = ["dreaming", "processing", "dreaming", "dreaming"]
    vendor.gets.extend(play.generation(status=word) for word in words)
    row = carry(make_task(), clock)
    assert row.status == "succeeded"
    assert kinds(row).count("unknown_status") == 1
    assert row.polls == 5


def test_a_status_never_falls_back(vendor: Vendor, clock: Clock, running: Task) -> None:
    vendor.gets.extend(play.generation(status=word) for word in ("processing", "queued"))
    step(running, clock)
    assert step(running, clock).remote_status == "processing"


def test_an_answer_for_another_task_is_not_believed(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.gets.append(play.generation(id="task_stranger", status="succeeded"))
    assert step(running, clock).reason == "wrong_answer"
    continue_task(running.pk)
    assert carry(running, clock).status == "succeeded"


def test_a_failure_at_rivya_is_settled_with_its_reason(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    error = {"code": "generation_failed", "message": "Too dark."}
    vendor.gets.append(play.generation(status="failed", error=error))
    row = carry(running, clock)
    assert (row.status, row.reason, row.final_credits) == ("failed", "generation_failed", 0)
    assert "Too dark." in row.reason_text
    check_books(row)


def test_a_task_of_another_address_is_held_and_goes_on_when_it_is_back(
    vendor: Vendor, clock: Clock, running: Task, settings: Any
) -> None:
    from rivya_bridge.tasks.services.sweep import sweep_rows

    settings.RIVYA_BASE_URL = "http://127.0.0.1:9"
    assert step(running, clock).reason == "other_account"
    sweep_rows()
    assert fresh(running).status == "held"
    settings.RIVYA_BASE_URL = vendor.url
    sweep_rows()
    assert carry(running, clock).status == "succeeded"


def test_success_without_a_result_is_asked_again_and_then_held(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.says = {"status": "succeeded", "result": None}
    row = carry(running, clock)
    assert (row.status, row.reason, row.held_from) == ("held", "no_result", "saving")
    assert row.polls + 3 == vendor.count("GET", "/api/v1/generations/")
    vendor.says = {"status": "succeeded"}
    continue_task(row.pk)
    assert carry(row, clock).status == "succeeded"
    check_books(row)


def test_an_expired_address_is_renewed(vendor: Vendor, clock: Clock, running: Task) -> None:
    vendor.gets.append(
        play.generation(status="succeeded", result={"urls": [f"{vendor.url}/results/old.png"]})
    )
    row = carry(running, clock)
    assert row.status == "succeeded"
    assert vendor.count("GET", "/results/old.png") == 1
    assert vendor.count("GET", "/results/a.png") == 1


def test_addresses_that_stay_expired_are_renewed_three_times(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.downloads.extend([play.body(410, b"gone")] * 99)
    row = carry(running, clock)
    assert (row.status, row.reason) == ("held", "results_unavailable")
    assert vendor.count("GET", "/results/") == 4
    assert vendor.count("GET", "/api/v1/generations/") == 1 + 3


def test_a_file_server_that_fails_is_asked_eight_times(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.downloads.extend([play.body(503, b"")] * 99)
    row = carry(running, clock)
    assert row.reason == "results_unavailable"
    assert vendor.count("GET", "/results/") == 8
    assert "1 credit was charged" in row.spent_text
    vendor.downloads.clear()
    continue_task(row.pk)
    assert carry(row, clock).status == "succeeded"


def test_no_address_is_renewed_before_a_rate_limit_is_over(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    clock.reach(running)
    vendor.downloads.append(play.body(404, b""))
    vendor.posts.append(play.refused(429, "rate_limited", {"Retry-After": "500"}))
    other = make_task()
    step(other, clock)
    vendor_gets = vendor.count("GET", "/api/v1/generations/")
    Task.objects.filter(pk=running.pk).update(status="saving", final_credits=1)
    running.outputs.create(position=0, url=f"{vendor.url}/results/a.png")
    step(running, clock)
    assert vendor.count("GET", "/api/v1/generations/") == vendor_gets


@pytest.mark.parametrize("content", [b"<html>not media</html>", b"%PDF-1.4 no", b"MZ\x90\x00", b""])
def test_a_result_that_is_no_media_is_held(
    vendor: Vendor, clock: Clock, running: Task, content: bytes
) -> None:
    vendor.results = {"a.png": content or b" "}
    row = carry(running, clock)
    assert (row.status, row.reason) == ("held", "result_refused")
    assert StoredFile.objects.count() == 0


def test_a_result_that_is_too_large_is_held(
    vendor: Vendor, clock: Clock, running: Task, settings: Any
) -> None:
    settings.DOWNLOAD_MAX_BYTES = 20
    row = carry(running, clock)
    assert row.reason == "result_refused"
    assert "20 bytes" in row.reason_text


def test_a_result_on_another_loopback_port_is_refused(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    with Vendor() as other:
        vendor.says["result"] = {"urls": [f"{other.url}/results/a.png"]}
        row = carry(running, clock)
        assert (row.status, row.reason) == ("held", "result_refused")
        assert other.requests == []


def test_a_full_disk_holds_the_task_and_it_goes_on_later(
    vendor: Vendor, clock: Clock, running: Task, monkeypatch: Any
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(save, "store_result", full)
        row = carry(running, clock)
    assert (row.status, row.reason) == ("held", "data_folder")
    assert "No space left" in row.reason_text
    continue_task(row.pk)
    assert carry(row, clock).status == "succeeded"


def _claimed_saving(running: Task, clock: Clock) -> Task:
    Task.objects.filter(pk=running.pk).update(status="saving", due_at=timezone.now())
    task = claim(running.pk, timezone.now())
    assert task is not None
    return task


def test_a_long_download_renews_its_lease(vendor: Vendor, clock: Clock, running: Task) -> None:
    vendor.results = {"a.png": b"x" * 3_000_000}
    task = _claimed_saving(running, clock)
    clock.move(30)
    save._fetch_bytes(task, f"{vendor.url}/results/a.png", io.BytesIO())
    left = (fresh(task).lease_until - timezone.now()).total_seconds()  # type: ignore[operator]
    assert left > 50


def test_a_download_ends_when_the_claim_is_lost(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    vendor.results = {"a.png": b"x" * 3_000_000}
    task = _claimed_saving(running, clock)
    clock.move(30)
    Task.objects.filter(pk=task.pk).update(fence=task.fence + 1)
    with pytest.raises(LostClaim):
        save._fetch_bytes(task, f"{vendor.url}/results/a.png", io.BytesIO())


def test_a_step_is_shorter_than_its_lease() -> None:
    from rivya_bridge.rivya import Timeouts
    from rivya_bridge.tasks.leases import LEASE, RENEW_AFTER

    limits = Timeouts()
    assert max(limits.operation, limits.upload) <= 45 < LEASE.total_seconds()
    assert RENEW_AFTER <= LEASE / 4


def test_a_marked_task_finishes_and_is_labelled_so(
    vendor: Vendor, clock: Clock, running: Task
) -> None:
    cancel_task(running.pk)
    cancel_task(running.pk)
    assert kinds(running).count("cancel_requested") == 1
    row = carry(running, clock)
    assert row.status == "succeeded"
    assert "cancelling was asked for" in row.reason_text
    with pytest.raises(Conflict):
        cancel_task(running.pk)
    check_books(row)
