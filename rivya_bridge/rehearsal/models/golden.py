"""GoldenCase: inputs of a template with the result that was accepted for them."""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id


class GoldenCase(models.Model):
    """One case; its inputs and its accepted result (files, or `text`) never change.

    It came from an accepted run or from a job. `expected` is what the result is held to:
    {"category", "count", "mime_types", "width", "height", "duration_seconds", "size_bytes",
    "characters"}, the last five as [least, most] where they apply. `tolerance` is the largest distance
    that passes, None where the template's own holds. Another accepted result is a case of its own that
    `replaces` this one. Once `ended_at` is set it is no longer rehearsed, and stays for the history.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="golden_cases")
    name = models.CharField(max_length=120)
    inputs = models.JSONField(default=dict)
    category = models.CharField(max_length=8)
    text = models.TextField(blank=True)
    expected = models.JSONField(default=dict)
    tolerance = models.FloatField(null=True)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="golden_cases")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="golden_cases")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(run__isnull=False, job__isnull=True)
                | Q(run__isnull=True, job__isnull=False),
                name="golden_case_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(tolerance__isnull=True) | Q(tolerance__range=(0, 1)),
                name="golden_tolerance_0_to_1",
            ),
            models.UniqueConstraint(
                fields=["template", "run"],
                condition=Q(ended_at__isnull=True),
                name="run_is_golden_once",
            ),
            models.UniqueConstraint(
                fields=["template", "job"],
                condition=Q(ended_at__isnull=True),
                name="job_is_golden_once",
            ),
        ]
        indexes = [models.Index(fields=["template", "ended_at", "id"], name="golden_by_template")]

    def __str__(self) -> str:
        return self.name


class GoldenFile(models.Model):
    """One file of an accepted result, by its place."""

    case = models.ForeignKey(GoldenCase, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="golden_files")
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["case", "position"], name="golden_file")]
