"""The pages of batches, schedules and all jobs: from a table to its results, with what is refused."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rivya_bridge.automation.models import Batch, Job, Schedule, ScheduleSlot
from rivya_bridge.automation.services import feed_batches, start_job
from rivya_bridge.tasks.models import Task
from tests.automation.making import end_row, make_batch, make_template, open_rows, running_batch
from tests.experiments.factories import make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]
HOSTILE = "<script>alert('x')</script>"
LIST = "/templates/banner/batches/"


@pytest.fixture
def page(signed_in_client):
    """page(address) -> (status, text)"""

    def read(where: str, data: dict | None = None, **headers: str):
        answer = (
            signed_in_client.get(where, headers=headers)
            if data is None
            else signed_in_client.post(where, data, follow=True)
        )
        text = answer.getvalue().decode()
        is_page = "text/html" in answer.headers["Content-Type"]
        assert not is_page or "<script>alert" not in text
        return answer.status_code, text

    return read


def test_it_works(page):
    make_template()
    table = SimpleUploadedFile("june.csv", b"subject\nbottle\ncup\n")
    status, text = page(LIST, {"file": table, "concurrency": 2})
    batch = Batch.objects.get()
    assert (status, batch.name) == (200, "june.csv")
    assert f"Start 2 jobs ≈ {batch.estimated_credits} credits" in text
    assert not Job.objects.exists()
    _, text = page(f"/batches/{batch.pk}/start/", {})
    assert "hx-trigger" in text
    feed_batches()
    for row in open_rows(batch):
        end_row(row)
    feed_batches()
    _, text = page(f"/batches/{batch.pk}/")
    assert "2 of 2 rows" in text and 'hx-trigger="every 2s"' not in text
    _, text = page(f"/batches/{batch.pk}/results.csv")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["subject"], line["credits"]) for line in lines] == [("bottle", "1"), ("cup", "1")]


def test_problems_stand_on_the_page_and_all_of_them_in_the_csv(page):
    make_template()
    page(LIST, {"text": f"subject,photo\n{HOSTILE},\ncup,=lost\n", "concurrency": 4})
    batch = Batch.objects.get()
    _, text = page(f"/batches/{batch.pk}/")
    assert "the limit is 20" in text and "It cannot be started" in text
    _, text = page(f"/batches/{batch.pk}/problems.csv")
    assert [line.split(",")[0] for line in text.splitlines()] == ["row", "1", "2"]
    assert "'=lost" in text


def test_a_table_that_cannot_be_read_is_named_at_its_form(page):
    make_template()
    status, text = page(LIST, {"text": "subjct\ncup\n", "concurrency": 4})
    assert status == 422
    assert "subjct" in text
    status, text = page(LIST, {"concurrency": 4})
    assert (status, "nothing was given" in text) == (422, True)
    assert not Batch.objects.exists()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_example_is_downloaded(page, kind):
    make_template()
    status, text = page(f"/templates/banner/batches/example.{kind}")
    assert status == 200 and "subject" in text
    assert page("/templates/banner/batches/example.exe")[0] == 404


def test_the_polled_part_stops_when_the_batch_is_over(page):
    batch = running_batch(make_template(), 1)
    where = f"/batches/{batch.pk}/?live=1"
    assert page(where, **{"HX-Request": "true"})[0] == 200
    feed_batches()
    end_row(open_rows(batch)[0])
    feed_batches()
    status, text = page(where, **{"HX-Request": "true"})
    assert status == 286
    assert 'id="batch-rows"' in text and "hx-swap-oob" in text


def test_rows_are_filtered_and_paged_in_their_order(page):
    batch = running_batch(make_template(), 60)
    _, text = page(f"/batches/{batch.pk}/")
    assert text.count('<tr id="row-') == 50 and "after=50" in text
    _, text = page(f"/batches/{batch.pk}/?after=50")
    assert text.count('<tr id="row-') == 10 and "row-51" in text
    _, text = page(f"/batches/{batch.pk}/?status=failed")
    assert "No such row" in text
    assert page(f"/batches/{batch.pk}/?status=nonsense")[0] == 422


@pytest.mark.parametrize("count", [3, 60])
def test_the_page_takes_the_same_queries_for_many_rows(
    signed_in_client, count, django_assert_max_num_queries
):
    batch = running_batch(make_template(), count, concurrency=50)
    feed_batches()
    for row in open_rows(batch):
        end_row(row)
    with django_assert_max_num_queries(14):
        assert signed_in_client.get(f"/batches/{batch.pk}/").status_code == 200


def test_every_verb_leads_back_with_a_sentence(page):
    batch = running_batch(make_template(), 3)
    for verb, words in [
        ("pause", "no further row"), ("resume", "goes on"), ("change", "Changed"),
        ("retry", "nothing to retry"), ("discard", "cannot be discarded"),
        ("cancel", "canceled"), ("start", "cannot be started"), ("dance", "cannot be told"),
    ]:  # fmt: skip
        _, text = page(f"/batches/{batch.pk}/{verb}/", {"concurrency": "3"})
        assert words in text, verb
    spare = make_batch(Batch.objects.get().template, 2)
    page(f"/batches/{spare.pk}/discard/", {})
    assert Batch.objects.count() == 1


def test_one_job_is_told_as_one_and_cancel_is_offered_only_while_something_waits(page):
    batch = make_batch(make_template(), 2, concurrency=1)
    where = f"/batches/{batch.pk}/"
    assert "Started: 2 jobs, 1 at once." in page(f"{where}start/", {})[1]
    feed_batches()
    assert "Cancel the 1 that waits" in page(where)[1]
    end_row(open_rows(batch)[0])
    feed_batches()
    assert "batch-cancel" not in page(where)[1]
    held = Task.objects.filter(pk=open_rows(batch)[0].job.task_id)
    held.update(status="held", reason="day_cap")
    assert "Cancel what is not sent" in page(where)[1]
    single = make_batch(batch.template, 1)
    assert "Started: 1 job, " in page(f"/batches/{single.pk}/start/", {})[1]


# --- Schedules ------------------------------------------------------------------------------------

FORM = {
    "name": "Weekly", "cron": "0 9 * * 1", "zone": "Europe/Berlin", "overlap": "skip",
    "catch_up": "skip", "catch_up_limit": "10", "input-subject": "bottle",
}  # fmt: skip


def test_a_schedule_is_made_shown_changed_switched_and_removed(page):
    make_template()
    _, text = page("/templates/banner/schedules/", FORM)
    schedule = Schedule.objects.get()
    assert "At 09:00 on Monday, Europe/Berlin" in text
    assert text.count("09:00 CE") == 5
    assert schedule.inputs["subject"] == "bottle"
    where = f"/schedules/{schedule.pk}/"
    page(where, {**FORM, "cron": "30 7 * * *"})
    schedule.refresh_from_db()
    assert schedule.cron == "30 7 * * *"
    assert "It is off" in page(f"{where}disable/", {})[1]
    page(f"{where}enable/", {})
    assert "Weekly" in page("/templates/banner/schedules/")[1]
    page(f"{where}delete/", {})
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("where", "name"),
    [("/templates/banner/", "subject"), ("/templates/banner/schedules/", "input-subject")],
)
def test_a_text_beyond_its_limit_is_refused_whole(page, where, name):
    make_template()
    _, text = page(where)
    [box] = re.findall(rf'<textarea name="{name}"[^>]*>', text)
    assert "maxlength" not in box
    assert "At most 20 characters." in text
    status, text = page(where, {**FORM, name: "bottle " * 3})
    assert (status, Job.objects.count(), Schedule.objects.count()) == (422, 0, 0)
    assert "subject has 21 characters; the limit is 20." in text
    assert "bottle bottle bottle </textarea>" in text


def test_a_schedule_keeps_its_file_when_none_is_sent(page):
    make_template()
    page("/templates/banner/schedules/", FORM)
    schedule, file = Schedule.objects.get(), make_file()
    schedule.inputs["photo"] = str(file.pk)
    schedule.save()
    page(f"/schedules/{schedule.pk}/", FORM)
    schedule.refresh_from_db()
    assert schedule.inputs["photo"] == str(file.pk)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"cron": "x"}, "five fields"), ({"zone": "Moon"}, "valid choice"),
     ({"input-subject": "x" * 30}, "the limit is 20")],
)  # fmt: skip
def test_a_wrong_schedule_is_named_at_its_field(page, changes, words):
    make_template()
    status, text = page("/templates/banner/schedules/", FORM | changes)
    assert (status, words in text) == (422, True)
    assert not Schedule.objects.exists()


def test_slots_and_attention_stand_on_the_page(page):
    make_template()
    page("/templates/banner/schedules/", FORM)
    schedule = Schedule.objects.get()
    for number, status in enumerate(("missed", "skipped", "refused", "queued")):
        ScheduleSlot.objects.create(
            schedule=schedule, due_at=f"2026-01-0{number + 1}T09:00Z", status=status,
            reason=HOSTILE, decided_at="2026-01-05T09:00Z",
        )  # fmt: skip
    Schedule.objects.update(note=HOSTILE, is_enabled=False)
    _, text = page(f"/schedules/{schedule.pk}/")
    assert "needs attention" in text
    assert all(word in text for word in ("missed", "skipped", "refused", "queued"))


# --- All jobs -------------------------------------------------------------------------------------


def test_all_jobs_are_listed_over_templates_and_filtered(page):
    first, second = make_template("one"), make_template("two")
    job, _ = start_job(first, {}, source="form")
    other, _ = start_job(second, {}, source="api")
    _, text = page("/jobs/")
    assert str(job.pk) in text and str(other.pk) in text
    for query in ("source=api", "template=two"):
        _, text = page(f"/jobs/?{query}")
        assert str(other.pk) in text and str(job.pk) not in text
    assert "Nothing matches" in page("/jobs/?status=failed")[1]
    for query in ("status=x", "source=x", f"template={'x' * 90}"):
        assert page(f"/jobs/?{query}")[0] == 422
    assert reverse("automation:jobs") == "/jobs/"
