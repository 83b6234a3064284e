"""What a template's rehearsals are held to, and which labels wait for one."""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.identifiers import new_id


class TemplateMeasure(models.Model):
    """One row at most for a template: its tolerances by kind of result, and what counts.

    `tolerances` holds what differs from the usual ones; `counts` is a list of "count", "type", "size"
    and "distance", None for all four.
    """

    template = models.OneToOneField(
        JobTemplate, models.CASCADE, primary_key=True, related_name="measure"
    )
    tolerances = models.JSONField(default=dict)
    counts = models.JSONField(null=True)
    updated_at = models.DateTimeField(auto_now=True)


class LabelRule(models.Model):
    """The label may only move to a version that passed a rehearsal in the last `max_age_days` days."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.CASCADE, related_name="label_rules")
    label = models.CharField(max_length=40)
    max_age_days = models.IntegerField()
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "label"], name="one_rule_per_label"),
            models.CheckConstraint(condition=Q(max_age_days__gte=1), name="label_rule_has_days"),
        ]

    def __str__(self) -> str:
        return self.label
