"""Batch: many jobs of one template version, one for each row of a table.

    checking -> checked -> running <-> paused
                              |          |
                              v          v
                           finished   canceled        (finished -> running when rows are retried)

`checking` is being written row by row; what stays so was cut off and can only be discarded. `checked`
has spent nothing and waits for a person's start. The truth is in the rows: a feeder that dies, comes
twice or not at all changes nothing but the moment.
"""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models.jobs import Job
from rivya_bridge.automation.models.templates import JobTemplate, TemplateVersion
from rivya_bridge.identifiers import new_id


class Batch(models.Model):
    """A table of inputs, pinned to the version that it was checked against.

    `concurrency` is how many of its jobs may be open at once. `credit_cap` is the most that all of it
    may cost, None without a cap. `spent_credits` grows with every job that ended. `note` says why it
    paused by itself. Credits are whole.
    """

    class Status(models.TextChoices):
        CHECKING = "checking"
        CHECKED = "checked"
        RUNNING = "running"
        PAUSED = "paused"
        FINISHED = "finished"
        CANCELED = "canceled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="batches")
    version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="batches")
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=10, choices=Job.Source)
    status = models.CharField(max_length=8, choices=Status, default=Status.CHECKING)
    concurrency = models.IntegerField()
    credit_cap = models.IntegerField(null=True)
    row_count = models.IntegerField(default=0)
    invalid_count = models.IntegerField(default=0)
    estimated_credits = models.IntegerField(default=0)
    spent_credits = models.IntegerField(default=0)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(concurrency__gte=1), name="batch_works")]
        indexes = [
            models.Index(fields=["template", "-id"], name="batch_by_template"),
            models.Index(fields=["status"], condition=Q(status="running"), name="batch_running"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def valid_count(self) -> int:
        return self.row_count - self.invalid_count

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.FINISHED, self.Status.CANCELED)


class BatchRow(models.Model):
    """One row of a batch, and in the end its one job.

    `ordinal` counts rows from 1; a retry is a row of its own behind the last, with `retry_of` and the
    `line` of the file that the first attempt came from. `inputs` are checked values, or the cells as
    they came where `problems` ([{"field", "message", "value", "limit"}]) says what is wrong.
    """

    class Status(models.TextChoices):
        INVALID = "invalid"
        WAITING = "waiting"
        STARTED = "started"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"
        RETRIED = "retried"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    ordinal = models.IntegerField()
    line = models.IntegerField()
    attempt = models.IntegerField(default=1)
    status = models.CharField(max_length=9, choices=Status)
    inputs = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    estimated_credits = models.IntegerField(default=0)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="batch_row")
    retry_of = models.OneToOneField("self", models.PROTECT, null=True, related_name="retry")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "ordinal"], name="batch_row_ordinal"),
            models.CheckConstraint(
                condition=~Q(status__in=["started", "succeeded"]) | Q(job__isnull=False),
                name="started_batch_row_has_job",
            ),
        ]
        indexes = [models.Index(fields=["batch", "status", "ordinal"], name="batch_row_by_status")]
