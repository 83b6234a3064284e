"""Writing an experiment into a ZIP. Media are copied in pieces, rows are read in groups."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from rivya_bridge import __version__
from rivya_bridge.comparison.models import Ballot, Comparison, ComparisonItem
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import lost_bytes
from rivya_bridge.promotion.models import ReadinessOverride, ReadinessVerdict, ResultConsumer
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.portable.documents import (
    BALLOTS,
    CELLS,
    COMPARISONS,
    CONSUMERS,
    DOCUMENTS,
    EXPERIMENT,
    FILES,
    FORMAT,
    MANIFEST,
    OVERRIDES,
    RUNS,
    SWEEPS,
    VERDICTS,
    VERSION,
    ballot_document,
    cell_document,
    comparison_document,
    experiment_document,
    member_of,
    run_document,
    sweep_document,
    written,
)
from rivya_bridge.sweeps.models import Sweep, SweepFile, SweepTry
from rivya_bridge.sweeps.selectors import reference_hashes
from rivya_bridge.tasks.models import TaskOutput, TaskReference

GROUP = 200
CHUNK_BYTES = 1_048_576
# Every member has the oldest time that a ZIP can say: the content alone makes the bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def export_experiment(experiment: Experiment, out: IO[bytes]) -> dict[str, Any]:
    """Writes the ZIP to a seekable file and gives its manifest.

    Runs that are added meanwhile are left out. Raises Refusal when the bytes of a file are gone or
    changed.
    """
    last = experiment.run_count
    sweeps = list(
        Sweep.objects.filter(experiment=experiment).select_related("continues_from").order_by("id")
    )
    listed: list[str] = []
    # What may grow meanwhile comes before what it names: tries, then their runs, then their files.
    rows: dict[str, Iterable[dict[str, Any]]] = {
        EXPERIMENT: [experiment_document(experiment)],
        SWEEPS: _sweeps(sweeps, last),
        CELLS: _cells(sweeps, last),
        RUNS: map(run_document, _runs(experiment, last)),
        COMPARISONS: _comparisons(experiment, last),
        BALLOTS: _ballots(experiment, last),
        CONSUMERS: map(written, ResultConsumer.objects.filter(experiment=experiment)),
        OVERRIDES: _of(ReadinessOverride, experiment),
        VERDICTS: _of(ReadinessVerdict, experiment),
        FILES: _listed(experiment, last, listed),
    }
    with zipfile.ZipFile(out, "w") as archive:
        hashes = {name: _document(archive, name, lines) for name, lines in rows.items()}
        for file in _by_hashes(listed):
            _copy(archive, file)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "product_version": __version__,
            "exported_at": timezone.now().isoformat(),
            "experiment": {"id": str(experiment.pk), "title": experiment.title},
            "counts": {name.partition(".")[0]: count for name, (_, count) in hashes.items()},
            "documents": {name: digest for name, (digest, _) in hashes.items()},
            "content_sha256": content_hash({name: digest for name, (digest, _) in hashes.items()}),
        }
        with archive.open(_entry(MANIFEST), "w") as member:
            member.write(json.dumps(manifest, indent=2, ensure_ascii=False).encode())
    return manifest


def exported_file(experiment: Experiment) -> IO[bytes]:
    """The ZIP in a file of the data folder that has no name and is gone once it is closed."""
    settings.IMPORTS_DIR.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile(dir=settings.IMPORTS_DIR))
        export_experiment(experiment, file)
        file.seek(0)
        stack.pop_all()
        return file


def content_hash(documents: dict[str, str]) -> str:
    """One hash for all documents, which name the files by theirs."""
    ordered = [documents[name] for name in DOCUMENTS if name in documents]
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()


def file_name(experiment: Experiment) -> str:
    """A plain name for the ZIP or page."""
    words = "".join(one if one.isascii() and one.isalnum() else " " for one in experiment.title)
    return "-".join(words.lower().split())[:60] or "experiment"


# --- Rows -----------------------------------------------------------------------------------------


def _files(experiment: Experiment, last: int) -> QuerySet[StoredFile]:
    runs = Run.objects.filter(experiment=experiment, number__lte=last)
    named = (
        RunResult.objects.filter(run__in=runs).values("file"),
        RunReference.objects.filter(run__in=runs).values("file"),
        TaskReference.objects.filter(task__run__in=runs).values("file"),
        TaskOutput.objects.filter(task__run__in=runs, file__isnull=False).values("file"),
        SweepFile.objects.filter(sweep__experiment=experiment).values("file"),
    )
    wanted = Q()
    for rows in named:
        wanted |= Q(pk__in=rows)
    return StoredFile.objects.filter(wanted).order_by("sha256")


def _listed(experiment: Experiment, last: int, hashes: list[str]) -> Iterator[dict[str, Any]]:
    """The files' rows; what was listed is noted in `hashes`, and nothing else is copied."""
    for file in _files(experiment, last).iterator(GROUP):
        hashes.append(file.sha256)
        yield written(file)


