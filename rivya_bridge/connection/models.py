"""Connections that a person saved: a server and an encrypted key each, one of them in use."""

from django.db import models
from django.db.models import Q

from rivya_bridge.identifiers import new_id


class SavedConnection(models.Model):
    """An account of a server. The key stands here encrypted only; prefix and last four are shown.

    `account` is the fingerprint of address and key in force. A removed connection keeps its row
    without the key, because tasks that were made for it must never be charged to another.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=60)
    base_url = models.CharField(max_length=300)
    account = models.CharField(max_length=16, unique=True)
    encrypted_key = models.TextField(blank=True)
    key_prefix = models.CharField(max_length=16, blank=True)
    key_last4 = models.CharField(max_length=4, blank=True)
    is_in_use = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    key_entered_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_in_use"], condition=Q(is_in_use=True), name="one_connection_in_use"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(removed_at=None), name="connection_name_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(encrypted_key="", is_in_use=False),
                name="removed_connection_has_no_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KnownAccount(models.Model):
    """A fingerprint that a saved connection has or had: keys change, the account stays the same."""

    account = models.CharField(max_length=16, primary_key=True)
    connection = models.ForeignKey(SavedConnection, models.PROTECT, related_name="accounts")


class ConnectionCheck(models.Model):
    """What the last check of an account found.

    `problem`: the sentence of what stopped it, or "". `scopes`: [{"scope", "state": "held" |
    "missing" | "unknown", "reason"}].
    """

    account = models.CharField(max_length=16, primary_key=True)
    checked_at = models.DateTimeField()
    model_count = models.IntegerField(null=True)
    current_credits = models.IntegerField(null=True)
    problem = models.TextField(blank=True)
    scopes = models.JSONField(default=list)

    @property
    def missing(self) -> list[str]:
        return [entry["scope"] for entry in self.scopes if entry["state"] == "missing"]
