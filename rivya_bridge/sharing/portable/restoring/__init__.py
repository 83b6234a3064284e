"""An exported experiment as rows again, equal to those that were exported."""

from uuid import UUID

from django.conf import settings

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.models import ImportedExperiment
from rivya_bridge.sharing.portable.documents import EXPERIMENT_FIELDS, FILES, RUNS, member_of
from rivya_bridge.sharing.portable.reading import Checked, to_moment
from rivya_bridge.sharing.portable.restoring.judgement import add_judgement
from rivya_bridge.sharing.portable.restoring.rows import Target, in_groups, read_fields, redate
from rivya_bridge.sharing.portable.restoring.runs import add_runs
from rivya_bridge.sharing.portable.restoring.sweeps import add_sweeps


def store_media(checked: Checked) -> dict[str, UUID]:
    """The ids of all files by their SHA-256; those that the vault lacks are put into it."""
    found: dict[str, UUID] = {}
    for file in checked.lines(FILES):
        sha256 = file["sha256"]
        known = StoredFile.objects.filter(sha256=sha256).first()
        if known is None:
            with checked.archive.open(member_of(file)) as stream:
                limit = settings.DOWNLOAD_MAX_BYTES
                known = store_upload(stream, file["name"], max_bytes=limit, field="file")
        if known.sha256 != sha256:
            text = f"{file['name'][:80]} changed while it lay here: the disk may be damaged."
            raise Refusal.field("file", text)
        found[sha256] = known.pk
    return found


def restore(checked: Checked, files: dict[str, UUID]) -> Experiment:
    """Every row anew; call it inside a transaction."""
    document = checked.experiment
    preview = document["preview"]
    experiment = Experiment.objects.create(
        **read_fields(document, EXPERIMENT_FIELDS), preview_id=files[preview] if preview else None
    )
    target = Target(experiment, files)
    for group in in_groups(checked.lines(RUNS)):
        add_runs(group, target)
    add_judgement(checked, target)
    add_sweeps(checked, target)
    redate([experiment], [document], "created_at", "updated_at")
    exported_at = to_moment(checked.manifest["exported_at"])
    assert exported_at is not None
    ImportedExperiment.objects.create(
        experiment=experiment,
        content_sha256=checked.manifest["content_sha256"],
        exported_at=exported_at,
    )
    experiment.refresh_from_db()
    return experiment
