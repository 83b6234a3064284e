"""The wallet as last read, what is reserved in it, and an append-only ledger."""

from django.db import models

from rivya_bridge.identifiers import new_id


class Wallet(models.Model):
    """One account's balance. `current_credits` is what Rivya last said, moved by what we know since;
    `reserved_credits` is held by our tasks that Rivya has not accepted yet."""

    account = models.CharField(max_length=16, unique=True)
    current_credits = models.IntegerField(null=True)
    reserved_credits = models.IntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved_credits__gte=0), name="reserved_is_never_negative"
            )
        ]

    @property
    def free_credits(self) -> int | None:
        return (
            None if self.current_credits is None else self.current_credits - self.reserved_credits
        )


class LedgerEntry(models.Model):
    """One movement of credits for one task.

    `reserve`: Rivya took the task and reserved credits; `settle`: the final amount, once per remote
    id (0 for a failed task). Amounts are what the movement costs: positive credits are spent.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", "reserved"
        SETTLE = "settle", "charged"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey("tasks.Task", models.PROTECT, related_name="ledger_entries")
    account = models.CharField(max_length=16)
    kind = models.CharField(max_length=8, choices=Kind)
    remote_id = models.CharField(max_length=255)
    amount = models.IntegerField()
    balance_after = models.IntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "account", "remote_id"], name="settled_once"),
            models.UniqueConstraint(fields=["kind", "task"], name="one_entry_per_kind_and_task"),
        ]
