"""Endpoints that Rivya calls here, and everything that came to them."""

from django.db import models
from django.db.models import Q

from rivya_bridge.identifiers import new_id
from rivya_bridge.tasks.models import Task


class Endpoint(models.Model):
    """A webhook endpoint at Rivya that leads to this product's receiver.

    `account` owns it there as `remote_id`. `token` is the secret part of its address. `secret` verifies
    what comes (encrypted at rest), `old_secret` beside it until `old_secret_until`. Without
    `requires_signature` unsigned callbacks are kept too: they only hurry a reading. `tested_at` is when a
    test event of Rivya last arrived with a good signature.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.CharField(max_length=16)
    remote_id = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    url = models.CharField(max_length=2048)
    token = models.CharField(max_length=64, unique=True)
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    requires_signature = models.BooleanField(default=True)
    is_enabled = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "remote_id"], name="webhook_endpoint_once")
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One event as it came first; `copies` counts its deliveries. The body is kept raw.

    parked -> matched     a task with this remote id is known, and was read again if it was running
       `----> ignored     it names no generation (a test, an unknown type, broken JSON)

    `signature` verified, or missing (only where the endpoint allows it), or refused: such a row is kept
    for people to see and has no effect; `problem` says why.
    """

    class State(models.TextChoices):
        PARKED = "parked"
        MATCHED = "matched"
        IGNORED = "ignored"
        REFUSED = "refused"

    class Signature(models.TextChoices):
        VERIFIED = "verified"
        MISSING = "missing"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=120, blank=True)
    remote_id = models.CharField(max_length=120, blank=True)
    is_test = models.BooleanField(default=False)
    signature = models.CharField(max_length=8, choices=Signature)
    state = models.CharField(max_length=7, choices=State)
    problem = models.TextField(blank=True)
    headers = models.JSONField(default=list)
    body = models.BinaryField()
    copies = models.IntegerField(default=1)
    signed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id"],
                condition=~Q(signature="refused"),
                name="webhook_event_once",
            )
        ]
        indexes = [
            models.Index(fields=["remote_id"], name="webhook_by_remote_id"),
            models.Index(
                fields=["received_at"], condition=Q(state="parked"), name="webhook_parked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
