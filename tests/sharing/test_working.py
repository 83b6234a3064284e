"""Imports in the background: seen, left, died on, taken over, canceled."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rivya_bridge.comparison.models import Ballot, Comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.refusals import Conflict
from rivya_bridge.sharing import background
from rivya_bridge.sharing.bulk.recording import record_chosen
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.restoring import rows
from rivya_bridge.sharing.portable.services import (
    choose_experiment,
    receive_experiment,
    restore_staged,
)
from rivya_bridge.sharing.progress import Claim, Stopped
from rivya_bridge.sharing.staging import expire_staged, path_of
from rivya_bridge.sharing.working import MOST_ATTEMPTS, carry_on, carry_on_now, ring_due, stop
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.tasks.leases import new_owner
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.sharing.conftest import stage_runs
from tests.sharing.making import make_zip, noise
from tests.sharing.test_portable import documents, exported
from tests.sweeps.making import make_sweep

pytestmark = pytest.mark.django_db


class Death(BaseException):
    """As a kill would end it: nothing is tidied up."""


class Dying(Claim):
    """A worker that dies when it is about to keep something after `lives` things; what it only tells
    of its progress does not count."""

    def __init__(self, staged: Staged, lives: int) -> None:
        Staged.objects.filter(pk=staged.pk).update(worker="dying", lease_until=timezone.now())
        super().__init__(Staged.objects.get(pk=staged.pk), None)
        self._lives = lives

    def keep(self, **fields: Any) -> None:
        if fields and self._lives == 0:
            raise Death
        self._lives -= bool(fields)
        super().keep(**fields)


@pytest.fixture
def bells(monkeypatch: Any) -> list[str]:
    rung: list[str] = []
    monkeypatch.setattr(background.carry_on_import, "delay", rung.append)
    return rung


@pytest.fixture
def at_once_nothing(settings: Any, bells: list[str]) -> None:
    """Nobody waits for anything: all of it is the background's."""
    settings.IMPORT_AT_ONCE_SECONDS = -1


@pytest.fixture
def content(rich: Any) -> bytes:
    make_sweep(rich.experiment, models=["z-image"], params={"aspectRatio": "1:1, 16:9"})
    Sweep.objects.update(status="paused")
    Task.objects.filter(pk=rich.waiting.task_id).update(status="canceled", reason="by_person")
    return exported(Experiment.objects.get(pk=rich.experiment.pk))


@pytest.fixture
def ready(content: bytes, bells: list[str]) -> Staged:
    return carry_on_now(receive_experiment(io.BytesIO(content), "bottle.zip"))


@pytest.fixture
def importing(ready: Staged, monkeypatch: Any) -> Staged:
    """Confirmed, and restored in portions of two rows."""
    monkeypatch.setattr(rows, "GROUP", 2)
    return choose_experiment(ready, again=True)


def upload(content: bytes, name: str = "bottle.zip") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def counts() -> tuple[int, ...]:
    models = (Run, Task, Ballot, Comparison, Sweep)
    return (Experiment.everything.count(), *(model.objects.count() for model in models))


def made_of(staged: Staged) -> Experiment:
    staged.refresh_from_db()
    assert staged.status == "done"
    return Experiment.objects.get(pk=staged.outcome["experiment"])


@pytest.mark.usefixtures("at_once_nothing")
def test_it_works(content: bytes, signed_in_client: Any, bells: list[str]) -> None:
    answer = signed_in_client.post("/experiments/import/", {"file": upload(content)})
    where = answer.headers["Location"]
    staged = Staged.objects.get()
    assert (staged.status, bells) == ("looking", [str(staged.pk)])
    assert staged.attempts == 0, "that somebody waits no longer is no failure"
    page = signed_in_client.get(where).content.decode()
    assert "It is being looked at" in page and "<noscript><meta" in page
    part = signed_in_client.get(where, headers={"HX-Request": "true"})
    assert part.content.decode().startswith('<div id="import-working"')
    background.carry_on_import(bells.pop())
    left = signed_in_client.get(where, headers={"HX-Request": "true"})
    assert left.headers["HX-Refresh"] == "true"
    assert "It is here already" in signed_in_client.get(where).content.decode()
    count = Experiment.objects.count()
    again = signed_in_client.post(f"{where}import/", {"again": "1"})
    assert again.headers["Location"] == where
    assert "It is being imported" in signed_in_client.get(where).content.decode()
    assert Experiment.objects.count() == count
    background.carry_on_import(bells.pop())
    assert Experiment.objects.count() == count + 1
    assert documents(exported(made_of(staged))) == documents(content)
    assert "It is imported." in signed_in_client.get(where).content.decode()
    assert not path_of(staged).exists()


