"""Schedule: a template started by the clock; each time it meant is one row, whatever came of it."""

from django.db import models

from rivya_bridge.automation.models.jobs import Job
from rivya_bridge.automation.models.templates import JobTemplate
from rivya_bridge.automation.models.timetables import Slot, Timetable
from rivya_bridge.identifiers import new_id


class Schedule(Timetable):
    """When jobs of a template start, with which inputs.

    `label` names the version as it stands when a job starts, "" the current one. `refused_in_row`
    counts slots in a row whose inputs did not fit.
    """

    class Overlap(models.TextChoices):
        SKIP = "skip", "skip the new one"
        QUEUE = "queue", "start the new one afterwards"
        PARALLEL = "parallel", "run both"

    class CatchUp(models.TextChoices):
        SKIP = "skip", "skip them"
        LATEST = "latest", "run the latest only"
        ALL = "all", "run all, up to a limit"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=120)
    inputs = models.JSONField(default=dict)
    label = models.CharField(max_length=40, blank=True)
    overlap = models.CharField(max_length=8, choices=Overlap, default=Overlap.SKIP)
    catch_up = models.CharField(max_length=6, choices=CatchUp, default=CatchUp.SKIP)
    catch_up_limit = models.IntegerField(default=10)
    refused_in_row = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["is_enabled", "next_at"], name="schedule_due")]

    def __str__(self) -> str:
        return self.name


class ScheduleSlot(Slot):
    """What became of one time of a schedule; a started one has its job."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="slots")
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="schedule_slot")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="one_slot_per_time"),
            models.CheckConstraint(
                condition=~models.Q(status="started") | models.Q(job__isnull=False),
                name="started_slot_has_job",
            ),
        ]
        indexes = [models.Index(fields=["schedule", "status", "due_at"], name="slot_by_status")]
