"""Removing what nothing uses, and nothing else."""

import io
import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.files import store
from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.files.removing import (
    GRACE,
    adding,
    pointing_fields,
    removable_files,
    remove_files,
    remove_strays,
)
from rivya_bridge.files.selectors import get_files
from rivya_bridge.files.services import store_upload
from rivya_bridge.files.strays import stray_bytes, without_bytes
from rivya_bridge.files.uses import uses_of
from tests.experiments.factories import add_models, finish, make_experiment, record, start

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def later():
    """A moment at which what is added now was not asked for lately."""
    return timezone.now() + GRACE + timedelta(minutes=1)


@pytest.fixture
def keep(picture):
    def add(name: str, colour: str) -> StoredFile:
        return store_upload(io.BytesIO(picture("PNG", (400, 300), colour=colour)), name)

    return add


def on_disk(file: StoredFile) -> list[str]:
    return [path.name for path in store.paths_of(file.sha256) if path.exists()]


def age(*paths: Path, days: int = 3) -> None:
    past = time.time() - days * 86_400
    for path in paths:
        os.utime(path, (past, past))


def test_it_works(keep, later):
    file = keep("unused.png", "teal")
    RemoteFile.objects.create(
        file=file, account="sandbox", remote_id="file_1", url="https://x.test"
    )
    assert len(on_disk(file)) == 4  # itself and three previews
    removed = remove_files(removable_files(later), later)
    assert (removed.files, removed.size_bytes, removed.left) == (1, file.size_bytes, 0)
    assert not StoredFile.objects.exists()
    assert on_disk(file) == []


def test_what_was_added_or_asked_for_lately_stays(keep, later):
    file = keep("new.png", "teal")
    assert removable_files(timezone.now()) == []
    StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
    assert removable_files(timezone.now()) == [file]
    keep("again.png", "teal")
    assert removable_files(timezone.now()) == []
    StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
    get_files([file.pk])
    assert removable_files(timezone.now()) == []


def test_every_column_of_every_app_that_points_at_a_file_keeps_it(keep, later):
    add_models("z-image", "nano-banana-2")
    experiment = make_experiment()
    used = {name: keep(name, name) for name in ("red", "green", "blue", "yellow", "purple")}
    record(experiment, model_id="nano-banana-2", results=[used["red"]], references=[used["green"]])
    run = start(experiment, model_id="nano-banana-2", references=[used["blue"]])
    finish(run.task, used["yellow"])
    type(experiment).objects.filter(pk=experiment.pk).update(preview=used["purple"])
    assert removable_files(later) == []
    names = {f"{model.__name__}.{field}" for model, field in pointing_fields()}
    assert {
        "RunResult.file",
        "RunReference.file",
        "TaskReference.file",
        "TaskOutput.file",
        "Experiment.preview",
    } <= names
    assert not {name for name in names if name.startswith(("RemoteFile", "UploadClaim"))}


def test_a_file_that_only_json_names_stays(keep, later):
    file, other = keep("slot.png", "red"), keep("other.png", "blue")
    template = JobTemplate.objects.create(name="Banner", slug="banner")
    TemplateVersion.objects.create(
        template=template,
        number=1,
        model_id="z-image",
        credit_cap=10,
        file_slots=[{"name": "product", "default_file": str(file.pk)}],
    )
    assert removable_files(later) == [other]
    assert remove_files([file, other], later).left == 1
    [group] = uses_of(file)
    assert (group.title, group.uses[0].url) == ("Templates", "/templates/banner/versions/1/")


def test_a_use_that_comes_between_the_list_and_the_removal_keeps_the_file(keep, later):
    add_models("z-image")
    file = keep("soon.png", "teal")
    listed = removable_files(later)
    record(make_experiment(), results=[file])
    removed = remove_files(listed, later)
    assert (removed.files, removed.left) == (0, 1)
    assert on_disk(file)


def test_nothing_is_removed_while_somebody_adds(keep, later):
    file = keep("unused.png", "teal")
    listed, opened, done = removable_files(later), threading.Event(), threading.Event()

    def add() -> None:
        with adding():
            opened.set()
            done.wait(20)

    thread = threading.Thread(target=add)
    thread.start()
    opened.wait(20)
    assert remove_files(listed, later).left == 1
    assert on_disk(file)
    done.set()
    thread.join()
    assert remove_files(listed, later).files == 1


def test_the_same_content_added_after_its_removal_is_whole(keep, later):
    keep("one.png", "teal")
    remove_files(removable_files(later), later)
    again = keep("two.png", "teal")
    assert (again.name, len(on_disk(again))) == ("two.png", 4)


# --- Rows and bytes that disagree --------------------------------------------------------------------


