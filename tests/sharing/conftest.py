"""An experiment in which everything is that an export has to carry."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.sharing import working
from rivya_bridge.sharing.bulk.looking import receive_runs
from rivya_bridge.sharing.bulk.recording import choose_runs
from rivya_bridge.sharing.models import Staged
from rivya_bridge.tasks.models import Task, TaskAttempt
from rivya_bridge.tasks.services.transitions import add_event
from tests.experiments.factories import add_models, finish, make_experiment, record, start
from tests.sharing.making import noise

SIGNED = "https://cdn.example.com/a.png?X-Amz-Signature=canary-signature"


def keep(content: bytes, name: str) -> StoredFile:
    return store_upload(io.BytesIO(content), name)


def stage_runs(experiment: Experiment, stream: io.BytesIO, name: str, **given: str) -> Staged:
    """Sent and looked at."""
    return working.finish(receive_runs(experiment, stream, name, **given))


def import_runs(staged: Staged, chosen: list[int] | None = None) -> Staged:
    """Confirmed and recorded."""
    return working.finish(choose_runs(staged, chosen))


@pytest.fixture
def models(db: None) -> None:
    add_models("z-image", "flux-2-pro", "google-imagen4-fast", "gpt-5-2-chat")


@pytest.fixture
def stored(settings: object, data_dir: Path) -> Callable[[], tuple[int, int, int]]:
    """Rows of the vault, files in it, and files that wait; to be equal before and after a refusal."""

    def count() -> tuple[int, int, int]:
        folders = (data_dir / "files", data_dir / "imports")
        vault, staged = (sum(one.is_file() for one in folder.rglob("*")) for folder in folders)
        return StoredFile.objects.count(), vault, staged

    return count


@pytest.fixture
def rich(models: None, no_bell: None) -> SimpleNamespace:
    """Studio and API runs, lineage, votes, a comparison; one run failed, one is still open."""
    experiment = make_experiment(
        title="Bottle on slate", question="Which model?", brief="Readable.", tags=["a", "é"]
    )
    red, blue, reference = (keep(noise(n), f"{name}.png") for n, name in enumerate("rbx"))
    first = record(
        experiment, results=[red, blue], references=[reference], credits=4, rating=5, note="Good."
    )
    second = start(
        experiment, model_id="flux-2-pro", params={"resolution": "2K"}, references=[reference],
        continues_from=first,
    )  # fmt: skip
    finish(second.task, blue, credits=9)
    task = Task.objects.get(pk=second.task_id)
    task.outputs.update(url=SIGNED)
    Task.objects.filter(pk=task.pk).update(
        remote_payload={"result": [SIGNED]}, request_id="req_1", reason_text="", attempts=1
    )
    TaskAttempt.objects.create(
        task=task, number=1, started_at=timezone.now(), outcome="accepted", http_status=202
    )
    add_event(task, "done", "It is done.", credits=9)
    failed = start(experiment, prompt="Another")
    finish(failed.task, credits=0, status="failed")
    waiting = start(experiment, prompt="A third")
    chat = record(
        experiment,
        model_id="gpt-5-2-chat",
        prompt="Say it",
        result_text="Slate.",
        verdict="accepted",
    )
    now = timezone.now()
    Ballot.objects.create(
        experiment=experiment, left=first, right=second, outcome="right", voted_at=now
    )
    Ballot.objects.create(
        experiment=experiment, left=second, right=first, outcome="tie", voted_at=now, undone_at=now
    )
    comparison = save_comparison(
        experiment, "Which one?", [first, Run.objects.get(pk=second.pk)], winner=first,
        conclusion="The first.", view_state="view=wipe&pair=AB",
    )  # fmt: skip
    return SimpleNamespace(
        experiment=Experiment.objects.get(pk=experiment.pk),
        first=first,
        second=second,
        failed=failed,
        waiting=waiting,
        chat=chat,
        comparison=comparison,
        files=[red, blue, reference],
    )
