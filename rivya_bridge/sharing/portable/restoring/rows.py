"""Rows of an export as rows of the database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.sharing.portable.reading import to_moment
from rivya_bridge.sweeps.models import Sweep

GROUP = 100

Row = TypeVar("Row")


@dataclass(slots=True)
class Target:
    """What is being restored: the experiment, ids of `files` by SHA-256, of `runs` by number, and its
    `sweeps` in their order, read when the first cell comes."""

    experiment: Experiment
    files: dict[str, UUID]
    runs: dict[int, UUID] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)


def read_fields(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields as the models take them: moments from their text."""
    return {
        name: to_moment_or_none(row[name]) if name == "at" or name.endswith("_at") else row[name]
        for name in names
    }


def to_moment_or_none(value: str | None) -> datetime | None:
    return None if value is None else to_moment(value)


def redate(made: Sequence[models.Model], rows: Sequence[dict[str, Any]], *names: str) -> None:
    """Creating a row dates it now: this puts the dates of the export in place."""
    for one, row in zip(made, rows, strict=True):
        for name in names:
            setattr(one, name, to_moment_or_none(row[name]))
    if made:
        type(made[0])._base_manager.bulk_update(made, names, batch_size=GROUP)


def in_groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group
