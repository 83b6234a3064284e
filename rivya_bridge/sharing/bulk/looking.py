"""Looking at many runs before any is recorded."""

from collections.abc import Mapping, Sequence
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
from rivya_bridge.sharing.progress import Claim, Progress
from rivya_bridge.sharing.staging import path_of, receive

CHUNK = 300


def receive_runs(
    experiment: Experiment,
    stream: Readable,
    name: str,
    *,
    model: str = "",
    prompt: str = "",
    **asked: bool,
) -> Staged:
    """A table or ZIP of runs, to be looked at. Raises Refusal.

    `model` and `prompt` fill rows that have none. `asked`: `straight` records what is new without
    waiting to be confirmed, `good_only` also when some rows are bad.
    """
    given = {"model": model, "prompt": prompt, **asked}
    return receive(stream, name, Staged.Purpose.RUNS, experiment=experiment, asked=given)


def look_at_runs(claim: Claim) -> None:
    """Every row and file; what is found waits to be confirmed. Raises Refusal."""
    staged, path = claim.staged, path_of(claim.staged)
    assert staged.experiment is not None
    defaults = {name: staged.asked.get(name, "") for name in ("model", "prompt")}
    with ExitStack() as stack:
        source = open_source(stack, path)
        raws, table = _raw_rows(source, path, staged.name)
        rows = RowReader(staged.experiment, source, defaults, claim).read(raws)
        facts = {"table": table, "left_out": _left_out(source, table, rows)}
    _save(claim, rows, facts)


def look_at_folder(
    experiment: Experiment, source: Source, *, model: str = "", prompt: str = ""
) -> list[Row]:
    """The rows of a folder, good and bad. Raises Refusal."""
    table = find_table(source)
    raws = _of_table(source, table) if table else runs_of_files(source)
    return RowReader(experiment, source, {"model": model, "prompt": prompt}, Progress()).read(raws)


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


def _save(claim: Claim, rows: Sequence[Row], facts: dict[str, Any]) -> None:
    staged = claim.staged
    assert staged.experiment is not None
    twins = find_twins(staged.experiment, rows)
    doubles = _doubles(rows)
    if staged.asked.get("straight"):
        end = _straight(rows, twins, doubles, good_only=bool(staged.asked.get("good_only")))
    else:
        end = {"status": Staged.Status.READY}
    with transaction.atomic():
        claim.end(**end, facts=facts)
        _add_rows(staged, rows, twins, doubles)


def _straight(
    rows: Sequence[Row],
    twins: Mapping[str, UUID],
    doubles: Mapping[int, object],
    *,
    good_only: bool,
) -> dict[str, Any]:
    """What follows at once: the good rows that are not there already are recorded."""
    bad = [row for row in rows if row.problems]
    if bad and not good_only:
        raise _bad_rows(bad)
    fresh = [
        row.position
        for row in rows
        if not row.problems and row.fingerprint not in twins and row.position not in doubles
    ]
    if not fresh:
        return {"status": Staged.Status.DONE, "outcome": {"count": 0}}
    return {"status": Staged.Status.IMPORTING, "chosen": fresh}


def _bad_rows(rows: Sequence[Row]) -> Refusal:
    problems = [
        Problem(f"{row.facts['line']}: {one.field}", one.message)
        for row in rows
        for one in row.problems
    ]
    text = f"{len(rows)} rows have problems, so that nothing was recorded: {problems[0].message}"
    return Refusal(text, problems[:50])


def _add_rows(
    staged: Staged,
    rows: Sequence[Row],
    twins: Mapping[str, UUID],
    doubles: Mapping[int, dict[str, str]],
) -> None:
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
