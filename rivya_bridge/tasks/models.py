"""Task: our record of one call to Rivya. The row is the queue; messages only ring for it.

    queued -> submitting -> running -> saving -> succeeded
                |    ^
                v    |
             unconfirmed            aside: held, failed, canceled

`queued` waits to be sent. `submitting` is being sent by the worker that holds the lease.
`unconfirmed` was sent and the answer is unknown: only the same key with the same bytes may go again.
`running` has a remote id and is polled. `saving` succeeded at Rivya; its results are downloaded.
`held` waits for a person or a condition, with the reason. Terminal: succeeded, failed, canceled.
Triggers in the database keep terminal states, keys and frozen bodies from ever changing.
"""

from django.db import models
from django.db.models import Q

from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id


class Status(models.TextChoices):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    SAVING = "saving"
    HELD = "held"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})
OPEN = frozenset(set(Status) - TERMINAL)
ADVANCING = frozenset(OPEN - {Status.HELD})


class Exposure(models.TextChoices):
    """What may have been spent: nothing, perhaps (sent, no answer), or Rivya accepted it."""

    NONE = "none"
    POSSIBLE = "possible"
    ACCEPTED = "accepted"


def counted(number: int, what: str = "credit") -> str:
    """Such as "1 credit" and "5,000 credits"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def are(count: int) -> str:
    """The verb of a number of things: "is" after 1."""
    return "is" if count == 1 else "are"


class Task(models.Model):
    """One intended generation or chat turn at Rivya. `origin` tells who asked: a run, a job, a conversation
    or a contract probe, by its id.

    `draft` is what was asked: {"model", "prompt", "params"}, and of a turn the "session_id" that it
    continues; references are rows beside it. A turn's `answer_text` grows while it is told; `is_cut`: it
    ended before its end.
    `request_body` are the exact bytes that are sent, frozen with the idempotency key before the
    first attempt. `fence` rises with every claim; a step writes only under the fence it claimed.
    Credits are whole numbers as Rivya reports them.
    """

    class Kind(models.TextChoices):
        GENERATION = "generation"
        CHAT = "chat"

    class Origin(models.TextChoices):
        RUN = "run"
        JOB = "job"
        CHAT = "chat"
        PROBE = "probe"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intent_key = models.CharField(max_length=300, unique=True, null=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.GENERATION)
    origin = models.CharField(max_length=12, choices=Origin)
    origin_id = models.UUIDField(db_index=True)
    group_label = models.CharField(max_length=200, blank=True)
    group_url = models.CharField(max_length=300, blank=True)
    account = models.CharField(max_length=16)
    base_url = models.CharField(max_length=300)
    model_id = models.CharField(max_length=120)
    category = models.CharField(max_length=20)
    draft = models.JSONField()
    search_text = models.TextField(blank=True)

    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    remote_id = models.CharField(max_length=255, null=True)
    remote_status = models.CharField(max_length=60, blank=True)
    remote_payload = models.JSONField(null=True)
    idempotency_key = models.CharField(max_length=255, unique=True)
    request_body = models.BinaryField(null=True)
    request_sha256 = models.CharField(max_length=64, blank=True)

    session_id = models.CharField(max_length=255, blank=True)
    answer_text = models.TextField(blank=True)
    is_cut = models.BooleanField(default=False)
    input_tokens = models.IntegerField(null=True)
    output_tokens = models.IntegerField(null=True)

    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=120, blank=True)
    lost_leases = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    rung_at = models.DateTimeField(null=True)
    # Somebody learned that there is news at Rivya; forgotten when the task is next claimed.
    news_at = models.DateTimeField(null=True)
    # A webhook is expected, so that it is polled once a minute only; one may hurry its reading.
    is_told = models.BooleanField(default=False)
    hears_events = models.BooleanField(default=True)

    attempts = models.IntegerField(default=0)
    polls = models.IntegerField(default=0)
    poll_errors = models.IntegerField(default=0)
    downloads = models.IntegerField(default=0)
    exposure = models.CharField(max_length=8, choices=Exposure, default=Exposure.NONE)
    held_from = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    reason_text = models.TextField(blank=True)
    error_code = models.CharField(max_length=120, blank=True)
    error_message = models.TextField(blank=True)
    request_id = models.CharField(max_length=255, blank=True)

    estimated_credits = models.IntegerField()
    holds_reservation = models.BooleanField(default=False)
    reserved_credits = models.IntegerField(null=True)
    final_credits = models.IntegerField(null=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    first_sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)  # its failure, by a person or another try
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="retries")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Status]), name="task_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["running", "saving", "succeeded"])
                | Q(remote_id__isnull=False),
                name="accepted_task_has_remote_id",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["held", "failed", "canceled"]) | ~Q(reason=""),
                name="stopped_task_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(exposure="none") | Q(request_body__isnull=False),
                name="sent_task_has_frozen_body",
            ),
            models.UniqueConstraint(
                fields=["account", "remote_id"],
                condition=Q(remote_id__isnull=False),
                name="remote_id_is_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="task_by_status"),
            models.Index(fields=["model_id", "-id"], name="task_by_model"),
            models.Index(fields=["origin", "-id"], name="task_by_origin"),
            models.Index(
                fields=["-id"],
                condition=Q(status__in=["held", "failed"], handled_at__isnull=True),
                name="task_needs_person",
            ),
            models.Index(
                fields=["due_at"],
                condition=~Q(status__in=["succeeded", "failed", "canceled", "held"]),
                name="task_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.status}"

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def spent_text(self) -> str:
        """One sentence on what was or may have been spent, and on which evidence."""
        if self.final_credits is not None:
            were = "was" if self.final_credits == 1 else "were"
            return f"{counted(self.final_credits)} {were} charged, as Rivya reported for this task."
        if self.exposure == Exposure.ACCEPTED:
            return (
                f"Rivya accepted the task and reserved {counted(self.reserved_credits or 0)}; what it "
                "charges in the end is not known yet."
            )
        if self.exposure == Exposure.POSSIBLE:
            return (
                "The request was sent, and whether it was charged is not known: up to "
                f"{counted(self.estimated_credits)} may have been spent."
            )
        if self.attempts:
            return "Rivya did not take the request, so nothing was spent."
        return "Nothing was sent, so nothing was spent."


class TaskReference(models.Model):
    """A file that goes into a task, in order."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="references")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="task_references")
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="task_reference_position")
        ]


