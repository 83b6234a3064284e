"""Importing an exported experiment: looked at, then restored whole, or not at all."""

from typing import Any
from uuid import UUID

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
from rivya_bridge.sharing.portable.reading import (
    Checked,
    check_export,
    open_export,
    reopen_export,
)
from rivya_bridge.sharing.portable.removing import remove_arriving
from rivya_bridge.sharing.portable.restoring import restore, store_media
from rivya_bridge.sharing.progress import Claim
from rivya_bridge.sharing.staging import path_of, receive


def receive_experiment(stream: Readable, name: str, **asked: bool) -> Staged:
    """A ZIP, to be looked at. `asked`: `straight` imports it without waiting to be confirmed, `again`
    also when it is here already. Raises Refusal."""
    return receive(stream, name, Staged.Purpose.EXPERIMENT, asked=asked)


def look_at_experiment(claim: Claim) -> None:
    """To its last byte; what is found waits to be confirmed. Raises Refusal."""
    staged = claim.staged
    with open_export(path_of(staged)) as archive:
        checked = check_export(archive, claim)
    if not staged.asked.get("straight"):
        claim.end(Staged.Status.READY, facts=_facts(checked))
        return
    if not staged.asked.get("again"):
        refuse_known(checked.manifest)
    claim.end(Staged.Status.IMPORTING, facts=_facts(checked))


def refuse_known(manifest: dict[str, Any]) -> None:
    """Raises Conflict when the experiment is here already."""
    if known := find_known(manifest):
        text = (
            f"This experiment is here already: {known.title} ({known.pk}). Import it again to have "
            "a second one."
        )
        raise Conflict(text, [Problem("file", text)])


def find_known(manifest: dict[str, Any]) -> Experiment | None:
    """The experiment here that the ZIP was made of, or that was made of an equal ZIP."""
    rows = ImportedExperiment.objects.select_related("experiment").order_by("-id")
    earlier = rows.filter(content_sha256=manifest["content_sha256"]).first()
    if earlier:
        return earlier.experiment
    try:
        return Experiment.objects.filter(pk=UUID(str(manifest["experiment"]["id"]))).first()
    except ValueError:
        return None


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
        "counts": checked.counts,
        "manifest": {
            name: checked.manifest[name] for name in ("exported_at", "experiment", "content_sha256")
        },
    }


def choose_experiment(staged: Staged, *, again: bool) -> Staged:
    """Says that it is to be imported; said again it changes nothing. Raises Conflict when it is here
    already, unless a second one is wanted `again`."""
    if staged.status == Staged.Status.READY:
        if not again:
            refuse_known(staged.facts["manifest"])
        ready = Staged.objects.filter(pk=staged.pk, status=Staged.Status.READY)
        ready.update(status=Staged.Status.IMPORTING, refusal={}, attempts=0)
    staged.refresh_from_db()
    return staged


def restore_staged(claim: Claim) -> None:
    """Restores a staged experiment, from where an earlier worker left off. Raises Refusal."""
    staged = claim.staged
    path = path_of(staged)
    with open_export(path) as archive:
        checked = reopen_export(archive, staged.facts["counts"])
        restore(checked, store_media(checked, claim), claim)
    path.unlink(missing_ok=True)


def take_back(claim: Claim) -> None:
    """Removes what was made of it; then it waits again to be confirmed."""
    if made := claim.staged.made.get("experiment"):
        remove_arriving(UUID(made), claim)
    claim.end(Staged.Status.READY, made={})
