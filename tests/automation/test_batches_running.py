"""A running batch: one job for each row however often it is fed, and what a person decides about it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from rivya_bridge.automation.models import Batch, BatchRow, Job
from rivya_bridge.automation.selectors import progress_of
from rivya_bridge.automation.services import (
    add_version,
    cancel_batch,
    change_batch,
    discard_batch,
    feed_batch,
    feed_batches,
    pause_batch,
    resume_batch,
    retry_failed,
    start_batch,
)
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.automation.making import (
    end_row,
    make_batch,
    make_template,
    open_rows,
    running_batch,
    statuses,
)
from tests.automation.test_services import draft
from tests.experiments.factories import add_models, make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def run_to_the_end(batch: Batch) -> Batch:
    while feed_batches() or open_rows(batch):
        for row in open_rows(batch):
            end_row(row)
    batch.refresh_from_db()
    return batch


def test_it_works():
    batch = running_batch(make_template(), 6, concurrency=2)
    assert (batch.status, feed_batch(batch.pk)) == ("running", 2)
    [first, _] = open_rows(batch)
    task = first.job.task
    assert first.job.source == "batch"
    assert task.intent_key == f"batch:{batch.pk}:1"
    assert (task.group_label, task.group_url) == ("Banner · Batch", f"/batches/{batch.pk}/")
    batch = run_to_the_end(batch)
    assert (batch.status, batch.spent_credits) == ("finished", 6)
    assert statuses(batch) == ["succeeded"] * 6
    assert [job.inputs["subject"] for job in Job.objects.order_by("batch_row__ordinal")] == [
        f"cup {number}" for number in range(1, 7)
    ]


def test_no_more_jobs_are_open_than_may_be_and_the_next_follows_an_end(
    django_capture_on_commit_callbacks,
):
    batch = running_batch(make_template(), 6, concurrency=2)
    assert [feed_batch(batch.pk) for _ in range(3)] == [2, 0, 0]
    with django_capture_on_commit_callbacks(execute=True):
        end_row(open_rows(batch)[0])
    assert statuses(batch) == ["succeeded", "started", "started", "waiting", "waiting", "waiting"]


def test_the_start_feeds_without_waiting_for_the_sweep(django_capture_on_commit_callbacks):
    batch = make_batch(make_template(), 3, concurrency=3)
    with django_capture_on_commit_callbacks(execute=True):
        start_batch(batch)
    assert Task.objects.filter(status="queued").count() == 3


def test_the_sweep_feeds_when_nothing_else_did():
    batch = running_batch(make_template(), 3)
    sweep_rows()
    assert len(open_rows(batch)) == 3


def test_an_end_that_sent_no_signal_is_found_by_the_next_round():
    batch = running_batch(make_template(), 2, concurrency=1)
    feed_batches()
    Task.objects.update(status="failed", reason="x", final_credits=3)
    feed_batches()
    batch.refresh_from_db()
    assert (statuses(batch), batch.spent_credits) == (["failed", "started"], 3)


@pytest.mark.django_db(transaction=True)
def test_eight_feeders_at_once_make_one_job_for_each_row():
    batch = make_batch(make_template(), 12, concurrency=5)
    Batch.objects.filter(pk=batch.pk).update(status="running")

    def feed(_: int) -> int:
        try:
            return feed_batch(batch.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(feed, range(16)))
    keys = list(Task.objects.values_list("intent_key", flat=True))
    assert len(keys) == len(set(keys)) == len(open_rows(batch)) == 5 == Job.objects.count()
    assert sum(started) == 5


# --- What a person decides ------------------------------------------------------------------------


def test_a_batch_starts_once():
    batch = running_batch(make_template())
    with pytest.raises(Conflict, match="running"):
        start_batch(batch)


def test_bad_rows_keep_it_from_starting_until_they_are_left_out():
    template = make_template()
    batch = make_batch(template, 2)
    BatchRow.objects.filter(batch=batch, ordinal=1).update(status="invalid")
    Batch.objects.filter(pk=batch.pk).update(invalid_count=1)
    batch.refresh_from_db()
    with pytest.raises(Refusal, match="1 of 2 rows have problems"):
        start_batch(batch)
    run_to_the_end(start_batch(batch, leave_out=True))
    assert statuses(batch) == ["invalid", "succeeded"]
    assert Job.objects.count() == 1


def test_cap_and_balance_forbid_the_start_and_nothing_is_spent():
    Wallet.objects.create(account=current_connection().account, current_credits=1)
    batch = make_batch(make_template(), 3, credit_cap=1)
    with pytest.raises(Refusal) as refused:
        start_batch(batch)
    assert [problem.field for problem in refused.value.problems] == ["credit_cap", "credits"]
    assert not Job.objects.exists()


def test_paused_it_starts_nothing_and_goes_on_when_told():
    batch = running_batch(make_template(), 4, concurrency=1)
    feed_batches()
    pause_batch(batch)
    end_row(open_rows(batch)[0])
    assert feed_batches() == 0
    resume_batch(batch)
    assert feed_batches() == 1
    with pytest.raises(Conflict):
        resume_batch(batch)


def test_the_rest_is_canceled_and_what_rivya_has_is_finished():
    batch = running_batch(make_template(), 4, concurrency=2)
    feed_batches()
    sent, _ = open_rows(batch)
    Task.objects.filter(pk=sent.job.task_id).update(
        status="running", exposure="accepted", request_body=b"{}", remote_id="t1"
    )
    cancel_batch(batch)
    assert statuses(batch) == ["started", "canceled", "canceled", "canceled"]
    end_row(sent)
    assert feed_batches() == 0
    batch.refresh_from_db()
    assert (batch.status, statuses(batch)[0]) == ("canceled", "succeeded")


def test_only_failed_rows_are_retried_and_each_once():
    batch = running_batch(make_template(), 3, concurrency=3)
    feed_batches()
    for row, status in zip(open_rows(batch), ("succeeded", "failed", "failed"), strict=True):
        end_row(row, status)
    feed_batches()
    batch.refresh_from_db()
    assert batch.status == "finished"
    failed = Task.objects.filter(job__batch_row__batch=batch, status="failed")
    assert [task.handled_at for task in failed] == [None, None]
    assert retry_failed(batch) == 2
    # Nobody has to deal with a failure whose row is run again.
    assert all(task.handled_at for task in failed.all())
    with pytest.raises(Conflict, match="nothing to retry"):
        retry_failed(batch)
    assert statuses(batch) == ["succeeded", "retried", "retried", "waiting", "waiting"]
    attempt = batch.rows.get(ordinal=4)
    assert (attempt.retry_of.ordinal, attempt.attempt, attempt.line) == (2, 2, 2)
    batch = run_to_the_end(batch)
    assert (batch.status, progress_of(batch).total, Job.objects.count()) == ("finished", 3, 5)


def test_its_concurrency_changes_while_it_runs():
    batch = running_batch(make_template(), 4, concurrency=1)
    feed_batches()
    change_batch(batch, concurrency=3)
    assert feed_batches() == 2
    with pytest.raises(Refusal):
        change_batch(batch, concurrency=51)


def test_it_stays_with_the_version_that_it_was_checked_against():
    template = make_template()
    batch = running_batch(template, 2)
    add_version(template, draft(prompt="Another {{ subject }}"))
    feed_batches()
    assert {row.job.version.number for row in open_rows(batch)} == {1}
    assert open_rows(batch)[0].job.task.draft["prompt"] == "A cup 1 on slate"


def test_it_pauses_before_its_own_cap_is_passed():
    batch = running_batch(make_template(), 4, concurrency=1)
    estimate = batch.rows.first().estimated_credits
    Batch.objects.filter(pk=batch.pk).update(credit_cap=2 * estimate)
    feed_batches()
    end_row(open_rows(batch)[0], credits=estimate + 1)
    assert feed_batches() == 0
    batch.refresh_from_db()
    assert batch.status == "paused"
    assert "cap" in batch.note


def test_it_pauses_when_its_model_cannot_be_run_any_more():
    batch = running_batch(make_template(), 3)
    add_models("flux-2-pro", api_status="coming_soon")
    assert feed_batches() == 0
    batch.refresh_from_db()
    assert (batch.status, statuses(batch)) == ("paused", ["waiting"] * 3)
    assert "not open to the API" in batch.note


def test_a_row_whose_file_was_removed_fails_alone_with_the_reason():
    file = make_file()
    batch = make_batch(make_template(), 2)
    row = batch.rows.get(ordinal=1)
    BatchRow.objects.filter(pk=row.pk).update(inputs={**row.inputs, "photo": str(file.pk)})
    gone = str(file.pk)
    file.delete()
    batch = run_to_the_end(start_batch(batch))
    assert statuses(batch) == ["failed", "succeeded"]
    assert gone in batch.rows.get(ordinal=1).problems[0]["message"]


def test_rows_held_for_lack_of_credits_are_counted_with_their_reason():
    batch = running_batch(make_template(), 4, concurrency=2)
    feed_batches()
    held = {"status": "held", "reason": "insufficient_credits", "reason_text": "Top up."}
    Task.objects.update(**held, held_from="queued")
    progress = progress_of(batch)
    assert (progress.held, progress.held_text, feed_batches()) == (2, "Top up.", 0)
    assert (progress.total, progress.ended) == (4, 0)


def test_what_was_never_started_can_be_discarded_and_nothing_else():
    template = make_template()
    running = running_batch(template, 2)
    with pytest.raises(Conflict):
        discard_batch(running)
    discard_batch(make_batch(template, 2))
    assert list(Batch.objects.all()) == [running]
