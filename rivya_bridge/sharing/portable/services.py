"""Importing an exported experiment: looked at, then restored whole, or not at all."""

from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Conflict, Problem
from rivya_bridge.sharing.models import ImportedExperiment, Staged
from rivya_bridge.sharing.portable.documents import (
    BALLOTS,
    COMPARISONS,
    FILES,
    RUNS,
    SWEEPS,
    VERSION,
)
from rivya_bridge.sharing.portable.reading import Checked, check_export, open_export
from rivya_bridge.sharing.portable.restoring import restore, store_media
from rivya_bridge.sharing.staging import LIFETIME, path_of, stage


def import_experiment(path: Path, *, again: bool = False) -> Experiment:
    """The experiment of a ZIP, anew.

    Raises Refusal for what is foreign or damaged, Conflict when it is here already and `again` does
    not ask for a second one; then nothing was made.
    """
    with open_export(path) as archive:
        checked = check_export(path, archive)
        if not again:
            _refuse_known(checked)
        files = store_media(checked)
        with transaction.atomic():
            return restore(checked, files)


def import_received(stream: Readable, name: str, *, again: bool = False) -> Experiment:
    """`import_experiment` for bytes that are being sent; they are gone afterwards."""
    made: list[Experiment] = []

    def look(staged: Staged, path: Path) -> None:
        made.append(import_experiment(path, again=again))

    staged = stage(stream, name, Staged.Purpose.EXPERIMENT, look)
    path_of(staged).unlink(missing_ok=True)
    return made[0]


def _refuse_known(checked: Checked) -> None:
    if known := find_known(checked.manifest):
        text = (
            f"This experiment is here already: {known.title} ({known.pk}). Import it again to have "
            "a second one."
        )
        raise Conflict(text, [Problem("file", text)])


def find_known(manifest: dict[str, object]) -> Experiment | None:
    """The experiment here that the ZIP was made of, or that was made of an equal ZIP."""
    rows = ImportedExperiment.objects.select_related("experiment").order_by("-id")
    earlier = rows.filter(content_sha256=manifest["content_sha256"]).first()
    if earlier:
        return earlier.experiment
    origin = manifest["experiment"]
    assert isinstance(origin, dict)
    try:
        return Experiment.objects.filter(pk=UUID(str(origin["id"]))).first()
    except ValueError:
        return None


def stage_experiment(stream: Readable, name: str) -> Staged:
    """A ZIP, looked at to its last byte and waiting to be confirmed. Raises Refusal."""

    def look(staged: Staged, path: Path) -> None:
        with open_export(path) as archive:
            checked = check_export(path, archive)
        staged.facts = _facts(checked)
        staged.save(force_insert=True)

    return stage(stream, name, Staged.Purpose.EXPERIMENT, look)


def _facts(checked: Checked) -> dict[str, object]:
    document = checked.experiment
    return {
        "title": document["title"],
        "question": document["question"],
        "category": document["category"],
        "credits": document["spent_credits"],
        "runs": checked.counts[RUNS],
        "files": checked.counts[FILES],
        "comparisons": checked.counts[COMPARISONS],
        "votes": checked.counts[BALLOTS],
        "sweeps": checked.counts.get(SWEEPS, 0),
        "is_whole": checked.manifest["version"] == VERSION,
        "manifest": {
            name: checked.manifest[name] for name in ("exported_at", "experiment", "content_sha256")
        },
    }


def confirm_experiment(staged: Staged) -> Experiment:
    """Restores a staged experiment; confirmed again, it gives the same one."""
    if staged.status == Staged.Status.DONE:
        return _made(staged)
    path = path_of(staged)
    with open_export(path) as archive:
        checked = check_export(path, archive, opens_media=False)
        files = store_media(checked)
        with transaction.atomic():
            held = Staged.objects.select_for_update().get(pk=staged.pk)
            if held.status == Staged.Status.DONE:
                return _made(held)
            experiment = restore(checked, files)
            Staged.objects.filter(pk=staged.pk).update(
                status=Staged.Status.DONE,
                outcome={"experiment": str(experiment.pk)},
                expires_at=timezone.now() + LIFETIME,
            )
    path.unlink(missing_ok=True)
    return experiment


def _made(staged: Staged) -> Experiment:
    return Experiment.objects.get(pk=staged.outcome["experiment"])
