"""Every model that can be run: a run is promoted, and a job with its defaults sends the run's own body.

Both bodies are read from the journal of the sandbox that received them, over a socket.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rivya_bridge.automation.services import start_job
from rivya_bridge.catalog.params import DIALOGUE_KEY, DIALOGUE_MODEL, takes_prompt
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rivya import Model, Param
from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import CLAIMABLE
from tests.experiments.factories import make_experiment, start
from tests.sandbox.conftest import png

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

MODELS = [name for name, entry in load_catalogue().items() if entry["category"] != "chat"]
TRACES = ("client_request_id",)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("round-trip")
    with running_sandbox(folder, choices=Choices(rate_limit=0), balance=1_000_000) as running:
        yield running


@pytest.fixture
def at_home(vendor: RunningSandbox, settings: Any) -> Iterator[RunningSandbox]:
    settings.RIVYA_BASE_URL = vendor.base_url
    assert refresh_catalog().error == ""
    refresh_wallet()
    yield vendor
    close_clients()


def value_of(param: Param, which: int) -> Any:
    """The first or the last value that the model's entry allows; None for what is left out."""
    if param.options:
        return param.options[which]
    bounds = [one for one in (param.min, param.max) if one is not None]
    if param.type == "number" and bounds:
        return bounds[which]
    return param.default or ("calm" if param.required else None)


def params_of(model: Model, which: int) -> dict[str, Any]:
    chosen = {param.key: value_of(param, which) for param in model.params}
    chosen = {key: value for key, value in chosen.items() if value is not None}
    if model.id == DIALOGUE_MODEL:
        chosen[DIALOGUE_KEY] = [{"text": "Hello there.", "voice": "Rachel"}]
    return chosen


def references_of(model: Model) -> list[StoredFile]:
    """One picture where the model takes pictures."""
    media = model.reference_media
    if media is None or "image" not in media.kinds:
        return []
    return [store_upload(io.BytesIO(png(side=640)), "photo.png")]


def carry(task_id: Any) -> Task:
    """The task, carried by hand to its end."""
    for _ in range(12):
        Task.objects.filter(pk=task_id).update(due_at="2020-01-01T00:00Z")
        advance(task_id, CLAIMABLE)
        task = Task.objects.get(pk=task_id)
        if task.is_terminal:
            return task
    return task


def received(vendor: RunningSandbox, task: Task) -> dict[str, Any]:
    """The body that the sandbox wrote down for the task's key, without traces."""
    journal = httpx.get(f"{vendor.base_url}/_sandbox/journal", trust_env=False).json()
    [body] = [
        one["body"]
        for one in journal["generations"]
        if one["idempotency_key"] == task.idempotency_key
    ]
    return {key: value for key, value in body.items() if key not in TRACES}


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("name", MODELS)
def test_a_job_with_its_defaults_sends_what_the_run_sent(
    at_home: RunningSandbox, name: str, which: int
) -> None:
    model = get_model(name)
    run = start(
        make_experiment(),
        model_id=name,
        prompt="A red kettle on slate, café light — 30%" if takes_prompt(model) else "",
        params=params_of(model, which),
        references=references_of(model),
    )
    source = carry(run.task_id)
    assert source.status == "succeeded", source.reason_text
    version = promote_run(Run.objects.get(pk=run.pk), name=f"Round trip {name}")
    job, _ = start_job(version.template, {}, source="form")
    task = carry(job.task_id)
    assert task.status == "succeeded", task.reason_text
    body = received(at_home, source)
    assert body["model"] == name
    assert received(at_home, task) == body


def test_all_models_are_there_but_those_that_chat() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) == 58
    assert len(MODELS) == 52
