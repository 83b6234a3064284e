"""Reads of sweeps: one, those of an experiment, how far one is, and some of its cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from rivya_bridge.experiments.models import Experiment, RunResult
from rivya_bridge.refusals import Missing, Problem, Refusal
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepTry
from rivya_bridge.web.pagination import PAGE_SIZE, Page

T = SweepTry.Status
RUN_FIELDS = (
    "run__model_id", "run__number", "run__source", "run__result_text", "run__verdict",
    "run__rating", "run__studio_credits", "run__task__status", "run__task__final_credits",
    "run__task__error_message", "run__task__reason_text",
)  # fmt: skip


def get_sweep(sweep_id: str | UUID) -> Sweep:
    """One sweep with its experiment and the run it began from (one query). Raises Missing."""
    try:
        key = sweep_id if isinstance(sweep_id, UUID) else UUID(sweep_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    rows = Sweep.objects.select_related("experiment", "continues_from")
    sweep = rows.filter(pk=key).first() if key else None
    if sweep is None:
        text = f"There is no sweep {str(sweep_id)[:60]!r}."
        raise Missing(text, (Problem("sweep", text),))
    return sweep


def sweep_rows(experiment: Experiment) -> QuerySet[Sweep]:
    """An experiment's sweeps, without their plans."""
    return Sweep.objects.filter(experiment=experiment).defer("plan")


@dataclass(frozen=True, slots=True)
class Progress:
    """Tries by status; `total` counts what runs or ran, each retry instead of what it repeats."""

    counts: dict[str, int]
    total: int
    ended: int


def progress_of(sweep: Sweep) -> Progress:
    """Live counts (one query, from an index)."""
    return progress_by_id([sweep])[sweep.pk]


def progress_by_id(sweeps: Iterable[Sweep]) -> dict[UUID, Progress]:
    """The same for several (one query)."""
    found: dict[UUID, dict[str, int]] = {
        sweep.pk: {status: 0 for status in T.values} for sweep in sweeps
    }
    rows = SweepTry.objects.filter(sweep__in=found).values_list("sweep_id", "status")
    for sweep_id, status, count in rows.annotate(Count("pk")).order_by():
        found[sweep_id][status] = count
    return {sweep_id: _progress(counts) for sweep_id, counts in found.items()}


# What of a sweep a person can still take back: tries that wait, and runs that were not sent.
NOT_SENT = Q(run__task__status__in=["queued", "held"], run__task__exposure="none")
UNSENT = Q(status=T.WAITING) | Q(status=T.STARTED) & NOT_SENT


@dataclass(frozen=True, slots=True)
class Prices:
    """What the tries that failed, were canceled or are not sent yet are expected to cost, and how many
    the last are."""

    failed: int
    canceled: int
    unsent: int
    unsent_count: int


def prices_of(sweep: Sweep) -> Prices:
    """One query."""
    price = "cell__estimated_credits"
    return Prices(
        **sweep.tries.aggregate(
            failed=Sum(price, filter=Q(status=T.FAILED), default=0),
            canceled=Sum(price, filter=Q(status=T.CANCELED), default=0),
            unsent=Sum(price, filter=UNSENT, default=0),
            unsent_count=Count("pk", filter=UNSENT),
        )
    )


def _progress(counts: dict[str, int]) -> Progress:
    ended = counts[T.SUCCEEDED] + counts[T.FAILED] + counts[T.CANCELED]
    return Progress(counts, ended + counts[T.WAITING] + counts[T.STARTED], ended)


def cells_by_numbers(sweep: Sweep, numbers: Iterable[int]) -> list[SweepCell]:
    """Cells with their current tries, runs and first files (three queries however many)."""
    return list(_with_tries(sweep.cells.filter(number__in=list(numbers))).order_by("number"))


def _with_tries(cells: QuerySet[SweepCell]) -> QuerySet[SweepCell]:
    results = RunResult.objects.select_related("file").order_by("position")
    tries = (
        SweepTry.objects.exclude(status=T.RETRIED)
        .select_related("run__task")
        .only("cell_id", "sweep_id", "ordinal", "attempt", "status", "problem", *RUN_FIELDS)
        .order_by("ordinal")
        .prefetch_related(Prefetch("run__results", results))
    )
    return cells.prefetch_related(Prefetch("tries", tries))


def reference_hashes(sweep: Sweep) -> dict[str, str]:
    """The SHA-256 of the sweep's reference files by their ids (one query)."""
    rows = sweep.file_uses.values_list("file_id", "file__sha256")
    return {str(file_id): sha256 for file_id, sha256 in rows}


def cells_page(sweep: Sweep, after: str | None, size: int = PAGE_SIZE) -> Page[SweepCell]:
    """Cells in their order; the cursor is the last one's number. Raises Refusal for another."""
    start = _read_number(after)
    rows = _with_tries(sweep.cells.filter(number__gt=start))
    found = list(rows.order_by("number")[: size + 1])
    items = found[:size]
    return Page(items, str(items[-1].number) if len(found) > size else None, start == 0)


def _read_number(raw: str | None) -> int:
    if not raw:
        return 0
    if raw.isascii() and raw.isdigit() and len(raw) < 7:
        return int(raw)
    text = f"{raw[:40]!r} is no cursor: take it from the `next` of a list, or leave it out."
    raise Refusal.field("cursor", text)
