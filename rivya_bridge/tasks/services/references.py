"""A request that was refused because Rivya has a reference no more: it is uploaded again, once."""

from django.db import transaction
from django.utils import timezone

from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.files.uploading import forget_upload
from rivya_bridge.rivya import NotFound, RivyaError, ValidationFailed
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.attempts import thaw
from rivya_bridge.tasks.services.transitions import add_event, let_go


def lost_references(task: Task, error: RivyaError) -> list[StoredFile]:
    """The references that a refusal names by their address or id; none after one renewal."""
    if not isinstance(error, ValidationFailed | NotFound):
        return []
    if task.events.filter(kind="reference_renewed").exists():
        return []
    words = f"{error} {error.body}"
    ids = task.references.values_list("file_id", flat=True)
    uploads = RemoteFile.objects.filter(file_id__in=ids, account=task.account)
    named = uploads.select_related("file")
    return [one.file for one in named if one.url in words or one.remote_id in words]


def renew_references(task: Task, lost: list[StoredFile], error: RivyaError) -> None:
    """Back to queued without frozen bytes; only for a request that was provably not accepted.

    The caller has restored the exposure to none in the same transaction.
    """
    names = ", ".join(file.name for file in lost)
    with transaction.atomic():
        for file in lost:
            forget_upload(file, task.account)
        thaw(task)
        add_event(
            task,
            "reference_renewed",
            f"Rivya does not have {names} any more ({error}). It is uploaded again, once, and the "
            "request is sent anew.",
            code=error.code,
        )
        let_go(task, timezone.now())
