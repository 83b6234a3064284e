"""Timetable: what a clock starts, whatever that is; each time it means is one slot."""

from typing import Any

from django.db import models


class Timetable(models.Model):
    """When something starts. Its slots (`related_name="slots"`) have `due_at`, unique with it, a
    `status`, a `reason` and `decided_at`.

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
