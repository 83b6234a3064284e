"""Looking at many runs before any is recorded."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sharing.bulk.layout import runs_of_files
from rivya_bridge.sharing.bulk.rows import FILE_COLUMNS, Row, RowReader, fingerprint
from rivya_bridge.sharing.bulk.sources import Source, find_table, open_source
from rivya_bridge.sharing.bulk.tables import RawRun, read_rows, table_kind
from rivya_bridge.sharing.models import Staged, StagedRow
from rivya_bridge.sharing.staging import stage

CHUNK = 300


def stage_runs(
    experiment: Experiment, stream: Readable, name: str, *, model: str = "", prompt: str = ""
) -> Staged:
    """A table or ZIP of runs, looked at and waiting to be confirmed. Raises Refusal.

    `model` and `prompt` fill rows that have none.
    """
    defaults = {"model": model, "prompt": prompt}

    def look(staged: Staged, path: Path) -> None:
        with ExitStack() as stack:
            source = open_source(stack, path)
            raws, table = _raw_rows(source, path, name)
            rows = RowReader(experiment, source, defaults).read(raws)
            facts = {"table": table, "left_out": _left_out(source, table, rows)}
        _save(staged, rows, facts)

    return stage(stream, name, Staged.Purpose.RUNS, look, experiment=experiment)


def look_at_folder(
    experiment: Experiment, source: Source, *, model: str = "", prompt: str = ""
) -> list[Row]:
    """The rows of a folder, good and bad. Raises Refusal."""
    table = find_table(source)
    raws = _of_table(source, table) if table else runs_of_files(source)
    return RowReader(experiment, source, {"model": model, "prompt": prompt}).read(raws)


def _raw_rows(source: Source, path: Path, name: str) -> tuple[list[RawRun], str]:
    if source.sizes:
        table = find_table(source)
        return (_of_table(source, table), table) if table else (runs_of_files(source), "")
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            raise Refusal.field("file", "The ZIP is empty: there is nothing in it to import.")
        file.seek(0)
        kind = table_kind(name)
        if not kind:
            text = "Choose a ZIP, or a table that ends with .csv, .json or .jsonl."
            raise Refusal.field("file", text)
        return read_rows(file, kind), name


def _of_table(source: Source, table: str) -> list[RawRun]:
    with source.open(table) as stream:
        return read_rows(stream, table_kind(table))


def _left_out(source: Source, table: str, rows: Sequence[Row]) -> list[str]:
    """Members that no row names, the first twenty."""
    named = {file["member"] for row in rows for name in FILE_COLUMNS for file in row.facts[name]}
    rest = [name for name in source.sizes if name not in named and name != table]
    return [name for name in rest if table or not name.lower().endswith(".txt")][:20]


@transaction.atomic
def _save(staged: Staged, rows: Sequence[Row], facts: dict[str, Any]) -> None:
    assert staged.experiment is not None
    twins = find_twins(staged.experiment, rows)
    doubles = _doubles(rows)
    staged.facts = facts
    staged.save(force_insert=True)
    StagedRow.objects.bulk_create(
        StagedRow(
            staged=staged,
            position=row.position,
            facts=row.facts | doubles.get(row.position, {}),
            problems=[{"field": one.field, "message": one.message} for one in row.problems],
            twin_id=twins.get(row.fingerprint) if not row.problems else None,
        )
        for row in rows
    )


def _doubles(rows: Sequence[Row]) -> dict[int, dict[str, str]]:
    """Which earlier row says the same, by position; as a fact of the row."""
    first: dict[str, str] = {}
    found = {}
    for row in rows:
        if row.problems:
            continue
        name = row.fingerprint
        if name in first:
            found[row.position] = {"double_of": first[name]}
        first.setdefault(name, row.facts["line"])
    return found


def find_twins(experiment: Experiment, rows: Sequence[Row]) -> dict[str, UUID]:
    """Runs that the experiment has already, by the fingerprint of the row that would repeat them."""
    hashes = sorted({f["sha256"] for row in rows for f in row.facts.get("results", ())})
    texts = sorted({row.facts["result_text"] for row in rows if row.facts.get("result_text")})
    ids: set[UUID] = set()
    runs = Run.objects.filter(experiment=experiment)
    for start in range(0, len(hashes), CHUNK):
        some = runs.filter(results__file__sha256__in=hashes[start : start + CHUNK])
        ids.update(some.values_list("pk", flat=True))
    for start in range(0, len(texts), CHUNK):
        some = runs.filter(result_text__in=texts[start : start + CHUNK])
        ids.update(some.values_list("pk", flat=True))
    ordered = sorted(ids, reverse=True)
    return {
        name: pk
        for start in range(0, len(ordered), CHUNK)
        for name, pk in _fingerprints(ordered[start : start + CHUNK])
    }


def _fingerprints(ids: Sequence[UUID]) -> list[tuple[str, UUID]]:
    files: dict[tuple[str, UUID], list[str]] = {}
    for column, model in (("results", RunResult), ("references", RunReference)):
        rows = model.objects.filter(run__in=ids).order_by("position")
        for run_id, sha256 in rows.values_list("run_id", "file__sha256"):
            files.setdefault((column, run_id), []).append(sha256)
    return [
        (
            fingerprint(
                run.model_id,
                run.prompt,
                run.params,
                run.result_text,
                files.get(("results", run.pk), []),
                files.get(("references", run.pk), []),
            ),
            run.pk,
        )
        for run in Run.objects.filter(pk__in=ids)
    ]


def problem_lines(rows: Sequence[Row]) -> list[Problem]:
    """Every problem with the line that it stands in."""
    return [
        Problem(one.field, f"{row.facts['line']}: {one.message}")
        for row in rows
        for one in row.problems
    ]
