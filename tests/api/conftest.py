"""A workspace that every route has something to answer about, and what may never change in it."""

import io
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from rivya_bridge.automation.services import start_job
from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Run
from rivya_bridge.promotion.services import promote_run
from tests.experiments.factories import (
    add_models,
    finish,
    make_experiment,
    make_file,
    record,
    start,
)


@pytest.fixture
def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "teal").save(out, "PNG")
    return out.getvalue()


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
    """An experiment with a finished, a queued and a Studio run, a template, a job, a comparison."""
    read_models()
    experiment = make_experiment()
    queued = start(experiment)
    done = start(experiment, model_id="google-imagen4-fast", prompt="A red bottle on slate")
    finish(done.task, make_file("result.png"), credits=9)
    done = Run.objects.get(pk=done.pk)
    studio = record(experiment)
    version = promote_run(
        done, name="Bottle banner", prompt="A {{ color }} bottle on slate", exposed_params=["seed"]
    )
    job, _ = start_job(version.template, {}, source="api")
    return SimpleNamespace(
        experiment=experiment,
        queued=queued,
        done=done,
        studio=studio,
        template=version.template,
        job=job,
        file=make_file("reference.png"),
        comparison=save_comparison(experiment, title="Both", runs=[done, studio]),
    )


@pytest.fixture
def row_counts(db) -> Callable[[], dict[str, int]]:
    """Rows of every table of the product but those that reading may touch."""

    def count() -> dict[str, int]:
        models = [m for m in apps.get_models() if m.__module__.startswith("rivya_bridge.")]
        return {model.__name__: model._default_manager.count() for model in models}

    return count


@pytest.fixture
def post(api_client: Client) -> Callable[..., Any]:
    """post("/templates/x/jobs", {...}, key="k") sends JSON below /api/v1."""

    def send(path: str, body: Any, key: str | None = None) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return api_client.post(
            f"/api/v1{path}", body, content_type="application/json", headers=headers
        )

    return send


@pytest.fixture
def get(api_client: Client) -> Callable[..., Any]:
    def read(path: str, **query: str) -> Any:
        return api_client.get(f"/api/v1{path}", query)

    return read
