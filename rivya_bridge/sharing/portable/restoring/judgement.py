"""Comparisons, votes, and what people and time said of an experiment's readiness."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from rivya_bridge.comparison.models import Ballot, Comparison, ComparisonItem
from rivya_bridge.promotion.models import ReadinessOverride, ReadinessVerdict, ResultConsumer
from rivya_bridge.promotion.readiness.questions import answers
from rivya_bridge.promotion.readiness.selectors import current_rules, gather_facts
from rivya_bridge.sharing.portable.documents import (
    BALLOT_FIELDS,
    COMPARISON_FIELDS,
    CONSUMER_FIELDS,
    OVERRIDE_FIELDS,
    VERDICT_FIELDS,
)
from rivya_bridge.sharing.portable.restoring.rows import Target, read_fields, redate


def add_comparisons(rows: Sequence[dict[str, Any]], target: Target) -> None:
    made = [
        Comparison(
            experiment=target.experiment,
            winner_id=target.runs[row["winner"]] if row["winner"] else None,
            **read_fields(row, COMPARISON_FIELDS),
        )
        for row in rows
    ]
    Comparison.objects.bulk_create(made)
    redate(made, rows, "created_at", "updated_at")
    ComparisonItem.objects.bulk_create(
        ComparisonItem(comparison=one, run_id=target.runs[number], position=position)
        for one, row in zip(made, rows, strict=True)
        for position, number in enumerate(row["runs"])
    )


def add_ballots(rows: Sequence[dict[str, Any]], target: Target) -> None:
    made = [
        Ballot(
            experiment=target.experiment,
            left_id=target.runs[row["left"]],
            right_id=target.runs[row["right"]],
            **read_fields(row, BALLOT_FIELDS),
        )
        for row in rows
    ]
    Ballot.objects.bulk_create(made)
    redate(made, rows, "created_at")


def add_consumers(rows: Sequence[dict[str, Any]], target: Target) -> None:
    made = [
        ResultConsumer(experiment=target.experiment, **read_fields(row, CONSUMER_FIELDS))
        for row in rows
    ]
    ResultConsumer.objects.bulk_create(made)
    redate(made, rows, "updated_at")


def add_verdicts(rows: Sequence[dict[str, Any]], target: Target) -> None:
    made = [
        ReadinessVerdict(experiment=target.experiment, **read_fields(row, VERDICT_FIELDS))
        for row in rows
    ]
    ReadinessVerdict.objects.bulk_create(made)
    redate(made, rows, "created_at")


def add_overrides(rows: Sequence[dict[str, Any]], target: Target) -> None:
    """An answer stays in force where the facts here say what they said there; else it ends here."""
    rules = current_rules()
    facts = gather_facts([target.experiment], rules)[target.experiment.pk]
    computed = answers(facts, rules)
    made = []
    for row in rows:
        fields = read_fields(row, OVERRIDE_FIELDS)
        if row["ended_at"] is None and computed[row["question"]].sentence != row["sentence"]:
            fields |= {"ended_at": timezone.now(), "ended_by": "evidence"}
        fingerprint = "" if fields["ended_at"] else facts.fingerprint(row["question"])
        made.append(
            ReadinessOverride(experiment=target.experiment, fingerprint=fingerprint, **fields)
        )
    ReadinessOverride.objects.bulk_create(made)
    redate(made, rows, "created_at")
