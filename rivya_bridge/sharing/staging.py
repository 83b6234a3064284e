"""Files between being sent and being confirmed: kept for a day, under names of our own."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from rivya_bridge.files.services import clean_name
from rivya_bridge.files.store import Readable
from rivya_bridge.identifiers import new_id
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.sharing.models import Staged

LIFETIME = timedelta(days=1)
CHUNK_BYTES = 1_048_576


def receive(
    stream: Readable, name: str, purpose: str, *, most_bytes: int | None = None, **fields: Any
) -> Staged:
    """Keeps a file for a day, to be looked at. When it is refused, nothing of it stays."""
    expire_staged()
    limit = settings.IMPORT_MAX_BYTES if most_bytes is None else most_bytes
    staged = _new(name, purpose, **fields)
    path = path_of(staged)
    try:
        staged.sha256, staged.size_bytes = _receive(stream, path, limit, staged.name)
        staged.save(force_insert=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return staged


def receive_in_place(path: Path, purpose: str, **fields: Any) -> Staged:
    """A file of this machine, read where it lies and never removed."""
    staged = _new(path.name, purpose, size_bytes=path.stat().st_size, **fields)
    link = path_of(staged)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(path.resolve(strict=True))
    staged.save(force_insert=True)
    return staged


def _new(name: str, purpose: str, **fields: Any) -> Staged:
    return Staged(
        id=new_id(),
        purpose=purpose,
        name=clean_name(name),
        expires_at=timezone.now() + LIFETIME,
        **fields,
    )


def _receive(stream: Readable, path: Path, limit: int, name: str) -> tuple[str, int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                text = (
                    f"{name} is larger than {limit // CHUNK_BYTES:,} MB, the limit for one import: "
                    "split it, or import it by the command line. It was not kept."
                )
                raise Refusal.field("file", text, limit)
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise Refusal.field("file", f"{name} is empty (0 bytes). Choose the file again.", 1)
    return digest.hexdigest(), size


def path_of(staged: Staged) -> Path:
    """Where its bytes lie until it is imported."""
    return Path(settings.IMPORTS_DIR) / staged.pk.hex


def get_staged(staged_id: UUID) -> Staged:
    """One staged file with its experiment. Raises Missing."""
    expire_staged()
    staged = Staged.objects.select_related("experiment").filter(pk=staged_id).first()
    if staged is None:
        text = "There is no such import: it was discarded, or waited longer than a day. Begin anew."
        raise Missing(text)
    return staged


def discard(staged: Staged) -> None:
    """Forgets a file that nothing is being made of; one that was imported only loses its preview."""
    Staged.objects.filter(pk=staged.pk).delete()
    path_of(staged).unlink(missing_ok=True)


def expire_staged(now: datetime | None = None) -> int:
    """Removes what waited too long, and bytes that belong to nothing; how many files went."""
    now = now or timezone.now()
    unfinished = (Staged.Status.IMPORTING, Staged.Status.UNDOING)
    Staged.objects.filter(expires_at__lt=now).exclude(status__in=unfinished).delete()
    folder = Path(settings.IMPORTS_DIR)
    known = {pk.hex for pk in Staged.objects.values_list("pk", flat=True)}
    oldest = (now - LIFETIME).timestamp()
    gone = [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name not in known and path.lstat().st_mtime < oldest
    ]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)
