"""An exported experiment as rows again, equal to those that were exported.

The rows come in portions, each in a transaction of its own that also says how far it has come, so that
nobody else has to wait for a large one, and another worker can go on where one has died. Nobody sees
the experiment before its last row is there.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.models import ImportedExperiment, Staged
from rivya_bridge.sharing.portable.documents import (
    BALLOTS,
    CELLS,
    COMPARISONS,
    CONSUMERS,
    EXPERIMENT_FIELDS,
    FILES,
    OVERRIDES,
    RUNS,
    SWEEPS,
    VERDICTS,
    member_of,
)
from rivya_bridge.sharing.portable.reading import Checked, to_moment
from rivya_bridge.sharing.portable.restoring import judgement, runs, sweeps
from rivya_bridge.sharing.portable.restoring.rows import (
    Target,
    in_groups,
    read_fields,
    redate,
)
from rivya_bridge.sharing.progress import Claim, Progress
from rivya_bridge.sharing.staging import LIFETIME

# In this order, because later ones name rows of earlier ones.
PORTIONS: dict[str, Callable[[list[dict[str, Any]], Target], None]] = {
    RUNS: runs.add_runs,
    COMPARISONS: judgement.add_comparisons,
    BALLOTS: judgement.add_ballots,
    CONSUMERS: judgement.add_consumers,
    VERDICTS: judgement.add_verdicts,
    SWEEPS: sweeps.add_sweeps,
    CELLS: sweeps.add_cells,
    # Against the facts of all that is there by then.
    OVERRIDES: judgement.add_overrides,
}


def store_media(checked: Checked, progress: Progress) -> dict[str, UUID]:
    """The ids of all files by their SHA-256; those that the vault lacks are put into it."""
    progress.begin(Staged.Stage.STORED, checked.counts[FILES])
    found: dict[str, UUID] = {}
    for file in checked.lines(FILES):
        found[file["sha256"]] = _store(checked, file, progress).pk
        progress.step()
    return found


def _store(checked: Checked, file: dict[str, Any], progress: Progress) -> StoredFile:
    known = StoredFile.objects.filter(sha256=file["sha256"]).first()
    if known:
        return known
    with checked.archive.open(member_of(file)) as stream:
        limit = settings.DOWNLOAD_MAX_BYTES
        watched = progress.watched(stream)
        stored = store_upload(watched, file["name"], max_bytes=limit, field="file")
    if stored.sha256 != file["sha256"]:
        text = f"{file['name'][:80]} changed while it lay here: the disk may be damaged."
        raise Refusal.field("file", text)
    return stored


def restore(checked: Checked, files: dict[str, UUID], claim: Claim) -> None:
    """Every row anew, or those that are still missing; with the last one the claim has ended."""
    target = _begin(checked, files, claim)
    lines = dict(claim.staged.made["lines"])
    total = sum(checked.counts.get(name, 0) for name in PORTIONS)
    claim.begin(Staged.Stage.RESTORED, total, sum(lines.values()))
    for document, add in PORTIONS.items():
        for rows in in_groups(checked.lines(document, after=lines.get(document, 0))):
            claim.step(len(rows))
            lines[document] = lines.get(document, 0) + len(rows)
            with transaction.atomic():
                claim.keep(made={**claim.staged.made, "lines": lines}, attempts=0)
                add(rows, target)
    _reveal(checked, target, claim)


def _begin(checked: Checked, files: dict[str, UUID], claim: Claim) -> Target:
    """The experiment that an earlier worker began, with the runs it has, or a new one."""
    if begun := claim.staged.made.get("experiment"):
        experiment = Experiment.everything.get(pk=begun)
        numbers = Run.objects.filter(experiment=experiment).values_list("number", "pk")
        return Target(experiment, files, dict(numbers.iterator()))
    document = checked.experiment
    preview = document["preview"]
    with transaction.atomic():
        experiment = Experiment.everything.create(
            **read_fields(document, EXPERIMENT_FIELDS),
            preview_id=files[preview] if preview else None,
            is_arriving=True,
        )
        claim.keep(made={"experiment": str(experiment.pk), "lines": {}})
    return Target(experiment, files)


@transaction.atomic
def _reveal(checked: Checked, target: Target, claim: Claim) -> None:
    """The last portion: from here on the experiment is there."""
    claim.keep()
    experiment = target.experiment
    sweeps.settle(experiment)
    redate([experiment], [checked.experiment], "created_at", "updated_at")
    Experiment.everything.filter(pk=experiment.pk).update(is_arriving=False)
    exported_at = to_moment(checked.manifest["exported_at"])
    assert exported_at is not None
    ImportedExperiment.objects.create(
        experiment=experiment,
        content_sha256=checked.manifest["content_sha256"],
        exported_at=exported_at,
    )
    outcome = {"experiment": str(experiment.pk)}
    expires_at = timezone.now() + LIFETIME
    claim.end(Staged.Status.DONE, made={}, outcome=outcome, expires_at=expires_at)
