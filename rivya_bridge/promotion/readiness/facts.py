"""What is known of an experiment, one part for each question of the decision."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from rivya_bridge.comparison.judging.vote_state import VoteState


@dataclass(frozen=True, slots=True)
class RunFact:
    """A run that is evidence: its id, its number, and what of it bears on the question."""

    id: str
    number: int
    says: str


@dataclass(frozen=True, slots=True)
class Exploring:
    """`runs` newest first, with their verdicts ("" for undecided); `streak` as the rules define it;
    `varied_params` and `is_one_shape` over all of `runs`. `repeats` of one request of the streak lie
    `apart_percent` apart on average, as measured; None where too few were."""

    runs: tuple[RunFact, ...] = ()
    streak: int = 0
    varied_params: tuple[str, ...] = ()
    is_one_shape: bool = True
    repeats: int = 0
    apart_percent: int | None = None


@dataclass(frozen=True, slots=True)
class ComparisonFact:
    id: str
    title: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Comparing:
    """Kept comparisons, newest first, and the votes if there are any."""

    comparisons: tuple[ComparisonFact, ...] = ()
    votes: VoteState | None = None


@dataclass(frozen=True, slots=True)
class ModelFact:
    """`status`: Rivya's word, "unlisted", or "" for a model that is not known."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Models:
    models: tuple[ModelFact, ...] = ()


@dataclass(frozen=True, slots=True)
class References:
    """`runs` with the kinds of their reference files as "image, audio", "" for none; `unknown_kinds`:
    those for which the newest run's model has no limits."""

    runs: tuple[RunFact, ...] = ()
    unknown_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consumer:
    name: str = ""
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Credits:
    """`costs` of the runs in whole credits, by run; `unpriced` have none on record. `cap`: the lowest
    of the templates promoted from the experiment, None without one. `free`: in the wallet, None if it
    was never read."""

    costs: tuple[RunFact, ...] = ()
    unpriced: tuple[RunFact, ...] = ()
    cap: int | None = None
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    exploring: Exploring = Exploring()
    comparing: Comparing = Comparing()
    model: Models = Models()
    references: References = References()
    consumer: Consumer = Consumer()
    credits: Credits = Credits()

    def fingerprint(self, question: str) -> str:
        """Changes when, and only when, the facts that bear on the question do.

        The wallet's balance moves with every job and is left out.
        """
        part = getattr(self, question)
        if isinstance(part, Credits):
            part = replace(part, free=None)
        text = json.dumps(asdict(part), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