def test_nobody_sees_it_before_its_last_row_is_there(importing: Staged) -> None:
    before = Experiment.objects.count()
    with pytest.raises(Death):
        restore_staged(Dying(importing, 3))
    assert Experiment.objects.count() == before
    [arriving] = Experiment.everything.filter(is_arriving=True)
    assert arriving.runs.exists()
    importing.refresh_from_db()
    assert 0 < importing.done_count < importing.total_count


def test_whenever_a_worker_dies_the_next_one_makes_the_same(
    importing: Staged, content: bytes
) -> None:
    """Each worker keeps one thing and is killed, until there is nothing more to keep."""
    before = Experiment.objects.count()
    deaths = 0
    while Staged.objects.get(pk=importing.pk).status == "importing" and deaths < 100:
        try:
            restore_staged(Dying(importing, 1))
        except Death:
            deaths += 1
    # The experiment, three portions of runs, and one each of comparisons, votes, sweeps and cells.
    assert deaths >= 7
    assert Experiment.objects.count() == before + 1
    assert documents(exported(made_of(importing))) == documents(content)


def test_a_canceled_import_leaves_nothing_and_can_be_confirmed_again(
    importing: Staged, content: bytes, stored: Any
) -> None:
    before = counts()
    files = stored()
    for lives in (0, 1, 3, 6):
        with pytest.raises(Death):
            restore_staged(Dying(importing, lives))
        stop(importing)
        importing.refresh_from_db()
        assert (importing.status, importing.made) == ("ready", {})
        assert counts() == before and stored() == files
        importing = choose_experiment(importing, again=True)
    carry_on(importing.pk)
    assert documents(exported(made_of(importing))) == documents(content)


def test_a_worker_that_was_stopped_keeps_nothing_more(importing: Staged) -> None:
    claim = Dying(importing, 100)
    stop(importing)
    with pytest.raises(Stopped):
        restore_staged(claim)
    assert not Experiment.everything.filter(is_arriving=True).exists()


def test_what_is_done_cannot_be_canceled(importing: Staged, signed_in_client: Any) -> None:
    carry_on(importing.pk)
    made = made_of(importing)
    page = signed_in_client.post(f"/imports/{importing.pk}/discard/", follow=True).content.decode()
    assert "imported before it could be canceled" in page
    assert Experiment.objects.filter(pk=made.pk).exists()


def test_one_that_is_held_is_left_alone(importing: Staged) -> None:
    ahead = timezone.now() + timedelta(seconds=30)
    Staged.objects.filter(pk=importing.pk).update(worker="another", lease_until=ahead)
    carry_on(importing.pk)
    importing.refresh_from_db()
    assert (importing.status, importing.worker) == ("importing", "another")


def test_the_sweep_rings_for_what_a_dead_worker_left(importing: Staged, bells: list[str]) -> None:
    boot, pid, start, nonce = new_owner().split(":")
    dead = ":".join((boot, pid, f"{start}1", nonce))
    ahead = timezone.now() + timedelta(seconds=50)
    Staged.objects.filter(pk=importing.pk).update(worker=new_owner(), lease_until=ahead)
    bells.clear()
    sweep_rows()
    assert not bells, "its worker lives"
    Staged.objects.filter(pk=importing.pk).update(worker=dead)
    sweep_rows()
    assert bells == [str(importing.pk)]
    sweep_rows()
    assert len(bells) == 1, "not at every sweep"
    ring_due(timezone.now() + timedelta(seconds=11))
    assert len(bells) == 2


def test_what_breaks_off_again_and_again_is_given_up(importing: Staged) -> None:
    before = counts()
    with pytest.raises(Death):
        restore_staged(Dying(importing, 3))
    Staged.objects.filter(pk=importing.pk).update(attempts=MOST_ATTEMPTS, lease_until=None)
    carry_on(importing.pk)
    importing.refresh_from_db()
    assert importing.status == "ready"
    assert f"broke off {MOST_ATTEMPTS} times" in importing.refusal["message"]
    assert counts() == before


def test_bytes_that_changed_while_they_lay_there_are_refused(
    importing: Staged, signed_in_client: Any
) -> None:
    before = counts()
    path_of(importing).write_bytes(make_zip({"manifest.json": b"{}"}))
    carry_on(importing.pk)
    page = signed_in_client.get(f"/imports/{importing.pk}/").content.decode()
    assert "It was not imported" in page and "of another product" in page
    assert counts() == before


