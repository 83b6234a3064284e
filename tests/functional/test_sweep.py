"""A sweep of 64 cells through pages and sandbox: started, left, half retried, compared, charged once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client

from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.files.services import store_upload
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.services.feeding import feed_sweeps
from rivya_bridge.sweeps.stability.measuring import measure_experiment
from rivya_bridge.sweeps.stability.selectors import reference_effects
from rivya_bridge.tasks.models import TERMINAL, Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import CLAIMABLE
from tests.sandbox.conftest import png

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

PROMPTS = [
    "A brass compass on a sea chart, morning light",
    "Two foxes crossing a frozen river at dusk",
    "A street market in the rain, red umbrellas",
    "A glass greenhouse at night, lit from within",
    "An old tram climbing a hill between lemon trees",
    "A bowl of blue plums on raw linen",
    "A lighthouse keeper reading by a round window",
    "A kite shaped like a heron over a beach",
]
MODELS = ["flux-2-pro", "gpt-image-2", "midjourney", "nano-banana"]


@pytest.fixture
def vendor(settings: Any, tmp_path: Any) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path / "vendor", choices=Choices(rate_limit=0)) as running:
        settings.RIVYA_BASE_URL = running.base_url
        assert refresh_catalog().error == ""
        refresh_wallet()
        yield running
        close_clients()


def run_to_the_end(sweep: Sweep) -> Sweep:
    """What workers do, one round after the other; nothing is kept between rounds but rows."""
    for _ in range(400):
        feed_sweeps()
        for task_id in list(Task.objects.exclude(status__in=TERMINAL).values_list("pk", flat=True)):
            Task.objects.filter(pk=task_id).update(due_at="2020-01-01T00:00:00Z")
            advance(task_id, CLAIMABLE)
        sweep.refresh_from_db()
        if sweep.is_over:
            return sweep
    raise AssertionError(f"The sweep did not end: {sweep.status}, {sweep.note}")


def journal(vendor: RunningSandbox) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{vendor.base_url}/_sandbox/journal", trust_env=False).json()
    return found


def test_it_works(
    vendor: RunningSandbox,
    signed_in_client: Client,
    django_capture_on_commit_callbacks: Any,
) -> None:
    signed_in_client.post("/experiments/new/", {"title": "Which model?", "category": "image"})
    experiment = Experiment.objects.get()
    file = store_upload(io.BytesIO(png(side=640)), "bottle.png")
    body = {
        "models": MODELS,
        "prompt": "\n---\n".join(PROMPTS),
        "references_kept": [str(file.pk)],
        "with_and_without": "on",
        "repeats": "1",
        "concurrency": "16",
        "form_token": "0c0c1a52-54a3-44a5-9a4c-8f7a5a0c7b33",
    }
    where = f"/experiments/{experiment.pk}/sweep/"
    price = signed_in_client.post(where, {**body, "check": "1"}).content.decode()
    assert "64 runs ≈ 224 credits" in price
    fault = {"scenario": "task_failed", "times": 12}
    httpx.post(
        f"{vendor.base_url}/_sandbox/scenarios", json=fault, trust_env=False
    ).raise_for_status()
    for _ in range(2):  # sent twice
        grid = signed_in_client.post(where, body).headers["Location"]
    sweep = run_to_the_end(Sweep.objects.get())
    assert counts(sweep) == {"succeeded": 52, "failed": 12}
    failed = list(sweep.tries.filter(status="failed").values_list("cell__number", flat=True))
    signed_in_client.post(f"{grid}retry/", {"cell": failed[:6]})
    sweep = run_to_the_end(sweep)
    assert counts(sweep) == {"succeeded": 58, "failed": 6, "retried": 6}
    told = journal(vendor)
    assert sweep.spent_credits == told["charged_credits"]
    assert told["generations_count"] == 70 and len(told["uploads"]) == 1
    done = sweep.tries.filter(status="succeeded").values_list("run_id", flat=True)
    ticked = {"run": [str(run_id) for run_id in done[:2]], "go": "1"}
    board = signed_in_client.post(f"/experiments/{experiment.pk}/tray/", ticked, follow=True)
    assert board.status_code == 200 and board.content.decode().count('class="pane"') == 2
    measure_experiment(experiment.pk)
    pairs = reference_effects(experiment)
    assert len(pairs) == 32
    assert all(one.distance is not None and one.distance > 0 for one in pairs if one.is_complete)


def counts(sweep: Sweep) -> dict[str, int]:
    statuses = list(sweep.tries.values_list("status", flat=True))
    return {status: statuses.count(status) for status in set(statuses)}
