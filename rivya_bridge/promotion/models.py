"""Promotion: the record that a run became a template version, and on which evidence."""

from django.db import models

from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.experiments.models import Run
from rivya_bridge.identifiers import new_id


class Promotion(models.Model):
    """`evidence` is a frozen copy of what was known of the run when it was promoted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(Run, models.PROTECT, related_name="promotions")
    version = models.OneToOneField(TemplateVersion, models.PROTECT, related_name="promotion")
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
