"""Comparison: two to six runs side by side, kept with what was concluded."""

from django.db import models

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