def _by_hashes(hashes: Sequence[str]) -> Iterator[StoredFile]:
    for start in range(0, len(hashes), GROUP):
        some = hashes[start : start + GROUP]
        yield from StoredFile.objects.filter(sha256__in=some).order_by("sha256")


def _runs(experiment: Experiment, last: int) -> Iterator[Run]:
    rows = (
        Run.objects.filter(experiment=experiment, number__lte=last)
        .select_related("task", "continues_from")
        .prefetch_related(
            Prefetch("results", RunResult.objects.select_related("file")),
            Prefetch("references", RunReference.objects.select_related("file")),
            Prefetch("task__references", TaskReference.objects.select_related("file")),
            Prefetch("task__outputs", TaskOutput.objects.select_related("file")),
            "task__events",
            "task__attempt_rows",
        )
        .order_by("number")
    )
    at = 0
    while group := list(rows.filter(number__gt=at)[:GROUP]):
        yield from group
        at = group[-1].number


def _comparisons(experiment: Experiment, last: int) -> Iterator[dict[str, Any]]:
    items = ComparisonItem.objects.select_related("run")
    rows = Comparison.objects.filter(experiment=experiment).select_related("winner")
    for row in rows.prefetch_related(Prefetch("items", items)).order_by("id"):
        if all(item.run.number <= last for item in row.items.all()):
            yield comparison_document(row)


def _ballots(experiment: Experiment, last: int) -> Iterator[dict[str, Any]]:
    """Votes; a pair that nobody voted on yet says nothing."""
    rows = Ballot.objects.filter(
        experiment=experiment, left__number__lte=last, right__number__lte=last
    ).exclude(outcome="")
    for row in rows.select_related("left", "right").order_by("id").iterator(GROUP):
        yield ballot_document(row)


def _sweeps(sweeps: Sequence[Sweep], last: int) -> Iterator[dict[str, Any]]:
    for number, sweep in enumerate(sweeps, start=1):
        yield sweep_document(sweep, number, reference_hashes(sweep), last)


def _cells(sweeps: Sequence[Sweep], last: int) -> Iterator[dict[str, Any]]:
    tries = SweepTry.objects.select_related("run").order_by("ordinal")
    for number, sweep in enumerate(sweeps, start=1):
        hashes = reference_hashes(sweep)
        cells = sweep.cells.order_by("number").prefetch_related(Prefetch("tries", tries))
        for cell in cells.iterator(GROUP):
            yield cell_document(cell, number, hashes, last)


def _of(
    model: type[ReadinessOverride] | type[ReadinessVerdict], experiment: Experiment
) -> Iterator[dict[str, Any]]:
    return map(written, model.objects.filter(experiment=experiment).order_by("id").iterator(GROUP))


# --- Members --------------------------------------------------------------------------------------


def _entry(name: str, kind: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = kind
    entry.external_attr = 0o644 << 16
    return entry


def _document(
    archive: zipfile.ZipFile, name: str, rows: Iterable[dict[str, Any]]
) -> tuple[str, int]:
    """Writes one JSON value a line; its SHA-256 and how many lines."""
    digest, count = hashlib.sha256(), 0
    with archive.open(_entry(name), "w", force_zip64=True) as member:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n"
            digest.update(line)
            member.write(line)
            count += 1
    return digest.hexdigest(), count


def _copy(archive: zipfile.ZipFile, file: StoredFile) -> None:
    path = store.path_of(file.sha256)
    if not path.is_file():
        raise lost_bytes(file)
    entry = _entry(member_of(file), zipfile.ZIP_STORED)
    entry.file_size = file.size_bytes
    with path.open("rb") as source, archive.open(entry, "w") as member:
        if _copied(source, member) != file.sha256:
            text = f"The bytes of {file.name} are not what they were: the disk may be damaged."
            raise Refusal.field("files", text)


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := source.read(CHUNK_BYTES):
        digest.update(piece)
        target.write(piece)
    return digest.hexdigest()
