"""JobTemplate: a frozen recipe in immutable versions."""

from django.db import models

from rivya_bridge.identifiers import new_id


class JobTemplate(models.Model):
    """What jobs are started from, by its slug. Its content stands in versions.

    `delivery`: how its jobs learn that they have ended: polled alone; polled, and an event hurries it; or
    polled once a minute only, behind the events. `failure_route`: whether a failed job is tried again, up to
    `retries` times, or goes to a person at once. `day_cap` is the most that its jobs may spend in a day (UTC),
    in whole credits; None without a cap.
    """

    class Delivery(models.TextChoices):
        POLL = "poll"
        BOTH = "poll_and_webhook"
        WEBHOOK = "webhook"

    class FailureRoute(models.TextChoices):
        PERSON = "person"
        RETRY = "retry"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=5_000)
    current_version = models.ForeignKey(
        "TemplateVersion", models.PROTECT, null=True, related_name="+"
    )
    delivery = models.CharField(max_length=16, choices=Delivery, default=Delivery.POLL)
    failure_route = models.CharField(
        max_length=6, choices=FailureRoute, default=FailureRoute.PERSON
    )
    retries = models.IntegerField(default=1)
    day_cap = models.IntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One immutable content of a template, guarded by a trigger.

    `prompt` is text with ``{{ variables }}``. `variables` is a list of
    {"name", "type": "text"|"number"|"choice"|"boolean", "label", "default", "required",
    "max_length"|"min"|"max"|"options"}. `fixed_params` are sent as they are. `exposed_params` is a
    list of {"key", "default", "label"}: inputs whose type and limits are the model's own.
    `file_slots` is a list of {"name", "kind", "label", "required", "default_file" (file id or null),
    "mime_types", "max_size_mb", "max_seconds"}. `expected` is {"category", "count"}. `credit_cap` is the most
    a job may be estimated to cost.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(JobTemplate, models.PROTECT, related_name="versions")
    number = models.IntegerField()
    model_id = models.CharField(max_length=120)
    category = models.CharField(max_length=8)
    prompt = models.TextField(blank=True)
    variables = models.JSONField(default=list)
    fixed_params = models.JSONField(default=dict)
    exposed_params = models.JSONField(default=list)
    file_slots = models.JSONField(default=list)
    expected = models.JSONField(default=dict)
    credit_cap = models.IntegerField()
    reason = models.TextField(blank=True, max_length=1_000)
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_number")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
