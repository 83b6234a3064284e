"""What an answer may depend on, and nothing else."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass

EFFORTS = ("default", "minimal", "low", "medium", "high", "xhigh")


@dataclass(frozen=True)
class Sight:
    """What can be seen of a picture without understanding it. Sizes are pixels."""

    sha256: str
    width: int
    height: int
    light: str
    colours: tuple[str, ...]

    @property
    def orientation(self) -> str:
        """`landscape`, `portrait` or `square`."""
        if abs(self.width - self.height) <= 0.04 * max(self.width, self.height):
            return "square"
        return "landscape" if self.width > self.height else "portrait"

    def described(self) -> str:
        """Size in pixels, orientation, light and colours, as one phrase."""
        size = f"{self.width} × {self.height} px"
        return f"{size}, {self.orientation}, {self.light}, mostly {' and '.join(self.colours)}"


@dataclass(frozen=True)
class Options:
    """Options as they take effect: what a model can't do is already switched off."""

    web_search: bool = False
    effort: str = "default"
    thoughts: bool = False


@dataclass(frozen=True)
class Said:
    """One earlier turn."""

    question: str
    answer: str
    sights: tuple[Sight, ...] = ()


@dataclass(frozen=True)
class Talk:
    """One message in its session."""

    model_id: str
    message: str
    earlier: tuple[Said, ...] = ()
    sights: tuple[Sight, ...] = ()
    options: Options = Options()

    def chance(self) -> random.Random:
        """Chance that is the same for the same model, talk, pictures and options."""
        text = json.dumps(asdict(self), sort_keys=True)
        return random.Random(hashlib.sha256(text.encode()).hexdigest())  # noqa: S311

    def sight(self) -> Sight | None:
        """The picture that is meant: of this message, or else the latest of the session."""
        seen = [*(sight for said in self.earlier for sight in said.sights), *self.sights]
        return seen[-1] if seen else None
