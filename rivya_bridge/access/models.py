"""Who may come in: one-time sign-in links for the browser, tokens for the HTTP API."""

from django.db import models

from rivya_bridge.identifiers import new_id


class LaunchLink(models.Model):
    """A link that signs one browser in, once, until it expires. Only its hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ApiToken(models.Model):
    """A bearer token of the HTTP API. Only its hash is kept, and its last four characters."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} (··{self.last4})"


class OnceKey(models.Model):
    """An Idempotency-Key that made something: the same key and body answer with the same object."""

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    body = models.JSONField()
    object_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="once_key_is_unique")]
