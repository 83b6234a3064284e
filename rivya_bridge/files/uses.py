"""Where a file is used, told by the apps that use it: each registers what it knows.

    register(Finder("Runs", (RunResult, RunReference), find))

The vault knows no app above it, so that a table nobody has described is found by Django's relations and
shown with its name and count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import models

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.removing import named_files, pointing_fields

MOST_LINKS = 20


@dataclass(frozen=True, slots=True)
class Use:
    """One place: what it is called, its page, and how it uses the file."""

    text: str
    url: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Finder:
    """`find(file, most)` gives the newest uses. `covers`: the tables that it speaks for."""

    title: str
    covers: tuple[type[models.Model], ...]
    find: Callable[[StoredFile, int], Sequence[Use]]


@dataclass(frozen=True, slots=True)
class Group:
    """Uses of one kind; `has_more` than are listed."""

    title: str
    uses: tuple[Use, ...]
    has_more: bool = False


_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Called once by each app when it is ready."""
    if finder not in _finders:
        _finders.append(finder)


def uses_of(file: StoredFile) -> list[Group]:
    """Where a file is used, by kind; empty when nothing uses it. A few queries per app."""
    groups = [_group(finder, file) for finder in _finders]
    return [group for group in [*groups, _elsewhere(file)] if group.uses]


def _group(finder: Finder, file: StoredFile) -> Group:
    found = list(finder.find(file, MOST_LINKS + 1))
    return Group(finder.title, tuple(found[:MOST_LINKS]), len(found) > MOST_LINKS)


def _elsewhere(file: StoredFile) -> Group:
    covered = {model for finder in _finders for model in finder.covers}
    uses = []
    for model, field in pointing_fields():
        if model not in covered:
            count = model._base_manager.filter(**{field: file.pk}).count()
            if count:
                name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
                uses.append(Use(f"{count} {name}", ""))
    return Group("Elsewhere", tuple(uses))


def is_named(file: StoredFile) -> bool:
    """Whether a JSON field of any row names the file. Reads all of them."""
    return bool(named_files([file.pk]))
