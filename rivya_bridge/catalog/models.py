"""Rivya's models as last seen in the model list."""

from django.db import models

from rivya_bridge.identifiers import new_id


class CatalogModel(models.Model):
    """One entry of the list, its raw payload kept. Leaves the list: `is_listed` turns False."""

    model_id = models.CharField(max_length=120, primary_key=True)
    display_name = models.CharField(max_length=200)
    category = models.CharField(max_length=20, db_index=True)
    base_credits = models.IntegerField()
    api_status = models.CharField(max_length=40)
    raw = models.JSONField()
    is_listed = models.BooleanField(default=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.display_name


class CatalogRefresh(models.Model):
    """The last reading of the list per account: when, how many, and the error if it failed.

    `refreshed_at` is empty again once another server's list was read: the models are that one's.
    """

    account = models.CharField(max_length=16, unique=True)
    base_url = models.CharField(max_length=300, blank=True)
    refreshed_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField()
    model_count = models.IntegerField(default=0)
    error = models.TextField(blank=True)


class CatalogReading(models.Model):
    """What a server's list said when it was last read, for comparing. `facts`: see `catalog.facts`."""

    base_url = models.CharField(max_length=300, primary_key=True)
    first_read_at = models.DateTimeField()
    read_at = models.DateTimeField()
    facts = models.JSONField()


_FIELD_WORDS = {
    "base_credits": "price in credits",
    "billing_type": "billing",
    "display_name": "name",
    "max_prompt_length": "prompt limit",
    "reference_media.max_files": "most reference files",
}


class CatalogChange(models.Model):
    """One difference between two readings of a server's list; never changed.

    `field` is a path such as `base_credits` or `params.duration.options`; empty for a model that was
    added or removed. `before` and `after` are JSON values, null where there was nothing.
    """

    class Kind(models.TextChoices):
        ADDED = "added"
        REMOVED = "removed"
        PRICE = "price"
        STATUS = "status"
        LIMITS = "limits"
        PARAMS = "params"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    base_url = models.CharField(max_length=300)
    seen_at = models.DateTimeField()
    model_id = models.CharField(max_length=120)
    display_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    field = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["base_url", "-id"], name="change_by_server"),
            models.Index(fields=["model_id", "-id"], name="change_by_model"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.sentence}"

    @property
    def sentence(self) -> str:
        """The change in words, beginning small."""
        if self.kind == self.Kind.ADDED:
            return "was added to the list"
        if self.kind == self.Kind.REMOVED:
            return "left the list"
        field = _FIELD_WORDS.get(self.field, self.field)
        if self.before is None:
            return f"{field} is new: {shown(self.after)}"
        if self.after is None:
            return f"{field} is gone (it was {shown(self.before)})"
        return f"{field}: {shown(self.before)} → {shown(self.after)}"


def shown(value: object) -> str:
    """A JSON value for reading, at most 200 characters."""
    if isinstance(value, list):
        text = ", ".join(map(str, value)) or "none"
    elif isinstance(value, dict):
        text = ", ".join(f"{key} {shown(part)}" for key, part in value.items() if part is not None)
    else:
        text = "yes" if value is True else "no" if value is False else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
