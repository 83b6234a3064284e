"""The exact bytes of a task's request, for which its references are uploaded once."""

from django.db import transaction
from django.utils import timezone

from rivya_bridge.files.uploading import UploadUnderWay, upload_reference
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import RivyaError
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.bodies import BODIES
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.failed_sending import error_fields, fail, unreachable_too_long
from rivya_bridge.tasks.services.transitions import add_event, hold, let_go, renew, soon

# Another task uploads the same content: this one looks again after so long.
UNDER_WAY_SECONDS = 1.0


def make_body(task: Task) -> bytes | None:
    """Uploads what must be uploaded and makes the bytes; None when that failed for now."""
    item, write_body = BODIES[task.kind]
    items = []
    for reference in task.references.select_related("file"):
        renew(task, timezone.now())
        try:
            remote = upload_reference(
                reference.file,
                model_id=task.model_id,
                keep_alive=lambda: renew(task, timezone.now()),
            )
        except UploadUnderWay:
            let_go(task, soon(UNDER_WAY_SECONDS), lost_leases=task.lost_leases)
            return None
        except RivyaError as error:
            _after_failed_upload(task, error, reference.file.name)
            return None
        except Refusal as refusal:
            hold(task, "reference_lost", refusal.message)
            return None
        items.append(item(reference.file, remote))
    return write_body(task.draft, items, trace_id=str(task.pk))


def _after_failed_upload(task: Task, error: RivyaError, name: str) -> None:
    """An upload spends nothing and may be repeated, so only a final refusal ends the task."""
    tries = _failed_uploads(task) + 1
    following = policy.after_failed_sending(
        error,
        unknown_tries=tries,
        same_failures=0,
        conflicts=1,
        gate_seconds=gates.heed(task.account, error),
    )
    text = f"The reference {name} could not be uploaded: {error}"
    if following.status == "failed":
        fail(task, following.reason, text, error)
    elif following.status == "held" or unreachable_too_long(task, error):
        reason = following.reason
        reason = "upload_failed" if reason == "outcome_unknown" else reason
        hold(task, reason, text, **error_fields(error))
    else:
        _come_back(task, following, text, error)


def _come_back(task: Task, following: policy.Next, text: str, error: RivyaError) -> None:
    is_counted = following.status == "unconfirmed"
    with transaction.atomic():
        let_go(task, soon(max(1.0, following.delay_seconds)))
        kind = "upload_failed" if is_counted else "upload_waits"
        words = f"{text} It is tried again by itself."
        add_event(task, kind, words, reason=following.reason, code=error.code)


def _failed_uploads(task: Task) -> int:
    """Failures of the uploads themselves since a person last let the task go on."""
    continued = task.events.filter(kind="continued").order_by("-seq").first()
    since = continued.seq if continued else 0
    return task.events.filter(kind="upload_failed", seq__gt=since).count()
