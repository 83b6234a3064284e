"""A file's removal against another connection that begins to use it: it stays, or the use is refused."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from rivya_bridge.automation.cell_files import CellFiles
from rivya_bridge.experiments.models import Experiment, Run, RunResult
from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.removing import GRACE, Removed, removable_files, remove_files
from rivya_bridge.files.selectors import get_files
from rivya_bridge.files.services import store_upload
from rivya_bridge.refusals import Problem, Refusal
from tests.experiments.factories import add_models, make_experiment, record
from tests.tasks.fault_matrix.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MOST_SECONDS = 60
NOTING, DELETING = 'UPDATE "files_storedfile" SET "seen_at"', 'DELETE FROM "files_storedfile"'


@pytest.fixture
def experiment() -> Experiment:
    add_models("z-image")
    return make_experiment()


@pytest.fixture
def old(settings: Any, tmp_path: Any, picture: Callable[..., bytes]) -> StoredFile:
    """A file that nothing uses and that nobody asked for lately."""
    settings.FILES_DIR = tmp_path / "files"
    file = store_upload(io.BytesIO(picture()), "old.png")
    StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
    file.refresh_from_db()
    return file


class Gate:
    """Where one connection waits until the other has got as far as a test wants it."""

    def __init__(self) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()

    def wait_until_reached(self) -> None:
        assert self._reached.wait(MOST_SECONDS)

    def open(self) -> None:
        self._opened.set()

    def pass_through(self) -> None:
        self._reached.set()
        assert self._opened.wait(MOST_SECONDS)

    @contextmanager
    def before(self, words: str) -> Iterator[None]:
        """Stands before the first statement of this thread's connection that begins so."""

        def wait(execute: Any, sql: str, *rest: Any) -> Any:
            if sql.startswith(words) and not self._reached.is_set():
                self.pass_through()
            return execute(sql, *rest)

        with connection.execute_wrapper(wait):
            yield


class Work:
    """Something done in a thread with a database connection of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._given: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._given.append(work())
        except Exception as error:
            self._given.append(error)
        finally:
            connection.close()

    def result(self) -> Any:
        self._thread.join(MOST_SECONDS)
        [given] = self._given
        return given


def use(experiment: Experiment, file: StoredFile) -> Run:
    """As a page does it: the file is asked for by its id, and then written down."""
    return record(experiment, results=get_files([file.pk], field="results"))


def remove(file: StoredFile) -> Removed:
    now = timezone.now()
    return remove_files([file], now)


def check_it_stayed(file: StoredFile) -> None:
    assert RunResult.objects.get().file_id == file.pk
    assert store.path_of(file.sha256).is_file()


def check_it_is_gone(file: StoredFile, answer: Any) -> None:
    assert isinstance(answer, Refusal), answer
    assert answer.problems[0].field == "results"
    assert f"There is no file '{file.pk}' here: upload it first." in answer.message
    assert not Run.objects.exists() and not StoredFile.objects.exists()
    assert not store.path_of(file.sha256).exists()


def test_a_use_that_comes_first_keeps_the_file(experiment: Experiment, old: StoredFile) -> None:
    gate, listed = Gate(), removable_files(timezone.now())
    assert listed == [old]

    def ask_and_use() -> Run:
        files = get_files([old.pk])
        gate.pass_through()
        return record(experiment, results=files)

    user = Work(ask_and_use)
    gate.wait_until_reached()
    assert remove(old).left == 1
    gate.open()
    assert isinstance(user.result(), Run)
    check_it_stayed(old)


def test_a_removal_between_the_look_and_the_note_is_told(
    experiment: Experiment, old: StoredFile
) -> None:
    gate = Gate()

    def ask_and_use() -> Run:
        with gate.before(NOTING):
            return use(experiment, old)

    user = Work(ask_and_use)
    gate.wait_until_reached()
    assert remove(old).files == 1
    gate.open()
    check_it_is_gone(old, user.result())


def test_a_use_that_begins_while_the_row_is_being_removed_is_told(
    experiment: Experiment, old: StoredFile
) -> None:
    removing, using = Gate(), Gate()

    def remove_slowly() -> Removed:
        with removing.before(DELETING):
            return remove(old)

    def ask_and_use() -> Run:
        with using.before(NOTING):
            return use(experiment, old)

    remover = Work(remove_slowly)
    removing.wait_until_reached()
    user = Work(ask_and_use)
    using.wait_until_reached()  # it has seen the row, which is locked by now
    using.open()
    removing.open()
    assert remover.result().files == 1
    check_it_is_gone(old, user.result())


def test_a_cell_of_a_table_that_names_a_file_being_removed_is_told(old: StoredFile) -> None:
    gate = Gate()

    def look_up() -> list[Problem]:
        cells, problems = CellFiles(), []
        with gate.before(NOTING):
            cells.load([old.name])
        cells.to_ids(problems, {"photo": old.name}, ["photo"])
        return problems

    user = Work(look_up)
    gate.wait_until_reached()
    assert remove(old).files == 1
    gate.open()
    [problem] = user.result()
    assert "there is no file 'old.png' in the vault" in problem.message


def test_a_cell_of_a_table_keeps_the_file_that_it_names(old: StoredFile) -> None:
    assert removable_files(timezone.now()) == [old]
    CellFiles().load([old.name])
    assert remove(old).left == 1
    assert removable_files(timezone.now() + timedelta(hours=1)) == []


def test_whoever_comes_first_no_row_names_a_file_that_is_gone(
    experiment: Experiment, old: StoredFile
) -> None:
    """Unguided, a few times: whichever way each goes, one of the two holds."""
    content = store.path_of(old.sha256).read_bytes()
    for number in range(6):
        file = store_upload(io.BytesIO(content), "old.png")
        RunResult.objects.all().delete()
        Run.objects.all().delete()
        StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
        works = [lambda file=file: use(experiment, file), lambda file=file: remove(file)]
        answer, removed = at_once(*works) if number % 2 else reversed(at_once(*reversed(works)))
        if removed.files:
            check_it_is_gone(file, answer)
        else:
            assert isinstance(answer, Run), answer
            check_it_stayed(file)