def test_what_is_refused_in_the_background_says_so_and_is_gone(
    signed_in_client: Any, bells: list[str], stored: Any
) -> None:
    before = stored()
    staged = receive_experiment(io.BytesIO(make_zip({"a.txt": b"hello"})), "bottle.zip")
    background.carry_on_import(str(staged.pk))
    page = signed_in_client.get(f"/imports/{staged.pk}/").content.decode()
    assert "It was not taken" in page and "it has no manifest.json" in page
    assert stored() == before


def test_looking_can_be_canceled(content: bytes, settings: Any, bells: list[str]) -> None:
    settings.IMPORT_AT_ONCE_SECONDS = -1
    staged = carry_on_now(receive_experiment(io.BytesIO(content), "bottle.zip"))
    claim = Dying(staged, 100)
    stop(staged)
    assert not Staged.objects.exists() and not path_of(staged).exists()
    with pytest.raises(Stopped):
        claim.keep()


def test_what_is_being_imported_does_not_expire(importing: Staged) -> None:
    expire_staged(timezone.now() + timedelta(days=3))
    assert Staged.objects.filter(pk=importing.pk).exists() and path_of(importing).exists()


# --- Runs -----------------------------------------------------------------------------------------


def test_many_runs_go_on_in_the_background_too(
    rich: Any, at_once_nothing: None, signed_in_client: Any, bells: list[str], monkeypatch: Any
) -> None:
    from rivya_bridge.sharing.views import bulk

    monkeypatch.setattr(bulk, "ensure_catalog", lambda: None)
    count = rich.experiment.runs.count()
    content = make_zip({"a.png": noise(21), "b.png": noise(22)})
    sent = {"file": upload(content, "runs.zip"), "model": "z-image", "prompt": "A"}
    where = signed_in_client.post(f"/experiments/{rich.experiment.pk}/import/", sent).headers[
        "Location"
    ]
    assert "It is being looked at" in signed_in_client.get(where).content.decode()
    background.carry_on_import(bells.pop())
    assert "2 of 2 are ticked" in signed_in_client.get(where).content.decode()
    signed_in_client.post(f"{where}import/", {"row": ["0", "1"]})
    assert rich.experiment.runs.count() == count
    background.carry_on_import(bells.pop())
    assert rich.experiment.runs.count() == count + 2
    assert "2 runs recorded from it." in signed_in_client.get(where).content.decode()


def test_a_worker_that_dies_has_recorded_nothing(rich: Any, bells: list[str]) -> None:
    content = make_zip({f"{n}.png": noise(30 + n) for n in range(4)})
    staged = stage_runs(rich.experiment, io.BytesIO(content), "runs.zip", model="z-image")
    Staged.objects.update(status="importing", chosen=[0, 1, 2, 3])
    count = Run.objects.count()
    with pytest.raises(Death):
        record_chosen(Dying(Staged.objects.get(pk=staged.pk), 0))
    assert Run.objects.count() == count
    Staged.objects.update(lease_until=None)
    carry_on(staged.pk)
    assert Run.objects.count() == count + 4


# --- The HTTP API ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once_nothing")
def test_the_api_says_how_far_it_is(content: bytes, api_client: Any, bells: list[str]) -> None:
    sent = api_client.post("/api/v1/experiments/import?again=true", {"file": upload(content)})
    assert (sent.status_code, sent.json()["status"]) == (202, "looking")
    where = f"/api/v1/imports/{sent.json()['id']}"
    assert api_client.get(where).json()["experiment_id"] is None
    background.carry_on_import(bells.pop())
    told = api_client.get(where).json()
    assert told["status"] == "done"
    assert Experiment.objects.get(pk=told["experiment_id"]).title == "Bottle on slate"
    assert api_client.delete(where).status_code == 409


@pytest.mark.usefixtures("at_once_nothing")
def test_the_api_cancels(content: bytes, api_client: Any, bells: list[str]) -> None:
    before = counts()
    sent = api_client.post("/api/v1/experiments/import?again=true", {"file": upload(content)})
    where = f"/api/v1/imports/{sent.json()['id']}"
    assert api_client.delete(where).status_code == 204
    assert api_client.get(where).status_code == 404
    background.carry_on_import(bells.pop())
    assert counts() == before


def test_a_second_one_is_asked_for_before_it_is_confirmed(ready: Staged) -> None:
    with pytest.raises(Conflict, match="here already"):
        choose_experiment(ready, again=False)
