"""References at Rivya: each content once per account, checked now and then, sent again when it is gone."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from rivya_bridge.connection import current_connection, one_connection, rivya_client
from rivya_bridge.files import store
from rivya_bridge.files.models import RemoteFile, StoredFile, UploadClaim
from rivya_bridge.files.services import lost_bytes
from rivya_bridge.refusals import Conflict
from rivya_bridge.rivya import BadAnswer, NotFound

CLAIM = timedelta(seconds=60)
RENEW_SECONDS = 15.0
# An upload that is older is asked for before it is used again; how long Rivya keeps one is not known.
CHECK_AGE = timedelta(hours=24)
# The limit of one upload: its head start, and the slowest line that is waited for.
UPLOAD_SECONDS = 45.0
SLOWEST_BYTES_PER_SECOND = 128 * 1024

KeepAlive = Callable[[], None]


class UploadUnderWay(Conflict):
    """Somebody else uploads the same content now: come back in a moment."""


def upload_seconds(size_bytes: int) -> float:
    """The limit of an upload, in proportion to its size."""
    return UPLOAD_SECONDS + size_bytes / SLOWEST_BYTES_PER_SECOND


@one_connection()
def upload_reference(
    file: StoredFile, *, model_id: str, keep_alive: KeepAlive = lambda: None
) -> RemoteFile:
    """The content as the account in use knows it; uploaded now if it never was, or is there no more.

    Call it outside transactions: it may send the file. `keep_alive` is called now and then meanwhile.
    Raises RivyaError, UploadUnderWay, or Missing when the bytes are gone from the data folder.
    """
    account = current_connection().account
    known = RemoteFile.objects.filter(file=file, account=account).first()
    if known and _is_still_there(known):
        return known
    owner = secrets.token_hex(16)
    if not _claim(file, account, owner):
        raise UploadUnderWay(f"{file.name} is being uploaded for another task just now.")
    try:
        # Somebody may have finished between the first look and the claim.
        known = RemoteFile.objects.filter(file=file, account=account).first()
        return known or _upload(file, account, owner, model_id, keep_alive)
    finally:
        UploadClaim.objects.filter(file=file, account=account, owner=owner).delete()


def forget_upload(file: StoredFile, account: str) -> None:
    """Rivya says that it has the content no more: the next use uploads it again."""
    RemoteFile.objects.filter(file=file, account=account).delete()


def _is_still_there(known: RemoteFile) -> bool:
    now = timezone.now()
    seen = known.checked_at or known.uploaded_at
    if timedelta(0) <= now - seen <= CHECK_AGE:
        return True
    try:
        remote = rivya_client().files.retrieve(known.remote_id)
    except NotFound:
        forget_upload(known.file, known.account)
        return False
    RemoteFile.objects.filter(pk=known.pk).update(
        checked_at=now, url=remote.url, duration_token=remote.duration_token or known.duration_token
    )
    known.refresh_from_db()
    return True


def _claim(file: StoredFile, account: str, owner: str) -> bool:
    now = timezone.now()
    until = now + CLAIM
    claim, made = UploadClaim.objects.get_or_create(
        file=file, account=account, defaults={"owner": owner, "until": until}
    )
    if made:
        return True
    is_over = Q(until__lte=now) | Q(until__gt=now + 2 * CLAIM)
    return UploadClaim.objects.filter(is_over, pk=claim.pk).update(owner=owner, until=until) == 1


def _upload(
    file: StoredFile, account: str, owner: str, model_id: str, keep_alive: KeepAlive
) -> RemoteFile:
    path = store.path_of(file.sha256)
    if not path.is_file():
        raise lost_bytes(file)
    remote = rivya_client().files.upload(
        path,
        kind=file.kind,
        name=file.name,
        mime_type=file.mime_type,
        model=model_id,
        client_request_id=str(file.pk),
        on_progress=_keeper(file, account, owner, keep_alive),
        seconds=upload_seconds(file.size_bytes),
    )
    if remote.size_bytes is not None and remote.size_bytes != file.size_bytes:
        raise BadAnswer(
            f"Rivya received {remote.size_bytes} bytes of {file.name}, which has {file.size_bytes}.",
            spent="no",
        )
    row, _ = RemoteFile.objects.get_or_create(
        file=file,
        account=account,
        defaults={
            "remote_id": remote.id,
            "url": remote.url,
            "duration_token": remote.duration_token or "",
        },
    )
    return row


def _keeper(
    file: StoredFile, account: str, owner: str, keep_alive: KeepAlive
) -> Callable[[int], None]:
    """Renews the claim, and whatever the caller holds, while bytes go out."""
    renewed_at = time.monotonic()

    def keep(size: int) -> None:
        nonlocal renewed_at
        if time.monotonic() - renewed_at >= RENEW_SECONDS:
            renewed_at = time.monotonic()
            _renew(file, account, owner, timezone.now())
            keep_alive()

    return keep


def _renew(file: StoredFile, account: str, owner: str, now: datetime) -> None:
    ours = UploadClaim.objects.filter(file=file, account=account, owner=owner)
    ours.update(until=now + CLAIM)
