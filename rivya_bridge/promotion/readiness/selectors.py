"""The facts of many experiments at once, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Min, Prefetch, Q, Window
from django.db.models.functions import RowNumber

from rivya_bridge.automation.slots import slot_limit
from rivya_bridge.catalog.selectors import models_by_ids
from rivya_bridge.comparison.judging.settled import vote_states
from rivya_bridge.comparison.models import Comparison
from rivya_bridge.credits.selectors import current_wallet
from rivya_bridge.experiments.models import Experiment, Run, RunReference
from rivya_bridge.promotion.induction import induce
from rivya_bridge.promotion.models import Promotion, ReadinessRules, ResultConsumer
from rivya_bridge.promotion.readiness.facts import (
    Comparing,
    ComparisonFact,
    Consumer,
    Credits,
    Exploring,
    Facts,
    ModelFact,
    Models,
    References,
    RunFact,
)
from rivya_bridge.promotion.readiness.rules import Rules, read_rules
from rivya_bridge.rivya import Model
from rivya_bridge.sweeps.stability.selectors import Stability, stability_of

ONLY = (
    "experiment_id", "number", "model_id", "prompt", "params", "verdict", "studio_credits",
    "task__final_credits",
)  # fmt: skip
MAX_COMPARISONS = 500


def current_rules() -> Rules:
    """What the workspace set, over the defaults (one query)."""
    row = ReadinessRules.objects.first()
    return read_rules(row.values) if row else Rules()


def gather_facts(experiments: Sequence[Experiment], rules: Rules) -> dict[UUID, Facts]:
    """Experiment id -> its facts. At most thirteen queries, however many experiments."""
    runs = _latest_runs(experiments, rules)
    streaks = {key: some[: _streak(some)] for key, some in runs.items()}
    stabilities = stability_of(run for some in streaks.values() for run in some)
    comparisons, votes = _comparisons(experiments), vote_states(experiments)
    known = models_by_ids({run.model_id for some in runs.values() for run in some})
    consumers = ResultConsumer.objects.in_bulk([one.pk for one in experiments])
    caps = dict(
        Promotion.objects.filter(run__experiment__in=experiments)
        .values_list("run__experiment")
        .annotate(cap=Min("version__credit_cap"))
    )
    wallet = current_wallet()
    free = wallet.free_credits if wallet else None
    return {
        one.pk: Facts(
            exploring=_exploring(runs[one.pk], streaks.get(one.pk, []), stabilities),
            comparing=Comparing(tuple(comparisons[one.pk]), votes.get(one.pk)),
            model=_models(runs[one.pk], known),
            references=_references(runs[one.pk], known),
            consumer=_consumer(consumers.get(one.pk)),
            credits=_credits(runs[one.pk], caps.get(one.pk), free),
        )
        for one in experiments
    }


def _latest_runs(experiments: Iterable[Experiment], rules: Rules) -> dict[UUID, list[Run]]:
    """The newest runs with a result of each experiment, newest first (two queries)."""
    rank = Window(RowNumber(), partition_by=F("experiment"), order_by=F("id").desc())
    references = RunReference.objects.select_related("file").only("run", "position", "file__kind")
    rows = (
        Run.objects.filter(experiment__in=experiments)
        .filter(Q(task__isnull=True) | Q(task__status="succeeded"))
        .annotate(rank=rank)
        .filter(rank__lte=rules.latest_runs)
        .select_related("task")
        .only(*ONLY)
        .prefetch_related(Prefetch("references", references))
        .order_by("-id")
    )
    found: dict[UUID, list[Run]] = defaultdict(list)
    for run in rows:
        found[run.experiment_id].append(run)
    return found


def _comparisons(experiments: Iterable[Experiment]) -> dict[UUID, list[ComparisonFact]]:
    rows = Comparison.objects.filter(experiment__in=experiments).order_by("-id")
    columns = rows.values_list("experiment_id", "id", "title", "winner_id", "conclusion")
    found: dict[UUID, list[ComparisonFact]] = defaultdict(list)
    for experiment, key, title, winner, conclusion in columns[:MAX_COMPARISONS]:
        is_open = winner is None and not conclusion.strip()
        found[experiment].append(ComparisonFact(str(key), title, is_open))
    return found


def _fact(run: Run, says: str) -> RunFact:
    return RunFact(str(run.pk), run.number, says)


def _exploring(
    runs: Sequence[Run], streak: Sequence[Run], stabilities: Mapping[UUID, Stability]
) -> Exploring:
    keys = dict.fromkeys(key for run in runs for key in run.params)
    varied = [
        key for key in keys if any(run.params.get(key) != runs[0].params.get(key) for run in runs)
    ]
    return Exploring(
        runs=tuple(_fact(run, run.verdict) for run in runs),
        streak=len(streak),
        varied_params=tuple(sorted(varied)),
        is_one_shape=_shares_shape([run.prompt for run in runs]),
        **_apart([stabilities[run.pk] for run in streak if run.pk in stabilities]),
    )


def _apart(stabilities: Iterable[Stability]) -> dict[str, Any]:
    """Of the request that was repeated most, where enough of its repeats were measured."""
    measured = [one for one in stabilities if one.meter.is_enough and one.meter.spread is not None]
    if not measured:
        return {}
    most = max(measured, key=lambda one: one.run_count)
    return {"repeats": most.run_count, "apart_percent": round(100 * (most.meter.spread or 0))}


def _streak(runs: Sequence[Run]) -> int:
    """How many of the newest runs were accepted alike."""
    count = 0
    for run in runs:
        if run.verdict != Run.Verdict.ACCEPTED or run.params != runs[0].params:
            break
        count += 1
    while count > 1 and not _shares_shape([run.prompt for run in runs[:count]]):
        count -= 1
    return count


def _shares_shape(prompts: Sequence[str]) -> bool:
    if len(set(prompts)) < 2:
        return True
    found = induce(prompts)
    return found.shape is not None and not found.outliers


def _models(runs: Sequence[Run], known: Mapping[str, Model]) -> Models:
    ids = dict.fromkeys(run.model_id for run in runs)
    return Models(
        tuple(
            ModelFact(one, known[one].display_name, known[one].api_status)
            if one in known
            else ModelFact(one, one, "")
            for one in ids
        )
    )


def _references(runs: Sequence[Run], known: Mapping[str, Model]) -> References:
    kinds = [[reference.file.kind for reference in run.references.all()] for run in runs]
    newest = known.get(runs[0].model_id) if runs else None
    used = {kind for some in kinds for kind in some}
    unknown = [kind for kind in used if newest is None or slot_limit(newest, kind) is None]
    facts = [_fact(run, ", ".join(some)) for run, some in zip(runs, kinds, strict=True)]
    return References(tuple(facts), tuple(sorted(unknown)))


def _consumer(row: ResultConsumer | None) -> Consumer:
    return Consumer(row.name, row.delivery) if row else Consumer()


def _credits(runs: Sequence[Run], cap: Any, free: int | None) -> Credits:
    priced = tuple(_fact(run, str(run.credits)) for run in runs if run.credits is not None)
    unpriced = tuple(_fact(run, "") for run in runs if run.credits is None)
    return Credits(priced, unpriced, cap, free)
