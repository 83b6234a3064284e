"""A chat model in an experiment: a run whose result is the answer."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from rivya_bridge.comparison.matrix import diff_matrix
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.run_code import run_snippets
from rivya_bridge.files.services import store_result
from rivya_bridge.refusals import Refusal
from tests.experiments.factories import make_experiment, start
from tests.tasks.making import Clock, carry, step

pytestmark = pytest.mark.django_db(transaction=True)


def ask(prompt: str = "Name three colours of slate.", **changes: Any) -> Run:
    experiment = changes.pop("experiment", None) or make_experiment(category="chat")
    return start(experiment, model_id="gpt-5-2-chat", prompt=prompt, **changes)


def ended(run: Run, clock: Clock) -> Run:
    assert run.task is not None
    carry(run.task, clock)
    return Run.objects.select_related("task", "experiment").get(pk=run.pk)


def picture() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "#445566").save(file, "PNG")
    file.seek(0)
    return file


def test_it_works(chat: Any, clock: Clock) -> None:
    run = ended(ask(), clock)
    assert run.task is not None
    assert run.status == "succeeded"
    assert run.result_text == run.task.answer_text != ""
    assert run.experiment.spent_credits == run.credits == run.task.final_credits


def test_a_picture_is_uploaded_and_attached_by_its_id(chat: Any, clock: Clock) -> None:
    file = store_result(picture(), "slate.png")
    run = ended(ask(references=[file]), clock)
    assert run.task is not None
    assert run.status == "succeeded"
    [attached] = json.loads(bytes(run.task.request_body))["attachments"]
    assert attached["file_id"] == file.remote_files.get().remote_id


def test_a_model_that_takes_no_pictures_refuses_one_before_sending(chat: Any) -> None:
    file = store_result(picture(), "slate.png")
    with pytest.raises(Refusal, match="takes no reference files"):
        start(
            make_experiment(category="chat"),
            model_id="claude-sonnet-4-6-chat",
            prompt="What is this?",
            references=[file],
        )
    assert not Run.objects.exists()


def test_the_form_takes_a_message_and_the_page_shows_the_answer(
    chat: Any, clock: Clock, signed_in_client: Client
) -> None:
    experiment = make_experiment(category="chat")
    address = f"/experiments/{experiment.pk}/run/"
    shown = signed_in_client.get(address, {"model": "gpt-5-2-chat"})
    assert b'name="references"' in shown.content
    sent = signed_in_client.post(address, {"model": "gpt-5-2-chat", "prompt": "Name a stone."})
    assert sent.status_code == 302
    run = ended(Run.objects.get(), clock)
    page = signed_in_client.get(f"/runs/{run.pk}/").content.decode()
    assert run.result_text.split()[0] in page
    assert "Tokens" in page
    task = signed_in_client.get(f"/tasks/{run.task_id}/").content.decode()
    assert "Session" in task


def test_a_cut_answer_is_shown_and_said_to_be_cut(
    chat: Any, clock: Clock, play: Any, signed_in_client: Client
) -> None:
    play("stream_cut_after_data", times=1)
    play("session_behind")
    run = ask()
    assert run.task is not None
    task = step(run.task, clock)
    page = signed_in_client.get(f"/runs/{run.pk}/").content.decode()
    assert task.answer_text.split()[0] in page
    assert "Cut: the answer ended before its end." in page


def test_answers_are_compared_word_by_word(chat: Any, clock: Clock) -> None:
    experiment = make_experiment(category="chat")
    runs = [ended(ask(p, experiment=experiment), clock) for p in ("Name a stone.", "Name a tree.")]
    assert runs[0].result_text != runs[1].result_text
    [_, answer] = {row.label: row for row in diff_matrix(runs).rows}["answer"].cells
    assert any(kind == "insert" for kind, _ in answer.word_diff)


@pytest.mark.parametrize("attached", [False, True])
def test_copied_python_asks_the_same_and_prints_the_answer(
    attached: bool, chat: Any, clock: Clock, tmp_path: Path, settings: Any
) -> None:
    (tmp_path / "slate.png").write_bytes(picture().read())
    files = [store_result(picture(), "slate.png")] if attached else []
    run = ended(ask(references=files), clock)
    code = dict(run_snippets(run, chat.base_url))
    environment = {**os.environ, "RIVYA_API_KEY": "rvya_sk_sandbox_other"}
    said = subprocess.run(
        [sys.executable, "-c", code["Python (httpx)"]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(said.split()) > 3


def test_copied_shell_asks_the_same(chat: Any, clock: Clock, tmp_path: Path) -> None:
    run = ended(ask('What\'s slate? Say "stone".'), clock)
    code = dict(run_snippets(run, chat.base_url))
    environment = {**os.environ, "RIVYA_API_KEY": "rvya_sk_sandbox_other"}
    said = subprocess.run(
        ["sh", "-c", code["cURL"]], cwd=tmp_path, env=environment, capture_output=True, check=True
    ).stdout
    assert b"completed" in said
