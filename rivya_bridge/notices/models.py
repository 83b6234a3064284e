"""What is told to the outside: who wants to hear what, the messages, and every attempt to deliver one.

A delivery is one message to one endpoint:

    pending -> delivered
       |-----> failed      given up after the last try
       `-----> skipped     the endpoint was switched off; also where it was off from the beginning

A person's replay makes any of the three pending again.

The message's bytes are frozen when it is written, in the transaction of what it tells of, so that nothing
is told that did not happen and nothing that happened is forgotten.
"""

from django.db import models
from django.db.models import Q

from rivya_bridge.automation.models import Batch, Job, JobTemplate
from rivya_bridge.identifiers import new_id


class EventType(models.TextChoices):
    JOB_SUCCEEDED = "job.succeeded", "A job succeeded"
    JOB_FAILED = "job.failed", "A job failed"
    JOB_CANCELED = "job.canceled", "A job was canceled"
    JOB_HELD = "job.held", "A job is held and needs a person"
    BATCH_FINISHED = "batch.finished", "A batch finished"
    REHEARSAL_FINISHED = "rehearsal.finished", "A rehearsal finished"
    TEMPLATE_DRIFTED = "template.drifted", "A drift check did not pass"


TEST = "test"
"""The type of a message that a person sends to see whether it arrives; every endpoint takes it."""


class Endpoint(models.Model):
    """Who is told: a URL that is posted to, or an e-mail address.

    `events` are the types it wants; `template` None means all. `secret` signs what is posted (encrypted
    at rest); `old_secret` signs beside it until `old_secret_until`. `failing_since` is the first failure
    since the last success. `note` says why it was switched off by itself.
    """

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    target = models.CharField(max_length=2048)
    template = models.ForeignKey(JobTemplate, models.CASCADE, null=True, related_name="+")
    events = models.JSONField(default=list)
    secret = models.TextField(blank=True)
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    is_enabled = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.target


class Message(models.Model):
    """Something that happened, told once: `key` is unique per event. `body` is the JSON text posted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=120, unique=True)
    type = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    job = models.ForeignKey(Job, models.CASCADE, null=True, related_name="+")
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One message to one endpoint; its id is the `webhook-id`, the same in every try."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    tries = models.IntegerField(default=0)
    """How many tries since it was last set to pending; it decides the next wait."""
    due_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "endpoint"], name="one_delivery_each")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_by_endpoint"),
        ]


class Attempt(models.Model):
    """One try: the answer's HTTP status (null without an answer, and for e-mail) and what was said."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    is_success = models.BooleanField()
    http_status = models.IntegerField(null=True)
    text = models.TextField(blank=True)
