"""Each thing that happens is told once, to whoever wants to hear it, as the schema says."""

import json
from pathlib import Path

import jsonschema
import pytest
from django.db import transaction

from rivya_bridge.automation.services import start_job
from rivya_bridge.automation.services.feeding import feed_batch
from rivya_bridge.notices.models import Delivery, Message
from rivya_bridge.notices.services import switch_endpoint
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.transitions import hold, unhold
from rivya_bridge.tasks.signals import task_finished
from tests.automation.making import end_row, make_template, open_rows, running_batch
from tests.experiments.factories import finish, make_experiment, make_file, start

from .conftest import send_all

SCHEMA = json.loads(Path("docs/notice.schema.json").read_text(encoding="utf-8"))


def bodies() -> list[dict]:
    found = [json.loads(one.body) for one in Message.objects.order_by("id")]
    for body in found:
        jsonschema.validate(body, SCHEMA, format_checker=jsonschema.FormatChecker())
    return found


def test_it_works(template, subscribe, receiver):
    subscribe()
    job, _ = start_job(template, {}, source="api")
    finish(job.task, make_file(), credits=4)
    [body] = bodies()
    assert body["type"] == "job.succeeded"
    assert body["data"]["job"]["id"] == str(job.pk)
    assert body["data"]["job"]["status"] == "succeeded"
    assert len(body["data"]["job"]["results"]) == 1
    assert body["data"]["url"] == f"http://127.0.0.1:8000/jobs/{job.pk}/"
    assert send_all() == 1
    [arrived] = receiver.all()
    assert arrived.event == body
    assert Delivery.objects.get().status == "delivered"


@pytest.mark.parametrize("status", ["succeeded", "failed", "canceled"])
def test_each_end_has_its_type(template, subscribe, status):
    subscribe()
    job, _ = start_job(template, {}, source="api")
    finish(job.task, status=status)
    [body] = bodies()
    assert body["type"] == f"job.{status}"
    assert ("explanation" in body["data"]) == (status != "succeeded")


def test_each_hold_is_told_and_an_end_only_once(template, subscribe):
    subscribe()
    job, _ = start_job(template, {}, source="api")
    for _ in range(2):
        task = Task.objects.get(pk=job.task_id)
        Task.objects.filter(pk=task.pk).update(fence=task.fence + 1)
        task.fence += 1
        hold(task, "day_cap", "The day's cap is reached.")
        unhold(task, "It goes on.")
    assert [body["type"] for body in bodies()] == ["job.held", "job.held"]
    assert bodies()[0]["data"]["explanation"]["happened"] == "The day's cap is reached."
    finish(job.task)
    task_finished.send(sender=Task, task=Task.objects.get(pk=job.task_id))
    assert [body["type"] for body in bodies()].count("job.succeeded") == 1


def test_what_did_not_happen_is_not_told(template, subscribe):
    subscribe()
    job, _ = start_job(template, {}, source="api")
    with pytest.raises(RuntimeError), transaction.atomic():
        finish(job.task)
        raise RuntimeError
    assert not Message.objects.exists()


def test_a_batch_is_told_at_its_end_and_its_jobs_by_webhook_alone(template, subscribe, settings):
    settings.EMAIL_HOST = "localhost"
    subscribe(events=["batch.finished", "job.succeeded"])
    subscribe(kind="email", target="me@example.com", events=["batch.finished", "job.succeeded"])
    batch = running_batch(template, 2)
    feed_batch(batch.pk)
    for row in open_rows(batch):
        end_row(row)
    feed_batch(batch.pk)
    told = Delivery.objects.values_list("endpoint__kind", "message__type")
    assert sorted(told) == [
        ("email", "batch.finished"),
        ("webhook", "batch.finished"),
        ("webhook", "job.succeeded"),
        ("webhook", "job.succeeded"),
    ]
    [end] = [body for body in bodies() if body["type"] == "batch.finished"]
    assert (end["data"]["batch"]["rows"], end["data"]["batch"]["spent_credits"]) == (2, 2)


def test_only_what_was_chosen_is_told(template, subscribe):
    other = make_template("poster")
    subscribe(events=["job.failed"])
    subscribe(template=other)
    for one, status in ((template, "succeeded"), (template, "failed"), (other, "succeeded")):
        job, _ = start_job(one, {}, source="api")
        finish(job.task, status=status)
    told = Delivery.objects.order_by("id").values_list("endpoint__template__slug", "message__type")
    assert list(told) == [(None, "job.failed"), ("poster", "job.succeeded")]


def test_an_endpoint_that_is_off_keeps_what_it_missed(template, subscribe, receiver):
    endpoint, _ = subscribe()
    switch_endpoint(endpoint, on=False)
    job, _ = start_job(template, {}, source="api")
    finish(job.task)
    assert send_all() == 0
    assert Delivery.objects.get().status == "skipped"


def test_a_run_of_an_experiment_is_no_news(template, subscribe):
    subscribe()
    finish(start(make_experiment(), model_id="flux-2-pro").task)
    assert not Message.objects.exists()


def test_without_endpoints_nothing_is_written(template):
    job, _ = start_job(template, {}, source="api")
    finish(job.task)
    assert not Message.objects.exists()
