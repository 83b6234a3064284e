"""What is to be drawn or sounded, and the digests that make it repeatable."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT_PARAMS = frozenset({"output_format", "outputFormat", "referenceMediaItems", "max_images"})
SEED_PARAMS = ("seed", "seeds")


@dataclass(frozen=True)
class Reference:
    """One reference: `path` is None when the file is not in this sandbox."""

    kind: str
    path: Path | None
    sha256: str


@dataclass(frozen=True)
class Brief:
    """One output to make: everything that may change it, and nothing else."""

    model_id: str
    category: str
    prompt: str
    params: dict[str, Any]
    references: tuple[Reference, ...]
    index: int
    extension: str

    @property
    def digest(self) -> str:
        """Hex digest over all inputs: the name under which the output is kept."""
        return self._digest(
            self.model_id,
            self.prompt,
            {k: v for k, v in self.params.items() if k != "referenceMediaItems"},
            [reference.sha256 for reference in self.references],
            self.index,
            self.extension,
        )

    def composition(self) -> random.Random:
        """Chance that depends on prompt, seed and index: what is where in the picture."""
        seeds = [self.params.get(key) for key in SEED_PARAMS]
        return random.Random(self._digest("composition", self.prompt, seeds, self.index))  # noqa: S311

    def hand(self) -> random.Random:
        """Chance that depends on the model alone: how it paints."""
        return random.Random(self._digest("hand", self.model_id))  # noqa: S311

    def mood(self) -> random.Random:
        """Chance that depends on model and params: light and tint of this setting."""
        shown = {k: v for k, v in self.params.items() if k not in FORMAT_PARAMS}
        return random.Random(self._digest("mood", self.model_id, shown))  # noqa: S311

    def mood_of_prompt(self) -> random.Random:
        """Chance that depends on prompt, model and params: how it sounds."""
        return random.Random(self._digest(self.prompt, self.mood().random(), self.index))  # noqa: S311

    def delivery(self, left_out: frozenset[str]) -> random.Random:
        """Chance that depends on the params but for those left out: how a voice speaks."""
        shown = {k: v for k, v in self.params.items() if k not in left_out}
        return random.Random(self._digest("delivery", self.model_id, shown))  # noqa: S311

    @staticmethod
    def _digest(*parts: object) -> str:
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()
