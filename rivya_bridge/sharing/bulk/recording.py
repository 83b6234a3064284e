"""Recording the runs that were looked at and chosen: all together, once."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_runs
from rivya_bridge.experiments.services import record_studio_run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_files
from rivya_bridge.files.services import store_upload
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.sharing.bulk.looking import find_twins
from rivya_bridge.sharing.bulk.rows import FILE_COLUMNS, NOT_GIVEN, Row
from rivya_bridge.sharing.bulk.sources import Source, open_source
from rivya_bridge.sharing.models import Staged, StagedRow
from rivya_bridge.sharing.progress import Claim, Progress
from rivya_bridge.sharing.staging import path_of

# How long what was imported can be looked up by its own address.
_SHOWN_FOR = timedelta(days=30)


def choose_runs(staged: Staged, chosen: Sequence[int] | None = None) -> Staged:
    """Says which rows are to be recorded: the good ones that are new, or the `chosen` ones of them.

    Said again it changes nothing. Raises Refusal when nothing is chosen, when a chosen row has
    problems, or continues a row that is neither chosen nor recorded; Conflict when another choice was
    confirmed before.
    """
    positions = sorted(set(chosen)) if chosen is not None else None
    if staged.status == Staged.Status.READY:
        picked = [row.position for row in _picked(list(staged.rows.all()), positions)]
        ready = Staged.objects.filter(pk=staged.pk, status=Staged.Status.READY)
        ready.update(status=Staged.Status.IMPORTING, chosen=picked, refusal={}, attempts=0)
    staged.refresh_from_db()
    if positions is not None and positions != staged.chosen:
        raise Conflict("Another choice of rows was confirmed before: see what was recorded.")
    return staged


def record_chosen(claim: Claim) -> None:
    """Files into the vault one by one, then all runs in one transaction. Raises Refusal."""
    staged = claim.staged
    wanted = set(staged.chosen or ())
    rows = list(staged.rows.all())
    picked = [row for row in rows if row.position in wanted]
    with ExitStack() as stack:
        source = open_source(stack, path_of(staged))
        members = _store_members(source, [row.facts for row in picked], claim)
    _record(claim, picked, {row.position: row.twin_id for row in rows}, members)
    path_of(staged).unlink(missing_ok=True)


def _picked(rows: Sequence[StagedRow], positions: Sequence[int] | None) -> list[StagedRow]:
    if positions is None:
        picked = [row for row in rows if not row.problems and not is_repeat(row)]
    else:
        picked = [row for row in rows if row.position in set(positions)]
    if not picked:
        text = "No row is chosen: tick at least one. Rows with problems cannot be imported."
        raise Refusal.field("row", text, 1)
    bad = [row.facts["line"] for row in picked if row.problems]
    if bad:
        text = f"These rows have problems and cannot be imported: {', '.join(bad[:5])}."
        raise Refusal.field("row", text)
    known = {row.position for row in picked} | {row.position for row in rows if row.twin_id}
    orphans = [
        row.facts["line"] for row in picked if row.facts.get("parent", row.position) not in known
    ]
    if orphans:
        text = f"{', '.join(orphans[:5])}: continues a row that is not chosen. Choose that one too."
        raise Refusal.field("row", text)
    return picked


def is_repeat(row: StagedRow) -> bool:
    """Whether the same run is there already, or stands in an earlier row."""
    return row.twin_id is not None or "double_of" in row.facts


def _record(
    claim: Claim,
    rows: Sequence[StagedRow],
    twins: Mapping[int, UUID | None],
    members: Mapping[str, StoredFile],
) -> None:
    staged = claim.staged
    assert staged.experiment is not None
    claim.begin(Staged.Stage.RUNS, len(rows))
    with transaction.atomic():
        claim.keep()
        made: dict[int, UUID | None] = dict(twins)
        for row in rows:
            intent = f"{staged.pk}:{row.position}"
            run = record_facts(staged.experiment, row.facts, members, made, intent)
            made[row.position] = run.pk
            StagedRow.objects.filter(pk=row.pk).update(run=run)
            claim.step()
        expires_at = timezone.now() + _SHOWN_FOR
        claim.end(Staged.Status.DONE, outcome={"count": len(rows)}, expires_at=expires_at)


def _store_members(
    source: Source, facts: Sequence[Mapping[str, Any]], progress: Progress
) -> dict[str, StoredFile]:
    wanted = {
        file["member"]: (file["name"], column)
        for row in facts
        for column in FILE_COLUMNS
        for file in row[column]
        if file["member"]
    }
    progress.begin(Staged.Stage.STORED, len(wanted))
    found: dict[str, StoredFile] = {}
    for member, (name, column) in wanted.items():
        with source.open(member) as stream:
            found[member] = store_upload(progress.watched(stream), name, field=column)
        progress.step()
    return found


def record_facts(
    experiment: Experiment,
    facts: Mapping[str, Any],
    members: Mapping[str, StoredFile],
    made: Mapping[int, UUID | None],
    intent: str,
) -> Run:
    """One run from the facts of a row; `made` are the runs of earlier rows by position."""
    given = {name: value for name, value in facts.items() if name not in (*NOT_GIVEN, "double_of")}
    for column in FILE_COLUMNS:
        given[column] = [
            members[file["member"]]
            if file["member"]
            else get_files([file["file"]], field=column)[0]
            for file in facts[column]
        ]
    parent = made.get(facts["parent"]) if "parent" in facts else facts.get("parent_run")
    earlier = get_runs([parent], field="continues_from")[0] if parent else None
    return record_studio_run(
        experiment, **given, continues_from=earlier, intent_key=f"import:{intent}"
    )


def import_folder(experiment: Experiment, source: Source, rows: Sequence[Row]) -> list[Run]:
    """Records the good rows of a folder, all or none. Raises Refusal when there is none.

    Rows that the experiment has already are passed over, so that importing again adds only the new.
    """
    twins = find_twins(experiment, rows)
    fresh: dict[str, Row] = {}
    made: dict[int, UUID | None] = {}
    for row in rows:
        if row.problems:
            continue
        made[row.position] = twins.get(row.fingerprint)
        if row.fingerprint not in twins:
            fresh.setdefault(row.fingerprint, row)
    members = _store_members(source, [row.facts for row in fresh.values()], Progress())
    runs = []
    with transaction.atomic():
        for row in fresh.values():
            run = record_facts(
                experiment, row.facts, members, made, f"{experiment.pk}:{row.fingerprint}"
            )
            made[row.position] = run.pk
            runs.append(run)
    return runs
