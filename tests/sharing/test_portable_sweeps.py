"""Sweeps and decisions of an experiment, out and in again."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.promotion.models import ReadinessOverride, ReadinessVerdict
from rivya_bridge.promotion.readiness.services import (
    end_override,
    experiment_readiness,
    name_consumer,
    override_answer,
)
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.working import import_experiment
from rivya_bridge.sweeps.cell_lines import cell_line
from rivya_bridge.sweeps.models import Sweep, SweepTry
from rivya_bridge.sweeps.selectors import cells_by_numbers, progress_of
from rivya_bridge.sweeps.services import pause_sweep, resume_sweep, retry_cells
from rivya_bridge.sweeps.services.feeding import feed_sweep, feed_sweeps
from rivya_bridge.tasks.models import OPEN, Task
from tests.experiments.factories import make_experiment, record
from tests.sharing.conftest import keep
from tests.sharing.making import noise
from tests.sharing.test_portable import documents, exported, rewritten
from tests.sweeps.making import end, make_sweep, open_tries

pytestmark = pytest.mark.django_db


def bring_in(experiment: Experiment, folder: Path) -> Experiment:
    path = folder / "swept.zip"
    path.write_bytes(exported(Experiment.objects.get(pk=experiment.pk)))
    return import_experiment(path, again=True)


@pytest.fixture
def swept(models: None, no_bell: None) -> Sweep:
    """Paused: of six cells one is left out, one done, one failed, one failed and was done when it was
    run again, and two wait. Each has a reference file."""
    reference = keep(noise(7), "reference.png")
    sweep = make_sweep(
        make_experiment(title="Bottle in many settings"),
        models=["flux-2-pro"],
        params={"resolution": "1K, 2K"},
        replacements=[{"search": "slate", "alternatives": ["linen", "sand"]}],
        references=[str(reference.pk)],
        skip=["SKIP: 2K & sand"],
        concurrency=3,
    )
    feed_sweep(sweep.pk)
    done, failed, again = open_tries(sweep)
    pause_sweep(sweep)
    end(done, keep(noise(8), "done.png"), credits=4)
    end(failed, status="failed", credits=0)
    end(again, status="failed", credits=0)
    retry_cells(sweep, [again.cell.number])
    Sweep.objects.filter(pk=sweep.pk).update(status="running", concurrency=1)
    retried = sweep.tries.get(cell=again.cell, status="waiting")
    sweep.tries.filter(pk=retried.pk).update(ordinal=0)
    feed_sweep(sweep.pk)
    sweep.tries.filter(pk=retried.pk).update(ordinal=retried.ordinal)
    sweep.refresh_from_db()
    pause_sweep(sweep)
    [now] = open_tries(sweep)
    end(now, keep(noise(9), "again.png"), credits=5)
    sweep.refresh_from_db()
    return sweep


def grid(sweep: Sweep) -> list[dict[str, Any]]:
    """Every cell as the page shows it, with the numbers of runs instead of their ids."""
    numbers = dict(Run.objects.filter(experiment=sweep.experiment).values_list("pk", "number"))
    cells = cells_by_numbers(sweep, range(1, sweep.cell_count + 1))
    lines = map(cell_line, cells)
    return [
        line
        | {"run_id": numbers.get(line["run_id"])}
        | {"results": [run.number for run in line["results"]]}
        for line in lines
    ]


def test_it_continues_the_same_run(swept: Sweep, tmp_path: Path) -> None:
    earlier = swept.experiment.runs.order_by("number").last()
    Sweep.objects.filter(pk=swept.pk).update(continues_from=earlier)
    sweep = bring_in(swept.experiment, tmp_path).sweeps.get()
    assert earlier and sweep.continues_from and sweep.continues_from.pk != earlier.pk
    assert sweep.continues_from.number == earlier.number


def test_it_works(swept: Sweep, tmp_path: Path) -> None:
    made = bring_in(swept.experiment, tmp_path)
    sweep = made.sweeps.get()
    shown = grid(swept)
    words = sorted(line["status"] for line in shown)
    assert words == ["failed", "skipped", "succeeded", "succeeded", "waiting", "waiting"]
    assert grid(sweep) == shown
    assert progress_of(sweep) == progress_of(swept)
    assert sweep.status == "paused" and sweep.spent_credits == 9
    assert sweep.axes == swept.axes and sweep.plan == swept.plan
    assert [use.file_id for use in sweep.file_uses.all()] == [
        use.file_id for use in swept.file_uses.all()
    ]
    assert not set(sweep.tries.exclude(run=None).values_list("run_id", flat=True)) & set(
        swept.tries.exclude(run=None).values_list("run_id", flat=True)
    )


def test_exported_again_every_document_is_the_same(swept: Sweep, tmp_path: Path) -> None:
    make_sweep(swept.experiment, prompt="A second one", repeats=2)
    Sweep.objects.exclude(pk=swept.pk).update(status="paused")
    experiment = Experiment.objects.get(pk=swept.experiment_id)
    before = documents(exported(experiment))
    after = documents(exported(bring_in(experiment, tmp_path)))
    assert len(before["sweeps.jsonl"]) == 2 and len(before["cells.jsonl"]) == 7
    tries = [one for row in before["cells.jsonl"] for one in row["tries"]]
    assert {one["status"] for one in tries} == {"succeeded", "failed", "retried", "waiting"}
    assert after == before


def test_the_page_shows_the_same_grid(swept: Sweep, tmp_path: Path, signed_in_client: Any) -> None:
    sweep = bring_in(swept.experiment, tmp_path).sweeps.get()
    pages = [signed_in_client.get(f"/sweeps/{one.pk}/").content.decode() for one in (swept, sweep)]
    for words in ("linen", "sand", "left out", "done.png", "again.png"):
        assert [page.count(words) for page in pages] == [pages[0].count(words)] * 2
    assert sweep.title in pages[1]


def test_what_was_running_ends_with_the_export_and_starts_nothing(
    swept: Sweep, tmp_path: Path
) -> None:
    resume_sweep(swept)
    feed_sweep(swept.pk)
    [running] = open_tries(swept)
    made = bring_in(swept.experiment, tmp_path)
    sweep = made.sweeps.get()
    runs = Run.objects.count()
    feed_sweeps()
    assert sweep.status == "canceled" and "goes on where it was started" in sweep.note
    assert not Task.objects.filter(run__experiment=made, status__in=OPEN).exists()
    assert not sweep.tries.filter(status__in=["waiting", "started"]).exists()
    assert sweep.tries.get(ordinal=running.ordinal).status == "canceled"
    assert Run.objects.count() == runs


def test_an_imported_cell_can_be_run_again_by_a_person(swept: Sweep, tmp_path: Path) -> None:
    made = bring_in(swept.experiment, tmp_path)
    sweep = made.sweeps.get()
    failed = sweep.tries.get(status="failed")
    count = made.runs.count()
    assert retry_cells(sweep, [failed.cell.number]) == 1
    resume_sweep(sweep)
    assert feed_sweep(sweep.pk) == 1
    assert made.runs.count() == count + 1
    newest = made.runs.order_by("-number")[0]
    assert newest.number == count + 1 and newest.task is not None
    assert newest.task.status == "queued"


def test_a_run_that_starts_during_the_export_is_one_that_has_not_started(
    swept: Sweep, tmp_path: Path
) -> None:
    """The export knows how many runs there were; what a try has begun since then is left out."""
    experiment = Experiment.objects.get(pk=swept.experiment_id)
    resume_sweep(swept)
    feed_sweep(swept.pk)
    [begun] = open_tries(swept)
    [row] = [
        one
        for cell in documents(exported(experiment))["cells.jsonl"]
        for one in cell["tries"]
        if one["ordinal"] == begun.ordinal
    ]
    assert (row["status"], row["run"]) == ("waiting", None)


def lines(name: str, change: Callable[[list[Any]], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(members: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in members[name].splitlines()]
        change(rows)
        members[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return changed


def first_try(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    return lines("cells.jsonl", lambda rows: rows[0]["tries"][0].update(changes))


def first(name: str, **changes: Any) -> Callable[[dict[str, bytes]], None]:
    return lines(name, lambda rows: rows[0].update(changes))


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a cell of no sweep": (first("cells.jsonl", sweep=9), "a cell of sweep 9"),
    "a cell beside the grid": (first("cells.jsonl", place=[0, 7]), "on none of the sweep's axes"),
    "a cell with too few axes": (first("cells.jsonl", place=[0]), "on none of the sweep's axes"),
    "a cell twice": (lines("cells.jsonl", lambda rows: rows.insert(0, rows[0])), "out of order"),
    "a file of nowhere": (first("cells.jsonl", references=["0" * 64]), "is in no list"),
    "a run of nowhere": (first_try(run=77), "a try of run 77"),
    "a run of two tries": (
        lines("cells.jsonl", lambda rows: rows[1]["tries"][0].update(run=1)), "a try of run 1",
    ),
    "a success without a run": (first_try(run=None), "succeeded has a run"),
    "an unknown status": (first_try(status="odd"), "tries.0.status"),
    "a try twice": (
        lines("cells.jsonl", lambda rows: rows[1]["tries"][0].update(ordinal=1)), "stand twice",
    ),
    "a sweep out of order": (first("sweeps.jsonl", number=2), "out of order"),
    "an unknown plan": (
        lines("sweeps.jsonl", lambda rows: rows[0]["plan"].update(evil=1)), "sweeps.jsonl line 1: plan",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_what_does_not_fit_is_refused_with_its_reason(
    swept: Sweep, tmp_path: Path, name: str
) -> None:
    change, reason = DAMAGE[name]
    path = tmp_path / "swept.zip"
    path.write_bytes(exported(Experiment.objects.get(pk=swept.experiment_id)))
    counts = (Experiment.objects.count(), Sweep.objects.count(), SweepTry.objects.count())
    with pytest.raises(Refusal) as refused:
        import_experiment(rewritten(path, change), again=True)
    assert reason in refused.value.message
    assert counts == (Experiment.objects.count(), Sweep.objects.count(), SweepTry.objects.count())


# --- Decisions ------------------------------------------------------------------------------------


@pytest.fixture
def decided(models: None) -> Experiment:
    """With a consumer, an answer that holds, one that was taken back, and a history of verdicts."""
    experiment = make_experiment(title="Decided")
    record(experiment, verdict="accepted")
    experiment_readiness(experiment)
    name_consumer(experiment, "The shop", "webhook")
    override_answer(experiment, "exploring", "api", "We have seen enough.")
    override_answer(experiment, "model", "studio", "Not yet.")
    end_override(experiment, "model")
    experiment_readiness(experiment)
    assert ReadinessVerdict.objects.filter(experiment=experiment).count() > 1
    return Experiment.objects.get(pk=experiment.pk)


def test_what_people_decided_comes_along(decided: Experiment, tmp_path: Path) -> None:
    before = documents(exported(decided))
    made = bring_in(decided, tmp_path)
    assert documents(exported(made)) == before
    there, here = experiment_readiness(decided), experiment_readiness(made)
    assert here.verdict == there.verdict
    assert [one.points for one in here.replies] == [one.points for one in there.replies]
    [exploring] = [one for one in here.replies if one.key == "exploring"]
    assert exploring.override is not None
    assert exploring.override.reason == "We have seen enough."
    assert documents(exported(made)) == before, "looking at it changed nothing"


def test_an_answer_ends_where_the_facts_say_something_else(
    decided: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "decided.zip"
    path.write_bytes(exported(decided))

    def change(rows: list[Any]) -> None:
        [row] = [one for one in rows if one["ended_at"] is None]
        row["sentence"] = "Something that the facts do not say here."

    made = import_experiment(rewritten(path, lines("overrides.jsonl", change)), again=True)
    ended = made.readiness_overrides.get(question="exploring")
    assert (ended.ended_by, ended.ended_at is None) == ("evidence", False)


def test_two_answers_in_force_are_refused(decided: Experiment, tmp_path: Path) -> None:
    path = tmp_path / "decided.zip"
    path.write_bytes(exported(decided))
    twice = rewritten(path, lines("overrides.jsonl", lambda rows: rows.append(rows[0])))
    with pytest.raises(Refusal, match="exploring has two answers in force"):
        import_experiment(twice, again=True)
    assert ReadinessOverride.objects.count() == 2


def test_nothing_of_the_installation_is_in_it(swept: Sweep) -> None:
    """Rows name each other by numbers and hashes: ids of this installation are in the manifest alone."""
    content = exported(Experiment.objects.get(pk=swept.experiment_id))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = archive.read("sweeps.jsonl") + archive.read("cells.jsonl")
    ids = [swept.pk, *swept.file_uses.values_list("file_id", flat=True)]
    ids += [run.pk for run in swept.experiment.runs.all()]
    assert not [one for one in ids if str(one).encode() in told]
