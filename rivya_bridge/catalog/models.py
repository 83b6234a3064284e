"""Rivya's models as last seen in the model list."""

from django.db import models


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
    """The last reading of the list per account: when, how many, and the error if it failed."""

    account = models.CharField(max_length=16, unique=True)
    refreshed_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField()
    model_count = models.IntegerField(default=0)
    error = models.TextField(blank=True)
