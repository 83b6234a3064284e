"""Sweep: one question asked in many settings at once. A cell is one setting, a try one run of it.

    running <-> paused
       |          |
       v          v
    finished   canceled        (finished or canceled -> running when something is run again)

Rows are written before anything is sent and are the truth: a feeder that dies, comes twice or not at all
changes nothing but the moment.
"""

from django.db import models
from django.db.models import Q

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id


class Sweep(models.Model):
    """`plan` is what was asked for, as the form and the HTTP API spell it. `axes` are
    [{"key", "label", "values": [label, ...]}] in the order of the cells' places. `concurrency` is how
    many of its runs may be open at once, `credit_cap` the most that all of it may cost, None without one.
    `continues_from` is the run that it was begun from, and that all of its runs continue. `note` says why it
    paused by itself. Credits are whole.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        FINISHED = "finished"
        CANCELED = "canceled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="sweeps")
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    plan = models.JSONField()
    axes = models.JSONField()
    repeats = models.IntegerField(default=1)
    concurrency = models.IntegerField()
    credit_cap = models.IntegerField(null=True)
    cell_count = models.IntegerField(default=0)
    skipped_count = models.IntegerField(default=0)
    estimated_credits = models.IntegerField(default=0)
    spent_credits = models.IntegerField(default=0)
    continues_from = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="begun_sweeps")
    note = models.TextField(blank=True)
    files = models.ManyToManyField(StoredFile, through="SweepFile", related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(concurrency__gte=1), name="sweep_works")]
        indexes = [
            models.Index(fields=["experiment", "-id"], name="sweep_by_experiment"),
            models.Index(fields=["status"], condition=Q(status="running"), name="sweep_running"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.FINISHED, self.Status.CANCELED)


class SweepFile(models.Model):
    """A reference file that some cell uses, kept as long as the sweep is."""

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="file_uses")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="sweep_uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "file"], name="sweep_file")]


class SweepCell(models.Model):
    """One setting. `place` holds, for each axis, the number of its value; `skipped` why it is left out,
    '' where it is not. `references` are ids of files in order."""

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="cells")
    number = models.IntegerField()
    place = models.JSONField()
    model_id = models.CharField(max_length=120)
    prompt = models.TextField(blank=True)
    params = models.JSONField(default=dict)
    references = models.JSONField(default=list)
    estimated_credits = models.IntegerField(default=0)
    skipped = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["sweep", "number"], name="sweep_cell")]


class SweepTry(models.Model):
    """One run of a cell. A try that is run again stays as `retried`, with a new one beside it.

    `problem` says why a try never became a run.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        STARTED = "started"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"
        RETRIED = "retried"

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="tries")
    cell = models.ForeignKey(SweepCell, models.CASCADE, related_name="tries")
    ordinal = models.IntegerField()
    attempt = models.IntegerField(default=1)
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    problem = models.TextField(blank=True)
    run = models.OneToOneField(Run, models.PROTECT, null=True, related_name="sweep_try")
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sweep", "ordinal"], name="sweep_try_ordinal"),
            models.CheckConstraint(
                condition=~Q(status__in=["started", "succeeded"]) | Q(run__isnull=False),
                name="started_sweep_try_has_run",
            ),
        ]
        indexes = [models.Index(fields=["sweep", "status", "ordinal"], name="sweep_try_by_status")]


class ResultDistance(models.Model):
    """How far apart two contents are; measured once and kept. `first` and `second` are their SHA-256 in
    order; `value` is None, with `detail` the reason, where they cannot be compared."""

    kind = models.CharField(max_length=8)
    first = models.CharField(max_length=64)
    second = models.CharField(max_length=64)
    value = models.FloatField(null=True)
    detail = models.CharField(max_length=300)
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "first", "second"], name="one_distance")
        ]


class Measuring(models.Model):
    """An experiment whose newest results wait to be measured: the row is the queue. `news` counts what
    came since it was made, so that nothing that comes during a measurement is passed over."""

    experiment = models.OneToOneField(Experiment, models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    news = models.IntegerField(default=0)
