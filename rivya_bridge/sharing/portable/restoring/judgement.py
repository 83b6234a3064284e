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
    BALLOTS,
    COMPARISON_FIELDS,
    COMPARISONS,
    CONSUMER_FIELDS,
    CONSUMERS,
    OVERRIDE_FIELDS,
    OVERRIDES,
    VERDICT_FIELDS,
    VERDICTS,
)
from rivya_bridge.sharing.portable.reading import Checked
from rivya_bridge.sharing.portable.restoring.rows import Target, in_groups, read_fields, redate


def add_judgement(checked: Checked, target: Target) -> None:
    """After the runs, which all of it is about."""
    for group in in_groups(checked.lines(COMPARISONS)):
        _add_comparisons(group, target)
    for group in in_groups(checked.lines(BALLOTS)):
        _add_ballots(group, target)
    for row in checked.lines(CONSUMERS):
        fields = read_fields(row, CONSUMER_FIELDS)
        redate(
            [ResultConsumer.objects.create(experiment=target.experiment, **fields)],
            [row],
            "updated_at",
        )
    for group in in_groups(checked.lines(VERDICTS)):
        verdicts = ReadinessVerdict.objects.bulk_create(
            ReadinessVerdict(experiment=target.experiment, **read_fields(row, VERDICT_FIELDS))
            for row in group
        )
        redate(verdicts, group, "created_at")
    for group in in_groups(checked.lines(OVERRIDES)):
        _add_overrides(group, target)


def _add_comparisons(rows: Sequence[dict[str, Any]], target: Target) -> None:
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


def _add_ballots(rows: Sequence[dict[str, Any]], target: Target) -> None:
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


def _add_overrides(rows: Sequence[dict[str, Any]], target: Target) -> None:
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