class TaskOutput(models.Model):
    """A result address of a task, and the file once it is downloaded."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="outputs")
    position = models.IntegerField()
    url = models.TextField()
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="task_outputs")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="task_output_position")
        ]


class TaskEvent(models.Model):
    """What happened to a task, gap-free by `seq`, never changed."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="events")
    seq = models.IntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    text = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["task", "seq"], name="task_event_seq")]


class TaskAttempt(models.Model):
    """One sending of the frozen request, with the answer as it came. Secrets are never in it.

    `earlier_body`: what it sent, where the task went out with other bytes later; '' for the task's own.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="attempt_rows")
    number = models.IntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, default="sending")
    http_status = models.IntegerField(null=True)
    request_id = models.CharField(max_length=255, blank=True)
    response = models.TextField(blank=True)
    error = models.TextField(blank=True)
    earlier_body = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["task", "number"], name="attempt_number")]

    @property
    def body(self) -> bytes:
        """The exact bytes of this sending."""
        return (
            self.earlier_body.encode()
            if self.earlier_body
            else bytes(self.task.request_body or b"")
        )


class Gate(models.Model):
    """Holds back every task behind it until a time: one per vendor, rate limit, key and wallet."""

    name = models.CharField(max_length=80, unique=True)
    closed_until = models.DateTimeField()
    reason = models.CharField(max_length=60)
    text = models.TextField(blank=True)
    failures = models.IntegerField(default=0)


class Duty(models.Model):
    """A work that one process does for all: whose it is, and until when without renewal."""

    name = models.CharField(max_length=40, unique=True)
    owner = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField()


class ContractProbe(models.Model):
    """One key sent twice to an account: what it proved about repeating a key, with its evidence.

    `proved`: the same task, and the balance did not move with the second sending. `refuted`: another
    task, or another charge. `unclear`: no usable answer; nothing follows from it.
    """

    class Outcome(models.TextChoices):
        PROVED = "proved"
        REFUTED = "refuted"
        UNCLEAR = "unclear"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.CharField(max_length=16, db_index=True)
    task = models.OneToOneField(Task, models.PROTECT, related_name="probe")
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    text = models.TextField(blank=True)
    second_remote_id = models.CharField(max_length=255, blank=True)
    balance_between = models.IntegerField(null=True)
    balance_after = models.IntegerField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
