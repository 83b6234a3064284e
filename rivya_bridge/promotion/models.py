"""Promotion: the record that a run became a template version, and on which evidence; and what people
and time have said of an experiment's readiness."""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.identifiers import new_id


class Promotion(models.Model):
    """`evidence` is a frozen copy of what was known of the run when it was promoted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(Run, models.PROTECT, related_name="promotions")
    version = models.OneToOneField(TemplateVersion, models.PROTECT, related_name="promotion")
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)


class SentBack(models.Model):
    """A template that went back to Studio: why, and the failed jobs that its experiment begins with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="sendings_back")
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="sendings_back")
    jobs = models.ManyToManyField(Job, related_name="sendings_back")
    reason = models.TextField(max_length=1_000)
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)


class ReadinessRules(models.Model):
    """One row at most: the limits that this workspace set, by name."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_row_of_rules")]


class ResultConsumer(models.Model):
    """The system that uses an experiment's result, named by a person."""

    class Delivery(models.TextChoices):
        POLLING = "polling", "it polls"
        WEBHOOK = "webhook", "it gets a webhook"

    experiment = models.OneToOneField(
        Experiment, models.CASCADE, primary_key=True, related_name="result_consumer"
    )
    name = models.CharField(max_length=200)
    delivery = models.CharField(max_length=8, choices=Delivery)
    updated_at = models.DateTimeField(auto_now=True)


class ReadinessOverride(models.Model):
    """A person's answer to one question, with the reason; it ends when the evidence changes.

    `fingerprint` is of the facts that it was written against, `sentence` what these said. Once
    `ended_at` is set it stays set.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="readiness_overrides")
    question = models.CharField(max_length=12)
    points = models.CharField(max_length=8)
    reason = models.TextField(max_length=1_000)
    fingerprint = models.CharField(max_length=64)
    sentence = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "question"],
                condition=Q(ended_at__isnull=True),
                name="one_override_per_question",
            )
        ]


class ReadinessVerdict(models.Model):
    """A verdict of an experiment, kept when it differs from the one before; `points` by question."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="readiness_verdicts")
    verdict = models.CharField(max_length=16)
    points = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
