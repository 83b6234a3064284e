"""The wallet as last read, what is reserved in it, and an append-only ledger."""

from django.db import models

from rivya_bridge.identifiers import new_id


class Wallet(models.Model):
    """One account's balance. `current_credits` is what Rivya last said, moved by what we know since;
    `reserved_credits` is held by our tasks that Rivya has not accepted yet."""

    account = models.CharField(max_length=16, unique=True)
    current_credits = models.IntegerField(null=True)
    reserved_credits = models.IntegerField(default=0)
    # What the balance should be by our own books since `reconciled_at`; null before the first reading.
    expected_credits = models.IntegerField(null=True)
    reconciled_at = models.DateTimeField(null=True)
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
    """One movement of credits; rows are only ever added (triggers refuse anything else).

    `reserve`: Rivya took the task and reserved credits; `settle`: the final amount, once per remote
    id (0 for a failed task). `unexplained`: the wallet moved by this without a task of ours, between
    `period_from` and the row's own time; its task is null. Amounts are what the movement costs:
    positive credits are spent, negative ones came in.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", "reserved"
        SETTLE = "settle", "charged"
        UNEXPLAINED = "unexplained", "unexplained"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey("tasks.Task", models.PROTECT, null=True, related_name="ledger_entries")
    account = models.CharField(max_length=16)
    kind = models.CharField(max_length=12, choices=Kind)
    remote_id = models.CharField(max_length=255, blank=True)
    amount = models.IntegerField()
    balance_before = models.IntegerField(null=True)
    balance_after = models.IntegerField(null=True)
    period_from = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account", "remote_id"],
                condition=~models.Q(kind="unexplained"),
                name="settled_once",
            ),
            models.UniqueConstraint(fields=["kind", "task"], name="one_entry_per_kind_and_task"),
            models.CheckConstraint(
                condition=models.Q(kind="unexplained", task__isnull=True)
                | (~models.Q(kind="unexplained") & models.Q(task__isnull=False)),
                name="only_the_unexplained_has_no_task",
            ),
        ]
        indexes = [models.Index(fields=["account", "created_at"], name="ledger_by_time")]


class SpendingCaps(models.Model):
    """The workspace's caps in whole credits, in the one row with id 1; null means no cap."""

    run_cap = models.IntegerField(null=True)
    day_cap = models.IntegerField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_caps")]
