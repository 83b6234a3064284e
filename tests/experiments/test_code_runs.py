"""Copied code runs as it is: of a form, a run and a task, for media and chat, with and without files."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.run_code import run_snippets
from rivya_bridge.files.services import store_upload
from rivya_bridge.tasks.code import BASE_URL
from tests.experiments.factories import add_models, make_experiment, start
from tests.experiments.test_recording import code_of
from tests.sharing.making import noise

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


def at(code: str, base_url: str) -> str:
    """The same code for another server, as a person would point it there."""
    assert BASE_URL in code
    return code.replace(BASE_URL, base_url)


def run(command: list[str], folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "RIVYA_API_KEY": "rvya_sk_sandbox_full"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