def test_bytes_without_a_row_and_rows_without_bytes_are_told_apart(keep, later, settings):
    whole, lost, orphan = keep("a.png", "red"), keep("b.png", "green"), keep("c.png", "blue")
    store.path_of(lost.sha256).unlink()
    StoredFile.objects.filter(pk=orphan.pk).delete()
    half = settings.FILES_DIR / "incoming" / "tmp123"
    half.write_bytes(b"half")
    foreign = settings.FILES_DIR / "notes.txt"
    foreign.write_text("mine")
    assert stray_bytes(timezone.now()) == []  # they may be on their way in
    strays = stray_bytes(later)
    assert {stray.path for stray in strays} == {*store.paths_of(orphan.sha256), half}
    assert without_bytes() == [lost]
    assert remove_strays(strays).files == 5
    assert on_disk(orphan) == [] and not half.exists()
    assert on_disk(whole) and foreign.exists()


def test_bytes_that_got_a_row_meanwhile_stay(keep, later, picture):
    file = keep("a.png", "red")
    StoredFile.objects.all().delete()
    strays = stray_bytes(later)
    again = keep("a.png", "red")
    assert again.pk != file.pk
    assert remove_strays(strays).left == len(strays)
    assert len(on_disk(again)) == 4


# --- The command and the page ------------------------------------------------------------------------


def test_the_command_lists_first_and_then_removes(keep, settings):
    file = keep("unused.png", "teal")
    StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
    out = io.StringIO()
    call_command("collect_garbage", "--dry-run", stdout=out)
    assert f"unused   {file.pk}" in out.getvalue()
    assert "1 unused files and 0 leftovers on disk" in out.getvalue()
    assert "Nothing was removed (--dry-run)." in out.getvalue()
    assert on_disk(file)
    call_command("collect_garbage", stdout=out)
    assert "Removed 1 unused files" in out.getvalue()
    assert not StoredFile.objects.exists() and on_disk(file) == []


def test_the_page_lists_with_sizes_and_removes_what_is_confirmed(keep, signed_in_client):
    file, other = keep("unused one.png", "teal"), keep("unused two.png", "red")
    StoredFile.objects.update(seen_at=timezone.now() - 2 * GRACE)
    page = signed_in_client.get("/files/unused/").content.decode()
    assert "unused one.png" in page and "2 files" in page
    assert StoredFile.objects.count() == 2
    signed_in_client.post("/files/unused/remove/", {"file": [str(file.pk)]})
    assert list(StoredFile.objects.all()) == [other]
    answer = signed_in_client.post("/files/unused/remove/", {"all": 1, "count": 2}, follow=True)
    assert "not as many as were shown. Nothing was removed" in answer.content.decode()
    answer = signed_in_client.post("/files/unused/remove/", {}, follow=True)
    assert "Nothing was ticked" in answer.content.decode()
    answer = signed_in_client.post("/files/unused/remove/", {"all": 1, "count": 1}, follow=True)
    assert "1 file removed" in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_leftovers_and_lost_bytes_stand_on_the_page(keep, signed_in_client):
    add_models("z-image")
    used, orphan = keep("used.png", "teal"), keep("orphan.png", "red")
    record(make_experiment(), results=[used])
    store.path_of(used.sha256).unlink()
    StoredFile.objects.filter(pk=orphan.pk).delete()
    age(*store.paths_of(orphan.sha256))
    page = signed_in_client.get("/files/unused/").content.decode()
    assert "In use, but their bytes are gone" in page and "used.png" in page
    assert "Remove 4 leftovers" in page
    answer = signed_in_client.post("/files/unused/remove-strays/", {"count": 1}, follow=True)
    assert "Nothing was removed" in answer.content.decode() and on_disk(orphan)
    signed_in_client.post("/files/unused/remove-strays/", {"count": 4})
    assert on_disk(orphan) == []


# --- Where a file is used ----------------------------------------------------------------------------


def test_the_page_of_a_file_links_every_use(keep, signed_in_client):
    add_models("z-image", "nano-banana-2")
    file = keep("everywhere.png", "teal")
    experiment = make_experiment(title="Bottle")
    made = record(experiment, results=[file])
    run = start(experiment, model_id="nano-banana-2", references=[file])
    kept = save_comparison(experiment, "Which?", [made, run])
    page = signed_in_client.get(f"/files/{file.pk}/about/").content.decode()
    for address in (f"/runs/{made.pk}/", f"/runs/{run.pk}/", f"/tasks/{run.task_id}/"):
        assert f'href="{address}"' in page
    assert f'href="/comparisons/{kept.pk}/"' in page
    assert "Elsewhere" not in page


def test_the_page_of_an_unused_file_says_so(keep, signed_in_client):
    file = keep("alone.png", "teal")
    assert (
        "Nothing uses it yet" in signed_in_client.get(f"/files/{file.pk}/about/").content.decode()
    )
