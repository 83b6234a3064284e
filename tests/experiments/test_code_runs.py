"""Copied code runs as it is: of a form, a run, a task and a sending, for media and chat, with and without
files."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.experiments.run_code import run_snippets
from rivya_bridge.files.models import RemoteFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.tasks.code import BASE_URL
from tests.experiments.factories import add_models, make_experiment, start
from tests.experiments.test_recording import code_of
from tests.sharing.making import noise
from tests.tasks.making import carry, make_task, moving_clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        any(
            subprocess.run(["which", tool], capture_output=True).returncode
            for tool in ("curl", "jq")
        ),
        reason="needs curl and jq",
    ),
]
PROMPT = 'It\'s a "cup"\n$HOME'
CALLS = {
    "media": ("z-image", {}, False),
    "media with a reference": ("flux-2-pro", {"resolution": "2K"}, True),
    "chat": ("gpt-5-2-chat", {}, False),
    "chat with a picture": ("gpt-5-2-chat", {}, True),
}


def of_form(model: str, params: dict[str, str], files: list[Any], client: Client) -> dict[str, str]:
    experiment = make_experiment()
    given = {
        "model": model,
        "prompt": PROMPT,
        "code": "1",
        "references_kept": [str(file.pk) for file in files],
        **{f"param-{key}": value for key, value in params.items()},
    }
    page = client.post(f"/experiments/{experiment.pk}/run/", given)
    return code_of(page.content.decode())


def of_run(model: str, params: dict[str, str], files: list[Any], client: Client) -> dict[str, str]:
    run = start(make_experiment(), model_id=model, prompt=PROMPT, params=params, references=files)
    return dict(run_snippets(run))


def of_task(model: str, params: dict[str, str], files: list[Any], client: Client) -> dict[str, str]:
    run = start(make_experiment(), model_id=model, prompt=PROMPT, params=params, references=files)
    return code_of(client.get(f"/tasks/{run.task_id}/").content.decode())


@pytest.fixture
def ready(sandbox: Any, no_bell: None) -> str:
    from django.utils import timezone

    add_models("z-image", "flux-2-pro", "gpt-5-2-chat")
    now = timezone.now()
    CatalogRefresh.objects.create(
        account=current_connection().account, refreshed_at=now, tried_at=now, model_count=3
    )
    return str(sandbox.base_url)


@pytest.mark.parametrize("source", [of_form, of_run, of_task])
@pytest.mark.parametrize("call", CALLS)
def test_it_runs(
    ready: str, signed_in_client: Client, tmp_path: Path, source: Any, call: str
) -> None:
    model, params, has_file = CALLS[call]
    content = noise(7, (64, 64))
    (tmp_path / "a.png").write_bytes(content)
    files = [store_upload(io.BytesIO(content), "a.png")] if has_file else []
    code = source(model, params, files, signed_in_client)
    shell = run(["sh", "-c", at(code["cURL"], ready)], tmp_path)
    # The wait between two looks alone is made shorter: time in the sandbox runs a thousandfold.
    python = at(code["Python (httpx)"], ready).replace("time.sleep(5)", "time.sleep(0.05)")
    said = run([sys.executable, "-c", python], tmp_path)
    if call.startswith("chat"):
        assert "completed" in shell
        assert len(said.split()) > 3
    else:
        assert f'"model":"{model}"' in shell.replace(" ", "")
        assert "http" in said and "error" not in said.lower()
    assert ready in code["TypeScript"].replace(BASE_URL, ready)


def test_each_sending_of_a_task_runs_with_the_addresses_that_it_sent(
    ready: str, signed_in_client: Client, tmp_path: Path
) -> None:
    content = noise(7, (64, 64))
    file = store_upload(io.BytesIO(content), "a.png")
    asked = {"model": get_model("flux-2-pro"), "prompt": PROMPT, "references": [file]}
    with moving_clock() as clock:
        carry(make_task(**asked), clock)
        old = RemoteFile.objects.get()
        refusal = {"scenario": "unknown_error", "status": 404, "code": old.remote_id, "times": 1}
        httpx.post(f"{ready}/_sandbox/scenarios", json=refusal).raise_for_status()
        task = carry(make_task(**asked), clock)
    new = RemoteFile.objects.get()
    assert (task.status, task.attempts) == ("succeeded", 2)
    assert old.url != new.url
    for number, url in ((1, old.url), (2, new.url)):
        page = signed_in_client.get(f"/tasks/{task.pk}/sendings/{number}/").content.decode()
        code = code_of(page)
        for language, command in (
            ("cURL", ["sh", "-c"]),
            ("Python (httpx)", [sys.executable, "-c"]),
        ):
            assert url in code[language]
            accepted = json.loads(run([*command, code[language]], tmp_path))
            assert accepted["model"] == "flux-2-pro"
            assert accepted["id"] != task.remote_id


def test_a_continued_conversation_goes_on_in_its_session(
    ready: str, signed_in_client: Client, tmp_path: Path
) -> None:
    """Rivya takes no earlier turns, only the session's id."""
    model = get_model("gpt-5-2-chat")
    with moving_clock() as clock:
        first = carry(make_task(model=model, prompt="Name three colours."), clock)
        second = carry(make_task(model=model, prompt=PROMPT, session_id=first.session_id), clock)
    assert second.session_id == first.session_id
    pages = [f"/tasks/{second.pk}/", f"/tasks/{second.pk}/sendings/1/"]
    for page in pages:
        code = code_of(signed_in_client.get(page).content.decode())
        run(["sh", "-c", at(code["cURL"], ready)], tmp_path)
        run([sys.executable, "-c", at(code["Python (httpx)"], ready)], tmp_path)
        assert first.session_id in code["TypeScript"]
    session = rivya_client().chat.sessions.retrieve(first.session_id)
    asked = [one.content for one in session.messages if one.role == "user"]
    assert asked == ["Name three colours.", *[PROMPT] * 5]


def at(code: str, base_url: str) -> str:
    """The same code for another server, as a person would point it there."""
    assert BASE_URL in code or base_url in code
    return code.replace(BASE_URL, base_url)


def run(command: list[str], folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "RIVYA_API_KEY": "rvya_sk_sandbox_full"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
