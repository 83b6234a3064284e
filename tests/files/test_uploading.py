"""References at Rivya: each content once, however many ask; verified, checked, and sent again when gone."""

import io
from typing import Any

import pytest

from rivya_bridge.files.models import RemoteFile, StoredFile, UploadClaim
from rivya_bridge.files.services import store_result
from rivya_bridge.files.uploading import CHECK_AGE, upload_seconds
from rivya_bridge.tasks.services.advance import advance
from tests.tasks import vendor as play
from tests.tasks.conftest import clock, vendor  # noqa: F401 - fixtures
from tests.tasks.making import Clock, carry, check_books, fresh, kinds, make_task, step
from tests.tasks.races import at_once
from tests.tasks.vendor import Vendor, png

pytestmark = pytest.mark.django_db(transaction=True)
FILES = "/api/v1/files"


@pytest.fixture
def file(vendor: Vendor) -> StoredFile:  # noqa: F811
    return store_result(io.BytesIO(png(32, (1, 2, 3))), "reference.png")


def test_many_tasks_at_once_upload_one_content_once(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
) -> None:
    tasks = [make_task(references=[file]) for _ in range(6)]
    at_once(*[lambda task=task: advance(task.pk) for task in tasks])  # type: ignore[misc]
    assert vendor.count("POST", FILES) == 1
    assert [carry(task, clock).status for task in tasks] == ["succeeded"] * 6
    assert vendor.count("POST", FILES) == 1
    assert {one.body.count(b"/files/1.png") for one in vendor.sent} == {1}
    assert not UploadClaim.objects.exists()


def test_an_upload_whose_worker_died_is_taken_over(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
) -> None:
    from django.utils import timezone

    task = make_task(references=[file])
    UploadClaim.objects.create(
        file=file,
        account=task.account,
        owner="dead",
        until=timezone.now() + timezone.timedelta(0, 60),
    )
    assert step(task, clock).status == "queued"
    assert vendor.requests == []
    clock.move(61)
    assert carry(task, clock).status == "succeeded"
    assert vendor.count("POST", FILES) == 1


def test_a_size_that_rivya_reports_otherwise_is_not_believed(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
) -> None:
    def short(handler: Any) -> None:
        url = f"{handler.vendor.url}/files/short.png"
        handler.answer(201, {"id": "file_short", "url": url, "size_bytes": 3})

    vendor.uploads.append(short)
    task = make_task(references=[file])
    assert step(task, clock).status == "queued"
    assert not RemoteFile.objects.exists()
    assert "upload_failed" in kinds(task)
    assert carry(task, clock).status == "succeeded"
    assert vendor.count("POST", FILES) == 2
    assert b"short.png" not in vendor.sent[0].body


def test_an_old_upload_is_asked_for_and_sent_again_when_it_is_gone(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
) -> None:
    carry(make_task(references=[file]), clock)
    clock.move(CHECK_AGE.total_seconds() + 60)
    vendor.downloads.append(play.refused(404, "not_found"))
    assert carry(make_task(references=[file]), clock).status == "succeeded"
    assert vendor.count("GET", f"{FILES}/file_1") == 1
    assert vendor.count("POST", FILES) == 2
    clock.move(CHECK_AGE.total_seconds() + 60)

    def known(handler: Any) -> None:
        handler.answer(200, {"id": "file_2", "url": f"{handler.vendor.url}/files/2.png"})

    vendor.downloads.append(known)
    assert carry(make_task(references=[file]), clock).status == "succeeded"
    assert carry(make_task(references=[file]), clock).status == "succeeded"
    assert vendor.count("GET", f"{FILES}/file_2") == 1
    assert vendor.count("POST", FILES) == 2


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_that_names_the_upload_has_it_sent_again_once(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
    status: int,
) -> None:
    def expired(handler: Any) -> None:
        error = {
            "code": "validation_failed",
            "message": f"{handler.vendor.url}/files/1.png is gone.",
        }
        handler.answer(status, {"error": error})

    vendor.posts.append(expired)
    task = make_task(references=[file])
    assert step(task, clock).status == "running"
    assert kinds(task).count("reference_renewed") == 1
    assert carry(task, clock).status == "succeeded"
    assert [vendor.count("POST", FILES), len(vendor.sent)] == [2, 2]
    assert len({one.key for one in vendor.sent}) == 1
    assert b"/files/2.png" in vendor.sent[1].body
    check_books(task)


def test_it_is_sent_again_only_once_and_never_after_an_unknown_outcome(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    file: StoredFile,
) -> None:
    def gone(handler: Any) -> None:
        named = handler.vendor.count("POST", FILES)
        message = f"file_{named} is gone: {handler.vendor.url}/files/{named}.png"
        handler.answer(404, {"error": {"code": "not_found", "message": message}})

    vendor.posts.extend([gone, gone])
    row = carry(make_task(references=[file]), clock)
    assert (row.status, len(vendor.sent)) == ("failed", 2)
    vendor.posts.extend([play.accept_then(play.reset), gone])
    doubtful = carry(make_task(references=[file]), clock)
    assert (doubtful.status, doubtful.reason) == ("held", "repeat_refused")
    assert fresh(doubtful).request_body is not None


def test_the_limit_of_an_upload_grows_with_its_size() -> None:
    assert upload_seconds(0) == 45
    assert upload_seconds(100 * 1024 * 1024) == 45 + 800
