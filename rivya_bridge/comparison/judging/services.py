"""Writes of blind votes: draw a pair, vote once, take a vote back."""

import random
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from rivya_bridge.comparison.judging.facts import read_evidence
from rivya_bridge.comparison.judging.pairing import next_pair
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.refusals import Conflict, Missing, Problem, Refusal

# A pair that nobody voted on for so long was left; it is drawn anew.
FORGOTTEN = timedelta(days=1)
OUTCOMES = [value for value in Ballot.Outcome.values if value]


def draw_ballot(experiment: Experiment) -> Ballot:
    """A new pair whose sides are shuffled here. Raises Refusal when there is nothing to tell apart."""
    now = timezone.now()
    Ballot.objects.filter(
        experiment=experiment, outcome="", created_at__lt=now - FORGOTTEN
    ).delete()
    pair = next_pair(read_evidence(experiment))
    if pair is None:
        raise Refusal.field(
            "experiment",
            "A vote takes two results of different settings: run or record at least two that differ "
            "in model, prompt, params or references, and that are not rejected.",
            2,
        )
    left, right = random.SystemRandom().sample(pair, 2)
    return Ballot.objects.create(experiment=experiment, left_id=left.id, right_id=right.id)


def cast_vote(ballot: Ballot, outcome: str) -> Ballot:
    """Writes the outcome once; the same outcome again changes nothing.

    Raises Refusal for an unknown outcome, Conflict when another vote was cast on it before.
    """
    if outcome not in OUTCOMES:
        text = f"The outcome {outcome[:40]!r} is unknown: use one of {', '.join(OUTCOMES)}."
        raise Refusal.field("outcome", text)
    row = Ballot.objects.filter(pk=ballot.pk)
    if not row.filter(outcome="").update(outcome=outcome, voted_at=timezone.now()):
        ballot.refresh_from_db()
        if ballot.outcome != outcome:
            raise Conflict("This pair was voted on before. Undo that vote to vote again.")
        return ballot
    ballot.refresh_from_db()
    return ballot


def undo_last_vote(experiment: Experiment) -> Ballot:
    """Takes the newest counted vote back; it stays on record. Raises Refusal when there is none."""
    counted = Ballot.objects.filter(experiment=experiment, undone_at=None).exclude(outcome="")
    last = counted.order_by("-voted_at", "-id").first()
    if last is None or not Ballot.objects.filter(pk=last.pk, undone_at=None).update(
        undone_at=timezone.now()
    ):
        raise Refusal.field("vote", "There is no vote to undo.")
    last.refresh_from_db()
    return last


def get_ballot(ballot_id: UUID) -> Ballot:
    """One ballot with its experiment and runs. Raises Missing."""
    rows = Ballot.objects.select_related("experiment", "left", "right")
    ballot = rows.filter(pk=ballot_id).first()
    if ballot is None:
        text = "There is no such pair: it was left for a day, or never drawn."
        raise Missing(text, (Problem("ballot", text),))
    return ballot
