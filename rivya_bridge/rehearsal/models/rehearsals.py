"""Rehearsal: every golden case of a template run by one version, as real jobs, and what came of each.

    running -> finished

A case of it:

    waiting -> started -> judging -> judged
        `--------------------------> judged     (it could not run: not comparable)

The truth is in the rows: who feeds or judges twice, late or not at all changes nothing but the moment.
"""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.identifiers import new_id
from rivya_bridge.rehearsal.models.golden import GoldenCase


class Verdict(models.TextChoices):
    """`failed`: the job brought no result. `unclear`: something was not comparable."""

    OPEN = "", "not judged yet"
    PASSED = "passed", "passed"
    DIFFERS = "differs", "differs"
    FAILED = "failed", "failed"
    UNCLEAR = "unclear", "not comparable"


class Rehearsal(models.Model):
    """One pass over the golden cases as they were at its start, pinned to one version.

    A `drift` one was started by the clock. `credit_cap` is the most that all of it may be expected to
    cost, None without a cap. `verdict` is the worst of its cases, those that a person accepted or
    overruled counting as passed. Credits are whole.
    """

    class Kind(models.TextChoices):
        DRESS = "dress", "dress rehearsal"
        DRIFT = "drift", "drift check"

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="rehearsals")
    version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="rehearsals")
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.DRESS)
    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.OPEN, blank=True)
    intent_key = models.CharField(max_length=300, unique=True, null=True)
    estimated_credits = models.IntegerField(default=0)
    credit_cap = models.IntegerField(null=True)
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(status="running"), name="one_rehearsal_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="running", finished_at__isnull=True)
                | (Q(status="finished", finished_at__isnull=False) & ~Q(verdict="")),
                name="finished_rehearsal_has_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["template", "-id"], name="rehearsal_by_template"),
            models.Index(fields=["status"], condition=Q(status="running"), name="rehearsal_open"),
        ]

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.RUNNING

    @property
    def is_drift(self) -> bool:
        return self.kind == self.Kind.DRIFT


class RehearsalCase(models.Model):
    """What one golden case came to.

    `tolerance` is what held at the start, `distance` the largest of its results (0 the same, 1 as far
    apart as can be), None where none was measured; `detail` says what it is made of. `reason` says why
    it did not pass. A person may
    have `overruled` the verdict with a reason, or `accepted` the result as a golden case of its own.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        STARTED = "started"
        JUDGING = "judging"
        JUDGED = "judged"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rehearsal = models.ForeignKey(Rehearsal, models.CASCADE, related_name="cases")
    golden = models.ForeignKey(GoldenCase, models.PROTECT, related_name="rehearsed")
    ordinal = models.IntegerField()
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.OPEN, blank=True)
    tolerance = models.FloatField()
    distance = models.FloatField(null=True)
    detail = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    estimated_credits = models.IntegerField(default=0)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="rehearsal_case")
    rung_at = models.DateTimeField(null=True)
    # Somebody is working the verdict out since then, for the `tries`th time.
    claimed_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    judged_at = models.DateTimeField(null=True)
    overruled_at = models.DateTimeField(null=True)
    overrule_reason = models.TextField(blank=True, max_length=1_000)
    overruled_by = models.CharField(max_length=120, blank=True)
    accepted = models.OneToOneField(
        GoldenCase, models.PROTECT, null=True, related_name="accepted_from"
    )

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["rehearsal", "ordinal"], name="rehearsal_ordinal"),
            models.UniqueConstraint(fields=["rehearsal", "golden"], name="golden_once_rehearsed"),
            models.CheckConstraint(
                condition=(Q(status="judged") & ~Q(verdict=""))
                | (~Q(status="judged") & Q(verdict="")),
                name="judged_case_has_verdict",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["started", "judging"]) | Q(job__isnull=False),
                name="started_case_has_job",
            ),
        ]
        indexes = [models.Index(fields=["rehearsal", "status"], name="rehearsal_case_by_status")]

    @property
    def stands(self) -> bool:
        """Whether it counts as passed."""
        return self.verdict == Verdict.PASSED or bool(self.overruled_at or self.accepted_id)

    @property
    def final_verdict(self) -> str:
        return Verdict.PASSED.value if self.stands else self.verdict
