"""Removing what nothing uses: never anything that a row points at or a JSON field names.

A file that was added or asked for lately counts as used, because whoever added it may be about to say
what for. Between the last look and the removal nothing can slip in: the row is locked and looked at
again, adding holds a lock on the folder, and a reference to a row that is gone fails in the database.
"""

import fcntl
import os
import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from rivya_bridge.files import store
from rivya_bridge.files.models import RemoteFile, StoredFile, UploadClaim
from rivya_bridge.files.strays import Stray

GRACE = timedelta(hours=24)
# What belongs to a file and goes with it.
OWN = (RemoteFile, UploadClaim)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Busy(Exception):
    """Somebody adds files just now."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal came to; `left` were used meanwhile, or are being added just now."""

    files: int = 0
    size_bytes: int = 0
    left: int = 0


# --- Who may touch the folder --------------------------------------------------------------------


@contextmanager
def adding() -> Iterator[None]:
    """Until the end nobody removes anything. Several may add at once."""
    with _locked(fcntl.LOCK_SH):
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody adds meanwhile. Raises Busy instead of waiting, so that two locks never wait for each
    other."""
    with _locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


@contextmanager
def _locked(how: int) -> Iterator[None]:
    settings.FILES_DIR.mkdir(parents=True, exist_ok=True)
    handle = os.open(settings.FILES_DIR / ".removing", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, how)
        except BlockingIOError as error:
            raise Busy from error
        yield
    finally:
        os.close(handle)


# --- What uses a file ------------------------------------------------------------------------------


def pointing_fields() -> list[tuple[type[models.Model], str]]:
    """Every column of any app that points at a file, found by Django itself: (model, field name).

    Hidden relations count, and a table between two others counts by its own column.
    """
    found = []
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        model = relation.related_model
        if not isinstance(model, str) and model not in OWN:
            found.append((model, relation.field.name))
    return found


def unused_files(now: datetime) -> QuerySet[StoredFile]:
    """Files that no row points at, and that nobody added or asked for lately; the oldest first.

    JSON fields are not looked at: `named_files` does that.
    """
    rows = StoredFile.objects.filter(seen_at__lt=now - GRACE).order_by("id")
    for model, field in pointing_fields():
        pointing = model._base_manager.filter(**{field: OuterRef("pk")})
        rows = rows.filter(~Exists(pointing))
    return rows


def named_files(ids: Collection[UUID]) -> set[UUID]:
    """Which of these files are named in a JSON field of any row. Reads all of them: use it rarely."""
    wanted = {str(one) for one in ids}
    found: set[str] = set()
    for model in apps.get_models() if wanted else ():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.JSONField):
                for text in _texts(model, field.name):
                    found.update(wanted.intersection(_UUID.findall(text)))
    return {UUID(one) for one in found}


def _texts(model: type[models.Model], field: str) -> Iterator[str]:
    rows = model._base_manager.annotate(as_text=Cast(field, models.TextField()))
    likely = rows.filter(as_text__contains="-").order_by()
    return likely.values_list("as_text", flat=True).iterator(chunk_size=2000)


def removable_files(now: datetime) -> list[StoredFile]:
    """What may be removed: nothing points at it and nothing names it."""
    rows = list(unused_files(now))
    named = named_files([row.pk for row in rows])
    return [row for row in rows if row.pk not in named]


# --- Removing ------------------------------------------------------------------------------------


def remove_files(files: Collection[StoredFile], now: datetime) -> Removed:
    """Removes those of `files` that still nothing uses, row and bytes."""
    named = named_files([file.pk for file in files])
    done, size, left = 0, 0, 0
    for file in files:
        if file.pk not in named and _remove(file.pk, now):
            done, size = done + 1, size + file.size_bytes
        else:
            left += 1
    return Removed(done, size, left)


def _remove(file_id: UUID, now: datetime) -> bool:
    with ExitStack() as held:
        try:
            with transaction.atomic():
                # Waits for whoever points at the row just now; then it is looked at again.
                row = StoredFile.objects.select_for_update().filter(pk=file_id).first()
                if row is None or not unused_files(now).filter(pk=file_id).exists():
                    return False
                held.enter_context(_alone())
                row.delete()
        except (Busy, models.ProtectedError):
            return False
        # The row is gone for good, and nobody can add the same bytes before this is done.
        for path in store.paths_of(row.sha256):
            path.unlink(missing_ok=True)
    return True


def remove_strays(strays: Collection[Stray]) -> Removed:
    """Removes bytes that no row knows; what has got a row meanwhile stays."""
    done, size, left = 0, 0, 0
    for stray in strays:
        try:
            with _alone():
                if stray.sha256 and StoredFile.objects.filter(sha256=stray.sha256).exists():
                    left += 1
                    continue
                stray.path.unlink(missing_ok=True)
        except Busy:
            left += 1
            continue
        done, size = done + 1, size + stray.size_bytes
    return Removed(done, size, left)
