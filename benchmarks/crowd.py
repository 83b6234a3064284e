"""An experiment with very many runs that have pictures and votes, written straight into the tables."""

import hashlib
import random
from collections.abc import Iterator
from typing import TypeVar

from django.db import models
from django.utils import timezone

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.files.models import StoredFile

MODELS = ("z-image", "grok-imagine", "flux-2-pro", "nano-banana-2")
# How good each is: votes follow it.
STRENGTHS = dict(zip(MODELS, (0.0, 0.4, 0.8, 1.2), strict=True))
VERDICTS = ("", "", "accepted", "rejected")
BATCH = 2_000

Row = TypeVar("Row", bound=models.Model)


def fill(experiment: Experiment, runs: int, votes: int, seed: int = 5) -> list[Run]:
    """Adds so many Studio runs, each with a picture of its own, every third with a reference."""
    dice = random.Random(seed)
    first = experiment.run_count
    made = [_run(experiment, first + number + 1, dice) for number in range(runs)]
    files = [_file(experiment, first + number) for number in range(runs)]
    _write(Run, made)
    _write(StoredFile, files)
    _write(
        RunResult,
        [RunResult(run=run, file=file, position=0) for run, file in zip(made, files, strict=True)],
    )
    _write(
        RunReference,
        [RunReference(run=run, file=files[0], position=0) for run in made if run.number % 3 == 0],
    )
    _write(Ballot, list(_ballots(experiment, made, votes, dice)))
    experiment.run_count = first + runs
    experiment.save(update_fields=["run_count"])
    return made


def _write(model: type[Row], rows: list[Row]) -> None:
    model._default_manager.bulk_create(rows, batch_size=BATCH)


def _run(experiment: Experiment, number: int, dice: random.Random) -> Run:
    return Run(
        experiment=experiment,
        number=number,
        source="studio",
        model_id=MODELS[number % 4],
        category="image",
        prompt=f"A bottle on slate, manner {number % 40}, " + "soft side light, long shadows " * 5,
        params={"aspect_ratio": dice.choice(["1:1", "16:9"]), "seed": number % 7},
        studio_credits=dice.randint(2, 9),
        studio_seconds=dice.random() * 20,
        verdict=VERDICTS[number % 4],
        rating=dice.choice([None, 1, 2, 3, 4, 5]),
    )


def _file(experiment: Experiment, number: int) -> StoredFile:
    return StoredFile(
        sha256=hashlib.sha256(f"{experiment.pk} {number}".encode()).hexdigest(),
        kind="image",
        mime_type="image/png",
        size_bytes=1_000_000,
        name=f"z-image-{number}.png",
        width=1024,
        height=768,
        preview_width=640,
        preview_height=480,
    )


def _ballots(
    experiment: Experiment, runs: list[Run], votes: int, dice: random.Random
) -> Iterator[Ballot]:
    for _ in range(votes):
        left, right = dice.sample(runs, 2)
        gap = STRENGTHS[left.model_id] - STRENGTHS[right.model_id]
        wins = dice.random() < 1 / (1 + 2.718281828**-gap)
        yield Ballot(
            experiment=experiment,
            left=left,
            right=right,
            outcome="left" if wins else "right",
            voted_at=timezone.now(),
        )
