"""A chat turn becomes a template like a generation: its brief is part of the message, its pictures are
slots, and form, program, table and clock start turns from it."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from rivya_bridge.automation.exports import result_lines
from rivya_bridge.automation.models import Job, TemplateVersion
from rivya_bridge.automation.portable.template_files import write_version
from rivya_bridge.automation.services import (
    BatchOptions,
    ScheduleOptions,
    add_batch,
    create_schedule,
    feed_batches,
    import_template,
    move_label,
    preflight_job,
    set_delivery,
    start_batch,
    start_job,
    tick_schedules,
)
from rivya_bridge.automation.tables import read_objects
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.services import judge_run
from rivya_bridge.files.services import store_result
from rivya_bridge.promotion.kit import build_kit
from rivya_bridge.promotion.ladder import ladder_of
from rivya_bridge.promotion.services import promote_run, propose
from rivya_bridge.refusals import Refusal
from tests.chat.test_runs import ended, picture
from tests.experiments.factories import make_experiment, start
from tests.tasks.making import Clock, carry

pytestmark = pytest.mark.django_db(transaction=True)

BRIEF = "You name colours for a paint shop. Answer with three words.\n\nSurface: {}"
SURFACES = ("slate", "raw linen", "wet sand", "old oak")
KEY = "rvya_sk_sandbox_full"


@pytest.fixture
def run(chat: Any, clock: Clock) -> Run:
    """The first of four accepted turns whose surface differs; it sent a picture and an option."""
    experiment = make_experiment(category="chat")
    runs = [
        ended(
            start(
                experiment,
                model_id="gpt-5-2-chat",
                prompt=BRIEF.format(surface),
                params={"reasoning_effort": "low", "enable_web_search": "true"},
                references=[store_result(picture(), "slate.png")],
            ),
            clock,
        )
        for surface in SURFACES
    ]
    for one in runs:
        judge_run(one, "accepted")
    return Run.objects.get(pk=runs[0].pk)


@pytest.fixture
def version(run: Run) -> TemplateVersion:
    proposal = propose(run)
    return promote_run(
        run,
        name="Paint",
        slug="paint",
        prompt=proposal.prompt,
        variables=proposal.variables,
        exposed_params=["reasoning_effort"],
        fixed_params={"enable_web_search": "true"},
        file_slots=proposal.file_slots,
    )


def asked(job: Job) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(job.task.request_body))
    body.pop("client_request_id")
    return body


def ended_job(job: Job, clock: Clock) -> Job:
    carry(job.task, clock)
    return Job.objects.select_related("task", "version").get(pk=job.pk)


def test_it_works(version: TemplateVersion, run: Run, clock: Clock) -> None:
    assert version.prompt == BRIEF.format("{{ surface }}")
    assert version.expected == {"category": "chat", "count": 1}
    [slot] = version.file_slots
    assert (slot["kind"], slot["required"]) == ("image", False)
    job, _ = start_job(version.template, {}, source="form")
    job = ended_job(job, clock)
    assert job.status == "succeeded"
    assert asked(job) == {
        key: value
        for key, value in json.loads(bytes(run.task.request_body)).items()
        if key != "client_request_id"
    }
    assert asked(job)["enable_web_search"] is True
    assert asked(job)["reasoning_effort"] == "low"
    assert len(asked(job)["attachments"]) == 1


def test_a_dry_run_shows_the_turn(version: TemplateVersion) -> None:
    plan = preflight_job(version, {"surface": "glass", "reasoning_effort": "high"})
    assert plan.problems == []
    assert plan.body["message"] == BRIEF.format("glass")
    assert plan.body["reasoning_effort"] == "high"
    assert plan.body["attachments"] == [
        {"file_id": f"upload:{reference.sha256}"} for reference in plan.references
    ]


def test_the_form_starts_a_turn_and_its_page_has_the_answer(
    version: TemplateVersion, signed_in_client: Client, clock: Clock
) -> None:
    answer = signed_in_client.post("/templates/paint/", {"surface": "moss"})
    assert answer.status_code == 302
    job = ended_job(Job.objects.get(), clock)
    page = signed_in_client.get(answer["Location"]).content.decode()
    assert job.task.answer_text[:20] in page
    assert "Message as sent" in page


def test_a_program_gets_the_answer(
    version: TemplateVersion, api_client: Client, clock: Clock
) -> None:
    where = "/api/v1/templates/paint/jobs"
    body = {"inputs": {"surface": "moss"}}
    made = api_client.post(where, body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["answer"] == ""
    job = ended_job(Job.objects.get(), clock)
    found = api_client.get(f"/api/v1/jobs/{job.pk}").json()
    assert (found["status"], found["answer"]) == ("succeeded", job.task.answer_text)
    wrong = api_client.post(
        where, {"inputs": {"reasoning_effort": "huge"}}, content_type="application/json"
    )
    assert wrong.status_code == 422
    assert "reasoning_effort" in wrong.content.decode()
    assert Job.objects.count() == 1


def test_a_table_starts_a_turn_for_each_row(version: TemplateVersion, clock: Clock) -> None:
    rows = read_objects({"surface": surface} for surface in ("moss", "glass"))
    batch = start_batch(add_batch(version.template, rows, BatchOptions(), source="form"))
    feed_batches()
    jobs = [ended_job(job, clock) for job in Job.objects.order_by("pk")]
    assert [asked(job)["message"] for job in jobs] == [BRIEF.format("moss"), BRIEF.format("glass")]
    head, *lines = "".join(result_lines(batch, str)).splitlines()
    assert head.endswith("answer,error\r") or head.endswith("answer,error")
    assert jobs[0].task.answer_text.splitlines()[0][:20] in "\n".join(lines)


def test_a_clock_starts_turns(version: TemplateVersion, clock: Clock) -> None:
    options = ScheduleOptions(name="Hourly", cron="0 * * * *", inputs={"surface": "moss"})
    schedule = create_schedule(version.template, options)
    assert schedule.next_at is not None
    assert tick_schedules(schedule.next_at) == 1
    job = ended_job(Job.objects.get(), clock)
    assert (job.source, job.status) == ("schedule", "succeeded")


def test_the_seventh_rung_is_ticked_by_an_answered_turn(
    version: TemplateVersion, clock: Clock
) -> None:
    ahead = ladder_of(version)
    assert [rung.state for rung in ahead] == [
        "done", "done", "done", "missing", "locked", "not needed", "locked",
    ]  # fmt: skip
    with pytest.raises(Refusal, match="rung 4"):
        move_label(version.template, "production", 1, seen=None, reason="first")
    job = ended_job(start_job(version.template, {}, source="form")[0], clock)
    climbed = ladder_of(version)
    assert all(rung.is_passed for rung in climbed)
    assert climbed[6].links == [("The job", f"/jobs/{job.pk}/")]
    move_label(version.template, "production", 1, seen=None, reason="first")


def test_nobody_waits_for_events_of_turns(version: TemplateVersion) -> None:
    with pytest.raises(Refusal, match="answered in the call itself"):
        set_delivery(version.template, "poll_and_webhook")


def test_a_file_of_the_version_is_read_again(version: TemplateVersion) -> None:
    for kind in ("yaml", "json"):
        text = write_version(version, kind).replace("paint", f"paint-{kind}", 1)
        again = import_template(text.encode())
        assert (again.prompt, again.file_slots) == (version.prompt, version.file_slots)
        assert again.category == "chat"


def test_a_picture_where_the_model_takes_none_is_refused(run: Run) -> None:
    slot = {"name": "picture", "kind": "video"}
    with pytest.raises(Refusal, match="takes image") as refused:
        promote_run(run, name="Paint", file_slots=[slot])
    assert refused.value.problems[0].field == "file_slots[0].kind"


def test_the_page_proposes_the_message(run: Run, signed_in_client: Client) -> None:
    page = signed_in_client.get(f"/runs/{run.pk}/").content.decode()
    assert "Promote to a template" in page
    page = signed_in_client.get(f"/runs/{run.pk}/promote/").content.decode()
    assert "surface" in page
    assert page.count("the same request") == len(SURFACES)


# --- The kit --------------------------------------------------------------------------------------


def unpack(version: TemplateVersion, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(build_kit(version))) as kit:
        kit.extractall(folder)
    return folder / "paint-v1"


def execute(kit: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=kit,
        env={"PATH": os.environ["PATH"], "RIVYA_API_KEY": KEY, "REQUEST_KEY": "order-1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def turns(chat: Any) -> list[dict[str, Any]]:
    found = httpx.get(f"{chat.base_url}/_sandbox/journal?idempotency_key=order-1").json()
    return list(found["chat_turns"])


def test_python_of_the_kit_asks_one_turn(
    version: TemplateVersion, chat: Any, tmp_path: Path
) -> None:
    kit = unpack(version, tmp_path)
    assert not (kit / "webhook_receiver.py").exists()
    told = execute(kit, sys.executable, "rivya_job.py", "surface=moss", "reasoning_effort=high")
    [turn] = turns(chat)
    assert turn["route"].endswith("/chat/completions")
    assert turn["body"]["message"] == BRIEF.format("moss")
    assert turn["body"]["reasoning_effort"] == "high"
    assert turn["body"]["enable_web_search"] is True
    assert len(turn["body"]["attachments"]) == 1
    assert told.strip()


def test_the_shell_script_of_the_kit_asks_one_turn(
    version: TemplateVersion, chat: Any, tmp_path: Path
) -> None:
    if absent := [tool for tool in ("curl", "jq") if shutil.which(tool) is None]:
        pytest.skip(f"{', '.join(absent)} is not installed here.")
    told = json.loads(execute(unpack(version, tmp_path), "sh", "submit.sh"))
    [turn] = turns(chat)
    assert turn["body"]["message"] == BRIEF.format("slate")
    assert told["message"]["content"]
