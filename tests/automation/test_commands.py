"""The command line: one line on refusal, codes that a script can read."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from rivya_bridge.automation.models import Batch, Job
from rivya_bridge.automation.services import ScheduleOptions, create_schedule, feed_batches
from tests.automation.making import make_template
from tests.experiments.factories import finish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


def test_it_works():
    make_template()
    found = json.loads(run("run_job", "banner", "--input", "subject=a=b", "--json"))
    job = Job.objects.get()
    assert (found["id"], found["source"]) == (str(job.pk), "command")
    assert job.inputs["subject"] == "a=b"


def test_a_dry_run_starts_nothing():
    make_template()
    assert "credits" in run("run_job", "banner", "--dry-run")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "words",
    [("no-such",), ("banner", "--input", "subject"), ("banner", "--input", "subjct=x"),
     ("banner", "--dry-run", "--input", "subject=" + "x" * 30)],
)  # fmt: skip
def test_a_refused_job_is_one_line(words):
    make_template()
    with pytest.raises(CommandError) as refused:
        run("run_job", *words)
    assert "\n" not in str(refused.value)
    assert not Job.objects.exists()


def test_the_same_key_starts_one_job():
    make_template()
    assert run("run_job", "banner", "--key", "k") == run("run_job", "banner", "--key", "k")
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("status", "code"), [("succeeded", None), ("failed", 2)])
def test_waiting_ends_with_the_job_and_its_code(status, code):
    make_template()
    run("run_job", "banner", "--key", "k")
    finish(Job.objects.get().task, status=status)
    if code is None:
        assert "succeeded" in run("run_job", "banner", "--key", "k", "--wait")
        return
    with pytest.raises(SystemExit) as ended:
        run("run_job", "banner", "--key", "k", "--wait")
    assert ended.value.code == code


def test_a_batch_starts_from_a_file(tmp_path):
    make_template()
    table = tmp_path / "june.csv"
    table.write_text("subject\ncup\nbottle\n")
    assert "2 jobs can start" in run("run_batch", "banner", str(table), "--dry-run")
    assert not Batch.objects.exists()
    found = json.loads(run("run_batch", "banner", str(table), "--cap", "90", "--json"))
    assert (found["status"], found["credit_cap"], found["name"]) == ("running", 90, "june.csv")
    assert feed_batches() == 2


def test_a_bad_row_is_named_and_nothing_stays(tmp_path):
    make_template()
    table = tmp_path / "june.jsonl"
    table.write_text('{"subject": "cup"}\n{"subjct": "cup"}\n')
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 rows"):
        call_command("run_batch", "banner", str(table), stderr=out)
    assert "row 2, subjct:" in out.getvalue()
    with pytest.raises(CommandError, match="1 of 2 rows"):
        run("run_batch", "banner", str(table), "--dry-run")
    with pytest.raises(CommandError, match="No such file"):
        run("run_batch", "banner", str(tmp_path / "lost.csv"))
    assert not Batch.objects.exists()


def test_schedules_are_listed():
    options = ScheduleOptions(name="Weekly", cron="0 9 * * 1", zone="Europe/Berlin")
    create_schedule(make_template(), options)
    assert "At 09:00 on Monday, Europe/Berlin" in run("schedules")
    assert json.loads(run("schedules", "--json"))["state"] == "on"
