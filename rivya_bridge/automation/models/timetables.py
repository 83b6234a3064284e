"""Timetable: what a clock starts, whatever that is; each time it means is one Slot."""

from typing import Any

from django.db import models

from rivya_bridge.identifiers import new_id


class Timetable(models.Model):
    """When something starts. Its slots have it as `schedule` (`related_name="slots"`), unique with `due_at`.

    `cron` has five fields and is read in `zone` (an IANA name). `decided_until` is the last time that
    has its slot; `next_at` is the time behind it. Times before `enabled_at` mean nothing. `note` is
    what a person must know.
    """

    cron = models.CharField(max_length=120)
    zone = models.CharField(max_length=60)
    is_enabled = models.BooleanField(default=True)
    enabled_at = models.DateTimeField()
    decided_until = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # What becomes of missed times: "skip", "latest", or "all" up to the limit.
    catch_up: Any
    catch_up_limit: Any
    slots: Any

    class Meta:
        abstract = True


class Slot(models.Model):
    """What became of one time. Unique, so that two schedulers or none cannot matter.

    `started` has what it started. `queued` waits for the one before it, `skipped` gave way, `missed` came
    while nothing looked at the clock, `refused` did not pass its checks: nothing was spent, and `reason`
    says why.
    """

    class Status(models.TextChoices):
        STARTED = "started"
        QUEUED = "queued"
        SKIPPED = "skipped"
        MISSED = "missed"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        abstract = True
