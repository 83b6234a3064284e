"""A workspace in which everything that a page can show exists, some of it hostile."""

import io
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone
from PIL import Image

from rivya_bridge.automation.services import start_job
from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Run
from rivya_bridge.notices.models import Attempt, Delivery
from rivya_bridge.notices.services import EndpointOptions, create_endpoint
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.sweeps.plans import read_plan
from rivya_bridge.sweeps.services import start_sweep
from rivya_bridge.sweeps.services.feeding import feed_sweep
from rivya_bridge.tasks.models import Status, Task, TaskEvent
from rivya_bridge.webhooks.models import Endpoint as WebhookEndpoint
from rivya_bridge.webhooks.models import Event
from tests.experiments.factories import (
    add_models,
    finish,
    make_experiment,
    make_file,
    record,
    start,
)

HOSTILE = "<script>alert('x')</script>"
ACCEPTED = (Status.RUNNING, Status.SAVING, Status.SUCCEEDED)


@pytest.fixture
def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "teal").save(out, "PNG")
    return out.getvalue()


def _in_status(run: Run, status: str) -> Run:
    """The run with its task moved to a status, with all that its pages may show."""
    task = Task.objects.get(pk=run.task_id)
    is_accepted = status in ACCEPTED
    Task.objects.filter(pk=task.pk).update(
        status=status,
        remote_id=f"task_{task.pk.hex}" if is_accepted else None,
        remote_status=HOSTILE if is_accepted else "",
        remote_payload={"prompt": HOSTILE} if is_accepted else None,
        reason="" if is_accepted or status == Status.QUEUED else "generation_failed",
        reason_text=HOSTILE,
        error_code="failed" if status == Status.FAILED else "",
        error_message=HOSTILE if status == Status.FAILED else "",
        held_from="queued" if status == Status.HELD else "",
        accepted_at=timezone.now() if is_accepted else None,
    )
    TaskEvent.objects.create(task=task, seq=99, at=timezone.now(), kind="note", text=HOSTILE)
    return run


def read_models() -> None:
    """Some entries of the model list, as if read a moment ago."""
    add_models("z-image", "google-imagen4-fast", "flux-2-pro", "seedance-1-0-pro", "gpt-5-2-chat")
    now = timezone.now()
    CatalogRefresh.objects.update_or_create(
        account=current_connection().account,
        defaults={"refreshed_at": now, "tried_at": now, "model_count": 5},
    )


@pytest.fixture
def models(db) -> None:
    read_models()


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The workspace, made once for a module: in a transaction around those of its tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_place()
        transaction.set_rollback(True)


@pytest.fixture
def place(filled: SimpleNamespace, db) -> SimpleNamespace:
    return filled


def build_place() -> SimpleNamespace:
    read_models()
    experiment = make_experiment(title=f"Bottle {HOSTILE}", question=HOSTILE, tags=[HOSTILE])
    by_status = {
        status: _in_status(start(experiment, prompt=f"A {HOSTILE} {status}"), status)
        for status in Status.values
    }
    file = make_file(f"{HOSTILE}.png", preview_width=8, preview_height=8)
    sound = make_file("sound.mp3", kind="audio", mime_type="audio/mpeg", duration_seconds=2.0)
    clip = make_file("clip.mp4", kind="video", mime_type="video/mp4", duration_seconds=2.0)
    done = start(
        experiment,
        model_id="flux-2-pro",
        prompt=f"A red {HOSTILE}",
        references=[make_file("a.png")],
    )
    finish(done.task, file, sound, clip, credits=9)
    done = Run.objects.get(pk=done.pk)
    studio = record(experiment, results=[file, sound, clip], result_text=HOSTILE, note=HOSTILE)
    version = promote_run(
        done,
        name=f"Banner {HOSTILE}",
        slug="banner",
        description=HOSTILE,
        prompt="A {{ color }} <script>alert('x')</script>",
        variables=[{"name": "color", "label": HOSTILE}],
        exposed_params=["resolution"],
    )
    job, _ = start_job(version.template, {}, source="form")
    jobs = {}
    for status in Status.values:
        one, _ = start_job(version.template, {}, source="form")
        _in_status(one, status)
        jobs[status] = one
    endpoint, _ = create_endpoint(EndpointOptions("webhook", "https://example.com/hook"))
    told, _ = start_job(version.template, {}, source="form")
    finish(told.task)
    delivery = Delivery.objects.get()
    Attempt.objects.create(
        delivery=delivery, at=timezone.now(), is_success=False, http_status=500, text=HOSTILE
    )
    hook = WebhookEndpoint.objects.create(
        account="another",
        remote_id="whend_1",
        name=HOSTILE,
        url=f"https://example.com/{HOSTILE}",
        token="token",
        secret="",
    )
    event = Event.objects.create(
        endpoint=hook,
        event_id=HOSTILE,
        type=HOSTILE,
        remote_id=HOSTILE,
        signature="refused",
        state="refused",
        problem=HOSTILE,
        headers=[["x-note", HOSTILE]],
        body=HOSTILE.encode(),
        received_at=timezone.now(),
        task=told.task,
    )
    sweep, _ = start_sweep(
        experiment,
        read_plan({"models": ["z-image"], "prompts": [HOSTILE, "A cup"], "title": HOSTILE}),
    )
    feed_sweep(sweep.pk)
    finish(Task.objects.get(run__sweep_try__ordinal=1), status="failed")
    return SimpleNamespace(
        sweep=sweep,
        hook=hook,
        event=event,
        endpoint=endpoint,
        delivery=delivery,
        experiment=experiment,
        by_status=by_status,
        jobs=jobs,
        done=done,
        studio=studio,
        template=version.template,
        job=job,
        file=file,
        comparison=save_comparison(
            experiment, title=HOSTILE, runs=[done, studio], conclusion=HOSTILE
        ),
    )
