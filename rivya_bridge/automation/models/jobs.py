"""Job: one execution of a template version."""

from django.db import models

from rivya_bridge.automation.models.templates import JobTemplate, TemplateVersion
from rivya_bridge.identifiers import new_id
from rivya_bridge.tasks.models import Task


class Job(models.Model):
    """One execution of a template version: its inputs, and the one task that carries it out.

    `label` is what the version was named by, "" for the version that was current.
    """

    class Source(models.TextChoices):
        FORM = "form"
        API = "api"
        COMMAND = "command"
        BATCH = "batch"
        SCHEDULE = "schedule"
        REHEARSAL = "rehearsal"
        RETRY = "retry"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="jobs")
    version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="jobs")
    task = models.OneToOneField(Task, models.PROTECT, related_name="job")
    inputs = models.JSONField(default=dict)
    source = models.CharField(max_length=10, choices=Source)
    label = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["template", "-id"], name="job_by_template"),
            models.Index(fields=["source", "-id"], name="job_by_source"),
        ]

    @property
    def status(self) -> str:
        return self.task.status
