"""DriftSchedule: golden cases rehearsed by the clock within a budget; each time it meant is one row."""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import JobTemplate, Slot, Timetable
from rivya_bridge.identifiers import new_id
from rivya_bridge.rehearsal.models.rehearsals import Rehearsal


class DriftSchedule(Timetable):
    """When the golden cases are rehearsed, and what that may cost.

    `label` names the version as it stands then, "" the current one. A check that is expected to cost
    more than `credits_per_check`, or that would bring its calendar month (in `zone`) above
    `credits_per_month`, is skipped. Missed times are skipped: a late check tells nothing that the next
    does not. Credits are whole.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="drift_schedules")
    label = models.CharField(max_length=40, blank=True)
    credits_per_check = models.IntegerField()
    credits_per_month = models.IntegerField()

    catch_up = "skip"
    catch_up_limit = 0

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(credits_per_check__gte=1, credits_per_month__gte=1),
                name="drift_schedule_has_budget",
            )
        ]
        indexes = [models.Index(fields=["is_enabled", "next_at"], name="drift_schedule_due")]

    def __str__(self) -> str:
        return f"Drift check of {self.label or 'the current version'}"


class DriftSlot(Slot):
    """What became of one time; a started one has its rehearsal. `skipped` would have broken the budget or
    met a running one."""

    schedule = models.ForeignKey(DriftSchedule, models.CASCADE, related_name="slots")
    rehearsal = models.OneToOneField(
        Rehearsal, models.PROTECT, null=True, related_name="drift_slot"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="one_drift_slot_per_time"),
            models.CheckConstraint(
                condition=~Q(status="started") | Q(rehearsal__isnull=False),
                name="started_drift_slot_has_rehearsal",
            ),
        ]
        indexes = [
            models.Index(fields=["schedule", "status", "due_at"], name="drift_slot_by_status")
        ]
