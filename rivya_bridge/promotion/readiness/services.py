"""Readiness with what people wrote: overrides, consumers, rules, and the history of verdicts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.promotion.models import (
    ReadinessOverride,
    ReadinessRules,
    ReadinessVerdict,
    ResultConsumer,
)
from rivya_bridge.promotion.readiness.facts import Facts
from rivya_bridge.promotion.readiness.questions import (
    API,
    QUESTIONS,
    STUDIO,
    VERDICTS,
    Answer,
    answers,
    verdict_of,
)
from rivya_bridge.promotion.readiness.rules import Rules, read_rules
from rivya_bridge.promotion.readiness.selectors import current_rules, gather_facts
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.texts import read_text

REASON_LENGTH = 1_000
NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A question with its computed answer and the override in force; `points` is what counts."""

    key: str
    question: str
    answer: Answer
    override: ReadinessOverride | None

    @property
    def points(self) -> str:
        return self.override.points if self.override else self.answer.points


@dataclass(frozen=True, slots=True)
class Readiness:
    """An experiment's verdict with its six replies, in the order of the table."""

    experiment: Experiment
    verdict: str
    replies: tuple[Reply, ...]

    @property
    def title(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def blockers(self) -> list[Reply]:
        return [reply for reply in self.replies if reply.points != API]

    def as_json(self) -> dict[str, Any]:
        """A frozen copy: plain JSON that stays true whatever changes later."""
        return {
            "verdict": self.verdict,
            "answers": [
                {
                    "question": reply.key,
                    "points": reply.points,
                    "computed": reply.answer.points,
                    "sentence": reply.answer.sentence,
                    "change": reply.answer.change,
                    "evidence": [asdict(link) for link in reply.answer.evidence],
                    "override_reason": reply.override.reason if reply.override else "",
                }
                for reply in self.replies
            ],
        }


def readiness_of(experiments: Sequence[Experiment]) -> list[Readiness]:
    """The verdict of each, from the facts as they are now.

    Overrides whose evidence has changed end here, and a verdict that differs from the last one joins the
    history. A constant number of queries unless there is something to write.
    """
    rules = current_rules()
    facts = gather_facts(experiments, rules)
    overrides = _in_force(experiments, facts)
    found = [_readiness(one, facts[one.pk], rules, overrides) for one in experiments]
    _remember(found)
    return found


def experiment_readiness(experiment: Experiment) -> Readiness:
    return readiness_of([experiment])[0]


def _in_force(
    experiments: Sequence[Experiment], facts: dict[UUID, Facts]
) -> dict[tuple[UUID, str], ReadinessOverride]:
    rows = ReadinessOverride.objects.filter(experiment__in=experiments, ended_at=None)
    kept, ended = {}, []
    for row in rows:
        if facts[row.experiment_id].fingerprint(row.question) == row.fingerprint:
            kept[row.experiment_id, row.question] = row
        else:
            ended.append(row.pk)
    if ended:
        _end(ReadinessOverride.objects.filter(pk__in=ended), by="evidence")
    return kept


def _end(rows: Any, *, by: str) -> int:
    return int(rows.filter(ended_at=None).update(ended_at=timezone.now(), ended_by=by))


def _readiness(
    experiment: Experiment,
    facts: Facts,
    rules: Rules,
    overrides: dict[tuple[UUID, str], ReadinessOverride],
) -> Readiness:
    replies = tuple(
        Reply(key, QUESTIONS[key][0], answer, overrides.get((experiment.pk, key)))
        for key, answer in answers(facts, rules).items()
    )
    verdict = verdict_of({reply.key: reply.points for reply in replies})
    return Readiness(experiment, verdict, replies)


def _remember(found: Sequence[Readiness]) -> None:
    """Keeps the verdicts that changed."""
    last = {
        experiment: (verdict, points)
        for experiment, verdict, points in ReadinessVerdict.objects.filter(
            experiment__in=[one.experiment for one in found]
        )
        .order_by("id")
        .values_list("experiment_id", "verdict", "points")
    }
    new = []
    for one in found:
        points = {reply.key: reply.points for reply in one.replies}
        if last.get(one.experiment.pk) != (one.verdict, points):
            new.append(
                ReadinessVerdict(experiment=one.experiment, verdict=one.verdict, points=points)
            )
    if new:
        ReadinessVerdict.objects.bulk_create(new)


def override_answer(
    experiment: Experiment, question: str, points: str, reason: str
) -> ReadinessOverride:
    """A person's answer instead of the computed one, until the evidence changes.

    It takes the place of an earlier one for the question. Raises Refusal; Conflict when two people
    write at once.
    """
    problems: list[Problem] = []
    if question not in QUESTIONS:
        text = f"{question[:40]!r} is no question: use {', '.join(QUESTIONS)}."
        problems.append(Problem("question", text))
    if points not in (STUDIO, API):
        problems.append(Problem("points", f"points must be {STUDIO} or {API}."))
    reason = read_text(problems, "reason", reason, least=1, most=REASON_LENGTH).strip()
    if problems:
        raise Refusal.of(problems)
    rules = current_rules()
    facts = gather_facts([experiment], rules)[experiment.pk]
    try:
        with transaction.atomic():
            end_override(experiment, question)
            return ReadinessOverride.objects.create(
                experiment=experiment,
                question=question,
                points=points,
                reason=reason,
                fingerprint=facts.fingerprint(question),
                sentence=answers(facts, rules)[question].sentence,
            )
    except IntegrityError as error:
        text = "Somebody else overrode this answer just now: read it, and try again."
        raise Conflict(text, (Problem("question", text),)) from error


def end_override(experiment: Experiment, question: str) -> bool:
    """Takes an override back; whether there was one."""
    rows = ReadinessOverride.objects.filter(experiment=experiment, question=question)
    return _end(rows, by="person") > 0


def name_consumer(experiment: Experiment, name: str, delivery: str) -> ResultConsumer | None:
    """Who uses the result, by polling or by webhook; an empty name takes it away. Raises Refusal."""
    problems: list[Problem] = []
    name = read_text(problems, "name", name, most=NAME_LENGTH).strip()
    if name and delivery not in ResultConsumer.Delivery.values:
        words = " or ".join(ResultConsumer.Delivery.values)
        problems.append(Problem("delivery", f"delivery must be {words}."))
    if problems:
        raise Refusal.of(problems)
    if not name:
        ResultConsumer.objects.filter(experiment=experiment).delete()
        return None
    values = {"name": name, "delivery": delivery}
    row, _ = ResultConsumer.objects.update_or_create(experiment=experiment, defaults=values)
    return row


def set_rules(values: dict[str, Any]) -> Rules:
    """The workspace's limits; what is left out has its default. Raises Refusal."""
    rules = read_rules(values)
    ReadinessRules.objects.update_or_create(pk=1, defaults={"values": asdict(rules)})
    return rules
