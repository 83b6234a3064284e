"""Files that wait to be confirmed, and where an experiment came from."""

from django.db import models

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.identifiers import new_id


class Staged(models.Model):
    """A file that was sent to be imported.

        looking -> ready -> importing -> done
           |         ^          |
           v         +------ undoing      (canceled or refused: what was made is taken back)
        refused

    Its bytes lie under the id in IMPORTS_DIR until it is done, refused, discarded, or `expires_at`.
    `asked` is what was said when it was sent, `facts` what the preview says of it as a whole, `chosen`
    the positions of rows that were confirmed, `outcome` what was made of it, `refusal` why something
    was not. `made` says how far a restored experiment has come.

    In the three states of work (`WORK`) the row is the queue: one `worker` has it until `lease_until`,
    and tells what it does in `stage`, `done_count` and `total_count`. `attempts` counts the claims
    since something of it was last kept.
    """

    class Purpose(models.TextChoices):
        RUNS = "runs"
        EXPERIMENT = "experiment"

    class Status(models.TextChoices):
        LOOKING = "looking"
        READY = "ready"
        IMPORTING = "importing"
        UNDOING = "undoing"
        DONE = "done"
        REFUSED = "refused"

    WORK = (Status.LOOKING, Status.IMPORTING, Status.UNDOING)

    class Stage(models.TextChoices):
        """What is being counted."""

        WAITING = "", "Waiting for a worker"
        LISTS = "lists", "Checking the lists"
        LOOKED = "looked", "Looking at the files"
        ROWS = "rows", "Reading rows"
        STORED = "stored", "Keeping the files"
        RUNS = "runs", "Recording runs"
        RESTORED = "restored", "Restoring rows"
        REMOVED = "removed", "Taking back what was made"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(max_length=12, choices=Purpose)
    status = models.CharField(max_length=12, choices=Status, default=Status.LOOKING)
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="imports")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    asked = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    chosen = models.JSONField(null=True)
    made = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    refusal = models.JSONField(default=dict)
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.WAITING, blank=True)
    done_count = models.IntegerField(default=0)
    total_count = models.IntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_work(self) -> bool:
        return self.status in self.WORK


class StagedRow(models.Model):
    """One run as it would be recorded: `facts` by field, `problems` as {"field", "message"}.

    `twin`: a run of the experiment that is the same already.
    """

    staged = models.ForeignKey(Staged, models.CASCADE, related_name="rows")
    position = models.IntegerField()
    facts = models.JSONField()
    problems = models.JSONField(default=list)
    twin = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["staged", "position"], name="staged_row_position")
        ]


class ImportedExperiment(models.Model):
    """Where an experiment came from: `content_sha256` names what was imported, whatever the ZIP."""

    experiment = models.OneToOneField(Experiment, models.CASCADE, related_name="imported_from")
    content_sha256 = models.CharField(max_length=64, db_index=True)
    exported_at = models.DateTimeField()
    imported_at = models.DateTimeField(auto_now_add=True)
