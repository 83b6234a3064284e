"""TemplateLabel: a name that stands at one version of a template, and every move that it made."""

from django.db import models

from rivya_bridge.automation.models.templates import JobTemplate, TemplateVersion
from rivya_bridge.identifiers import new_id


class TemplateLabel(models.Model):
    """`production` of a template, say. One row, changed by one UPDATE: a reader sees the version before
    or the version after, and never none or two. A label is never removed, because callers name it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="labels")
    name = models.CharField(max_length=40)
    version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="labels")
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "name"], name="one_label_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class LabelMove(models.Model):
    """One move, never changed; `from_version` is None where the label was made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(TemplateLabel, models.PROTECT, related_name="moves")
    from_version = models.ForeignKey(
        TemplateVersion, models.PROTECT, null=True, related_name="moves_away"
    )
    to_version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="moves_here")
    reason = models.TextField(max_length=1_000)
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["label", "-id"], name="label_move_by_label")]
