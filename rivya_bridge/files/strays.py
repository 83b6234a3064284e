"""Where rows and bytes disagree: bytes that no row knows, and rows whose bytes are gone."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings

from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile

# Bytes come before their row, and may be on their way in for a while.
SETTLED = timedelta(hours=24)
BATCH = 500
_NAME = re.compile(r"([0-9a-f]{64})(?:-\d+)?(?:\.(?:webp|svg|blind))?")


@dataclass(frozen=True, slots=True)
class Stray:
    """Bytes on disk without a row: of a content (`sha256`), or half-received ones ('')."""

    path: Path
    sha256: str
    size_bytes: int


def stray_bytes(now: datetime) -> list[Stray]:
    """What lies in the folder of files, is older than SETTLED, and belongs to no row."""
    strays = [stray for stray in _old_files(now) if not stray.sha256]
    contents = (stray for stray in _old_files(now) if stray.sha256)
    for some in _batches(contents):
        hashes = {stray.sha256 for stray in some}
        rows = StoredFile.objects.filter(sha256__in=hashes)
        known = set(rows.values_list("sha256", flat=True))
        strays.extend(stray for stray in some if stray.sha256 not in known)
    return strays


def _batches(strays: Iterator[Stray]) -> Iterator[list[Stray]]:
    while some := list(islice(strays, BATCH)):
        yield some


def _old_files(now: datetime) -> Iterator[Stray]:
    latest = (now - SETTLED).timestamp()
    for folder, _, names in os.walk(settings.FILES_DIR):
        for name in names:
            path = Path(folder, name)
            match = _NAME.fullmatch(name)
            if match is None and path.parent.name != "incoming":
                continue  # Nothing of ours.
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            if found.st_mtime < latest:
                yield Stray(path, match[1] if match else "", found.st_size)


def without_bytes(rows: Iterable[StoredFile] | None = None) -> list[StoredFile]:
    """Rows whose bytes somebody removed from the folder, the oldest first."""
    if rows is None:
        rows = StoredFile.objects.order_by("id").iterator(chunk_size=2000)
    return [row for row in rows if not store.path_of(row.sha256).is_file()]
