"""The demo's own record: that it was asked for, how far it came, and how it ended."""

from django.db import models

from rivya_bridge.identifiers import new_id


class DemoRun(models.Model):
    """One demo. Its id is in every idempotency key that it uses, so that it can be taken up again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    started_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    experiment_id = models.UUIDField(null=True)
    step = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
