"""Files named in the cells of a table: by id, by SHA-256, or by their name in the vault."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import about_to_use
from rivya_bridge.refusals import Problem

SHA256 = re.compile(r"[0-9a-f]{64}")
NAME_LENGTH = 200
AT_ONCE = 300


class CellFiles:
    """Files by what cells call them; each name is looked up once, many in one query."""

    def __init__(self) -> None:
        self.by_id: dict[str, StoredFile] = {}
        self._found: dict[str, list[StoredFile]] = {}

    def load(self, cells: Iterable[Any]) -> None:
        """Looks up what was not looked up before: one query for up to 300 names, and one more where a
        file was not asked for lately."""
        words = {word for cell in cells if (word := _word(cell)) and word not in self._found}
        wanted = sorted(words)
        for start in range(0, len(wanted), AT_ONCE):
            self._load(wanted[start : start + AT_ONCE])

    def _load(self, words: Sequence[str]) -> None:
        ids = {word: key for word in words if (key := _as_id(word))}
        hashes = [word for word in words if SHA256.fullmatch(word)]
        names = [word for word in words if len(word) <= NAME_LENGTH]
        found = defaultdict(list)
        rows = StoredFile.objects.filter(
            Q(pk__in=list(ids.values())) | Q(sha256__in=hashes) | Q(name__in=names)
        )
        for file in about_to_use(rows.order_by("id")):
            self.by_id[str(file.pk)] = file
            for word in (str(file.pk), file.sha256, file.name):
                found[word].append(file)
        for word in words:
            self._found[word] = found[str(ids[word])] if word in ids else found[word]

    def to_ids(
        self, problems: list[Problem], cells: Mapping[str, Any], names: Iterable[str]
    ) -> Any:
        """The same cells with ids in place of file names; what names no one file is a problem."""
        given = dict(cells)
        for name in names:
            word = _word(given.get(name))
            if not word:
                continue
            files = self._found.get(word, [])
            if len(files) == 1:
                given[name] = str(files[0].pk)
                continue
            problems.append(_unclear(name, word, len(files)))
        return given


def _unclear(name: str, word: str, count: int) -> Problem:
    if count:
        text = f"{name}: {count} files in the vault are named {word[:60]!r}: give the id of one."
    else:
        text = (
            f"{name}: there is no file {word[:60]!r} in the vault: add it on the Files page, or give "
            "the id, SHA-256 or name of one that is there."
        )
    return Problem(name, text)


def _word(cell: Any) -> str:
    """What a cell calls its file; '' for an empty cell."""
    word = cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)
    return "" if "\0" in word else word


def _as_id(word: str) -> UUID | None:
    """Only the spelling with hyphens: a hash or a file name must not be taken for an id."""
    try:
        return UUID(word) if len(word) == 36 else None
    except ValueError:
        return None
