"""Comparison: runs side by side, kept with what was concluded. Ballot: a blind vote on two runs."""

from django.db import models
from django.db.models import F, Q

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.identifiers import new_id


class Comparison(models.Model):
    """`view_state` is how the board looked when it was kept: a query as view_state.py reads it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="comparisons")
    title = models.CharField(max_length=200)
    conclusion = models.TextField(blank=True, max_length=5_000)
    view_state = models.CharField(max_length=300, blank=True)
    winner = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="won_comparisons")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.title


class ComparisonItem(models.Model):
    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="items")
    run = models.ForeignKey(Run, models.PROTECT, related_name="comparison_items")
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["comparison", "run"], name="run_once_per_comparison"),
            models.UniqueConstraint(
                fields=["comparison", "position"], name="comparison_item_position"
            ),
        ]


class Ballot(models.Model):
    """Two results that a person judged without knowing what made them.

    `left` and `right` were shuffled by the server. `outcome` is empty until the vote; a vote that was
    taken back keeps its outcome with `undone_at`, and counts for nothing.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "not voted yet"
        LEFT = "left", "A is better"
        RIGHT = "right", "B is better"
        TIE = "tie", "equally good"
        BOTH_BAD = "both_bad", "both bad"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="ballots")
    left = models.ForeignKey(Run, models.PROTECT, related_name="+")
    right = models.ForeignKey(Run, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    voted_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(left=F("right")), name="ballot_of_two_runs"),
            models.CheckConstraint(
                condition=Q(outcome="", voted_at__isnull=True)
                | (~Q(outcome="") & Q(voted_at__isnull=False)),
                name="vote_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["experiment", "-id"], name="ballot_by_experiment")]

    @property
    def is_open(self) -> bool:
        return self.outcome == self.Outcome.OPEN
