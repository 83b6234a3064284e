"""A whole experiment out and in again."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rivya_bridge.comparison.models import Ballot, Comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.sharing.portable.documents import (
    DOCUMENTS,
    ELSEWHERE,
    FIRST_DOCUMENTS,
    VERSION,
    WRITTEN,
)
from rivya_bridge.sharing.portable.writing import content_hash, export_experiment
from rivya_bridge.sharing.working import import_experiment
from rivya_bridge.tasks.models import OPEN, Task
from rivya_bridge.tasks.services.advance import advance
from tests.sharing.making import make_zip, noise, png

pytestmark = pytest.mark.django_db


def exported(experiment: Experiment) -> bytes:
    out = io.BytesIO()
    export_experiment(experiment, out)
    return out.getvalue()


def documents(content: bytes) -> dict[str, list[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: [json.loads(line) for line in archive.read(name).splitlines()]
            for name in DOCUMENTS
        }


@pytest.fixture
def zipped(rich: Any, tmp_path: Path) -> Path:
    path = tmp_path / "bottle.zip"
    path.write_bytes(exported(rich.experiment))
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], fix: bool = True) -> Path:
    """The same ZIP with other members; the hashes put right unless `fix` is off."""
    import hashlib

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if fix and members.get("manifest.json", b"").startswith(b"{"):
        manifest = json.loads(members["manifest.json"])
        for name in manifest["documents"]:
            if name in members:
                manifest["documents"][name] = hashlib.sha256(members[name]).hexdigest()
        manifest["content_sha256"] = content_hash(manifest["documents"])
        members["manifest.json"] = json.dumps(manifest).encode()
    other = path.with_name("changed.zip")
    other.write_bytes(make_zip(members))
    return other


def test_it_works(rich: Any, zipped: Path) -> None:
    made = import_experiment(zipped, again=True)
    assert made.pk != rich.experiment.pk
    before, after = documents(zipped.read_bytes()), documents(exported(made))
    # What was open goes on elsewhere: here it has ended.
    [waiting] = [row for row in before["runs.jsonl"] if row["number"] == rich.waiting.number]
    [ended] = [row for row in after["runs.jsonl"] if row["number"] == rich.waiting.number]
    assert waiting["task"]["status"] == "queued"
    assert ended["task"]["status"] == "canceled"
    assert "goes on where it was started" in ended["task"]["reason_text"]
    before["runs.jsonl"].remove(waiting)
    after["runs.jsonl"].remove(ended)
    assert after == before
    assert made.tags == ["a", "é"]
    assert made.preview_id == rich.experiment.preview_id
    assert StoredFile.objects.count() == 3


def test_an_experiment_without_open_runs_has_the_same_content_twice(
    rich: Any, tmp_path: Path
) -> None:
    """Exported, imported and exported again: the hash over all documents is the same."""
    first = tmp_path / "first.zip"
    Task.objects.filter(pk=rich.waiting.task_id).update(status="canceled", reason="by_person")
    first.write_bytes(exported(rich.experiment))
    made = import_experiment(first, again=True)
    again = tmp_path / "again.zip"
    again.write_bytes(exported(made))
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(again) as other:
        hashes = [json.loads(a.read("manifest.json"))["content_sha256"] for a in (one, other)]
    assert hashes[0] == hashes[1]


def test_it_comes_whole_into_an_empty_installation(
    rich: Any, zipped: Path, settings: Any, tmp_path: Path
) -> None:
    settings.FILES_DIR = tmp_path / "elsewhere"
    counts = (Run.objects.count(), Ballot.objects.count())
    with transaction.atomic():
        empty_database()
        made = import_experiment(zipped)
        assert StoredFile.objects.count() == 3
        assert (made.runs.count(), made.ballots.count()) == counts
        [kept] = Comparison.objects.all()
        assert [item.run.number for item in kept.items.all()] == [1, 2]
        assert kept.winner is not None and kept.winner.number == 1
        lineage = made.runs.get(number=2).continues_from
        assert lineage is not None and lineage.number == 1
        transaction.set_rollback(True)


def empty_database() -> None:
    from rivya_bridge.comparison.models import ComparisonItem
    from rivya_bridge.experiments.models import RunReference, RunResult
    from rivya_bridge.tasks.models import TaskOutput, TaskReference

    for model in (Ballot, ComparisonItem, Comparison, RunReference, RunResult):
        model.objects.all().delete()
    Experiment.objects.update(preview=None)
    Run.objects.update(continues_from=None)
    Run.objects.all().delete()
    Experiment.objects.all().delete()
    for model in (TaskOutput, TaskReference, Task, StoredFile):
        model.objects.all().delete()


def test_imported_tasks_are_history_and_never_move(
    rich: Any, zipped: Path, settings: Any, monkeypatch: Any
) -> None:
    settings.RIVYA_BASE_URL = "http://127.0.0.1:9"
    made = import_experiment(zipped, again=True)
    tasks = list(Task.objects.filter(run__experiment=made).order_by("id"))
    assert len(tasks) == 3
    assert not [task for task in tasks if task.status in OPEN]
    keys = {rich.second.task.idempotency_key, rich.failed.task.idempotency_key}
    for task in tasks:
        before = (task.status, task.attempts, task.final_credits)
        advance(task.pk)
        task.refresh_from_db()
        assert (task.status, task.attempts, task.final_credits) == before
        assert task.idempotency_key not in keys
        assert task.account.startswith("import-")
        assert task.events.last().kind == "imported"
        assert task.handled_at is not None, "an imported failure asks nobody to look at it"
        with pytest.raises(IntegrityError), transaction.atomic():
            Task.objects.filter(pk=task.pk).update(status="queued")
    done = next(task for task in tasks if task.status == "succeeded")
    assert done.final_credits == 9
    assert done.attempt_rows.get().http_status == 202


def test_every_field_is_written_or_named_as_left_behind() -> None:
    """A new column of these models must be decided on: carried over, or kept at home."""
    for model, names in WRITTEN.items():
        columns = {field.name for field in model._meta.concrete_fields}  # type: ignore[attr-defined]
        assert columns == set(names) | ELSEWHERE[model], model
        assert not set(names) & ELSEWHERE[model]


def as_first_version(members: dict[str, bytes]) -> None:
    """As it was written before sweeps and decisions were carried."""
    manifest = json.loads(members["manifest.json"])
    for name in set(DOCUMENTS) - set(FIRST_DOCUMENTS):
        del members[name]
        del manifest["documents"][name]
    runs = [json.loads(line) for line in members["runs.jsonl"].splitlines()]
    for run in runs:
        for sending in (run["task"] or {"sendings": []})["sendings"]:
            del sending["earlier_body"]
    members["runs.jsonl"] = "".join(json.dumps(run) + "\n" for run in runs).encode()
    members["manifest.json"] = json.dumps(manifest | {"version": 1}).encode()


def test_an_archive_of_the_first_version_is_still_read(rich: Any, zipped: Path) -> None:
    made = import_experiment(rewritten(zipped, as_first_version), again=True)
    before, after = documents(zipped.read_bytes()), documents(exported(made))
    assert made.runs.count() == 5 and made.sweeps.count() == 0
    for name in ("files.jsonl", "comparisons.jsonl", "ballots.jsonl"):
        assert before[name] == after[name]


def test_an_archive_of_the_first_version_holds_nothing_more(rich: Any, zipped: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        kept = members["sweeps.jsonl"]
        as_first_version(members)
        members["sweeps.jsonl"] = kept

    with pytest.raises(Refusal, match=r"sweeps\.jsonl is in the ZIP but in none of its lists"):
        import_experiment(rewritten(zipped, change), again=True)


def test_imported_twice_it_says_that_it_is_here(rich: Any, zipped: Path) -> None:
    count = Experiment.objects.count()
    with pytest.raises(Conflict, match="here already: Bottle on slate"):
        import_experiment(zipped)
    assert Experiment.objects.count() == count
    import_experiment(zipped, again=True)
    import_experiment(zipped, again=True)
    assert Experiment.objects.count() == count + 2


def drop_media(members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.startswith("files/"))]


def cut_media(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("files/"))
    members[name] = members[name][:-7]


def swap_media(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("files/"))
    members[name] = bytes(len(members[name]))


def add_member(members: dict[str, bytes]) -> None:
    members["files/extra.sh"] = b"echo"


def no_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


def other_product(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps(manifest | {"format": "mlflow"}).encode()


def newer(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps(manifest | {"version": VERSION + 1}).encode()


def no_json(members: dict[str, bytes]) -> None:
    members["manifest.json"] = b"\xff\xfe"


def version_as_text(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps(manifest | {"version": str(VERSION)}).encode()


def edit(name: str, **changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        first, *rest = members[name].splitlines()
        row = json.loads(first)
        for key, value in changes.items():
            target, _, last = key.rpartition("__")
            (row[target] if target else row)[last] = value
        members[name] = b"\n".join([json.dumps(row).encode(), *rest]) + b"\n"

    return change


def edit_task(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in members["runs.jsonl"].splitlines()]
        rows[1]["task"] |= changes
        members["runs.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return change


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a file is missing": (drop_media, "is missing from the ZIP"),
    "a file is cut off": (cut_media, "is cut off"),
    "a file has other bytes": (swap_media, "is damaged: its hash differs"),
    "more than is listed": (add_member, "in none of its lists"),
    "no manifest": (no_manifest, "it has no manifest.json"),
    "another product": (other_product, "of another product"),
    "a newer version": (newer, "has version 3 of the format, and this installation reads versions 1 to 2"),
    "a version that is a text": (version_as_text, "reads versions 1 to"),
    "a preview of elsewhere": (edit("experiment.json", preview="0" * 64), "is in no list"),
    "a manifest that is no JSON": (no_json, "manifest.json cannot be read"),
    "an unknown status": (edit("experiment.json", status="secret"), "experiment.json line 1: status"),
    "a NUL character": (edit("experiment.json", title="a\0b"), "NUL"),
    "a number too large": (edit("runs.jsonl", studio_credits=2**40), "studio_credits"),
    "a rating of 6": (edit("runs.jsonl", rating=6), "rating"),
    "a date without a zone": (edit("runs.jsonl", created_at="2026-01-01T00:00:00"), "created_at"),
    "an unknown column": (edit("runs.jsonl", task_id=3), "task_id"),
    "lineage to nowhere": (edit("runs.jsonl", continues_from=77), "continues run 77"),
    "a reference to nowhere": (edit("runs.jsonl", references=["0" * 64]), "is in no list"),
    "a Studio run as API": (edit("runs.jsonl", source="api"), "has a task if"),
    "a winner of elsewhere": (edit("comparisons.jsonl", winner=3), "none of the compared"),
    "a vote on one run": (edit("ballots.jsonl", left=1, right=1), "two runs"),
    "a task without its remote id": (edit_task(remote_id=None), "has a remote id"),
    "a sent task without its body": (edit_task(request_body=None), "has its body"),
    "a number twice": (edit("runs.jsonl", number=2), "out of order"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_or_foreign_is_refused_with_its_reason(
    rich: Any, zipped: Path, stored: Any, name: str
) -> None:
    change, reason = DAMAGE[name]
    before = (stored(), Experiment.objects.count(), Task.objects.count())
    with pytest.raises(Refusal) as refused:
        import_experiment(rewritten(zipped, change), again=True)
    assert reason in refused.value.message
    assert refused.value.problems[0].field == "file"
    assert (stored(), Experiment.objects.count(), Task.objects.count()) == before


def test_a_document_changed_by_hand_is_refused(rich: Any, zipped: Path) -> None:
    changed = rewritten(zipped, edit("experiment.json", title="Mine"), fix=False)
    with pytest.raises(Refusal, match="not what was exported"):
        import_experiment(changed, again=True)


def test_a_lost_file_keeps_the_export_from_being_written(rich: Any) -> None:
    from rivya_bridge.files import store

    store.path_of(rich.files[0].sha256).unlink()
    with pytest.raises(Refusal, match="are gone from the data folder"):
        export_experiment(rich.experiment, io.BytesIO())


def test_files_that_are_no_media_are_not_taken_by_their_right_hash(
    rich: Any, zipped: Path, stored: Any
) -> None:
    """Whoever writes the ZIP may put right every hash: the bytes are opened all the same."""
    import hashlib

    page = b"<html><script>alert(1)</script></html>"
    sha256 = hashlib.sha256(page).hexdigest()

    def change(members: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in members["files.jsonl"].splitlines()]
        rows.append({**rows[0], "sha256": sha256, "size_bytes": len(page), "name": "x.png"})
        members["files.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        members[f"files/{sha256}"] = page

    before = stored()
    with pytest.raises(Refusal, match=r"x\.png: The file is a web page"):
        import_experiment(rewritten(zipped, change), again=True)
    assert stored() == before


def test_the_commands_carry_it(rich: Any, tmp_path: Path) -> None:
    path, out = tmp_path / "out.zip", io.StringIO()
    call_command("export_experiment", str(rich.experiment.pk), str(path), stdout=out)
    assert "5 runs, 3 files" in out.getvalue()
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_experiment", str(rich.experiment.pk), str(path))
    with pytest.raises(CommandError, match="here already"):
        call_command("import_experiment", str(path))
    call_command("import_experiment", str(path), "--again", stdout=out)
    assert "Bottle on slate: 5 runs" in out.getvalue()
    with pytest.raises(CommandError, match="is no ZIP, whatever its name"):
        (tmp_path / "no.zip").write_bytes(png())
        call_command("import_experiment", str(tmp_path / "no.zip"))
    assert not list(tmp_path.glob(".*.part"))


def test_the_page_shows_it_and_imports_it_once(
    rich: Any, zipped: Path, signed_in_client: Any
) -> None:
    answer = signed_in_client.get(f"/experiments/{rich.experiment.pk}/export.zip")
    content = b"".join(answer.streaming_content)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bottle-on-slate.zip"'
    file = io.BytesIO(content)
    file.name = "bottle.zip"
    answer = signed_in_client.post("/experiments/import/", {"file": file})
    assert answer.status_code == 302
    where = answer.headers["Location"]
    page = signed_in_client.get(where).content.decode()
    assert "It is here already" in page
    count = Experiment.objects.count()
    refused = signed_in_client.post(f"{where}import/", follow=True).content.decode()
    assert "Import it again to have a second one" in refused
    assert Experiment.objects.count() == count
    for _ in range(2):
        signed_in_client.post(f"{where}import/", {"again": "1"})
    assert Experiment.objects.count() == count + 1
    assert "It is imported." in signed_in_client.get(where).content.decode()


def test_large_media_take_no_more_memory(rich: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Every read of an export and an import is bounded, however large the files are."""
    from rivya_bridge.sharing import archives

    sizes: list[int] = []
    original = archives._Member.read

    def read(self: Any, size: int = -1, /) -> bytes:
        sizes.append(size)
        return original(self, size)

    monkeypatch.setattr(archives._Member, "read", read)
    path = tmp_path / "out.zip"
    path.write_bytes(exported(rich.experiment))
    import_experiment(path, again=True)
    assert sizes and all(0 < size <= 1_048_576 for size in sizes)
    assert noise(1)


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40)
PARAMS = st.dictionaries(
    WORDS.filter(bool), st.one_of(WORDS, st.integers(-(2**31), 2**31), st.booleans()), max_size=3
)
TRIES = st.lists(
    st.fixed_dictionaries({
        "prompt": WORDS,
        "result_text": WORDS,
        "params": PARAMS,
        "note": WORDS,
        "rating": st.none() | st.integers(1, 5),
        "verdict": st.sampled_from(["", "accepted", "rejected"]),
        "studio_credits": st.none() | st.integers(0, 1_000_000),
        "studio_seconds": st.none() | st.floats(0, 1e6),
        "files": st.lists(st.integers(0, 2), max_size=4),
        "earlier": st.none() | st.integers(0, 5),
    }),
    max_size=5,
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    title=WORDS.filter(str.strip),
    question=WORDS,
    tries=TRIES,
    votes=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["left", "tie"])),
        max_size=4,
    ),
)
def test_whatever_was_written_comes_back_equal(
    rich: Any, tmp_path: Path, title: str, question: str, tries: Any, votes: Any
) -> None:
    """Any texts, params, lineage, files and votes: exported again, the documents are the same."""
    with transaction.atomic():
        experiment = Experiment.objects.create(title=title, question=question)
        runs: list[Run] = []
        for row in tries:
            runs.append(stored_run(experiment, runs, rich.files, dict(row)))
        Experiment.objects.filter(pk=experiment.pk).update(run_count=len(runs))
        for left, right, outcome in votes:
            if left != right and max(left, right) < len(runs):
                Ballot.objects.create(
                    experiment=experiment, left=runs[left], right=runs[right], outcome=outcome,
                    voted_at=experiment.created_at,
                )  # fmt: skip
        experiment.refresh_from_db()
        path = tmp_path / "any.zip"
        path.write_bytes(exported(experiment))
        made = import_experiment(path, again=True)
        assert documents(exported(made)) == documents(path.read_bytes())
        transaction.set_rollback(True)


def stored_run(
    experiment: Experiment, runs: list[Run], files: list[StoredFile], row: dict[str, Any]
) -> Run:
    chosen, earlier = row.pop("files"), row.pop("earlier")
    run = Run.objects.create(
        experiment=experiment,
        number=len(runs) + 1,
        source="studio",
        model_id="z-image",
        category="image",
        continues_from=runs[earlier] if earlier is not None and earlier < len(runs) else None,
        **row,
    )
    for position, number in enumerate(chosen):
        run.results.create(file=files[number], position=position)
    return run
