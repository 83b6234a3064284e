"""Files that wait to be confirmed, and where an experiment came from."""

from django.db import models

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.identifiers import new_id


class Staged(models.Model):
    """A file that was looked at and not yet imported: `ready -> importing -> done`.

    Its bytes lie under the id in IMPORTS_DIR until it is done, discarded, or `expires_at`. `facts` is
    what the preview says of it as a whole, `outcome` what was made of it. `chosen` are the positions
    that were confirmed, None for all good ones.
    """

    class Purpose(models.TextChoices):
        RUNS = "runs"
        EXPERIMENT = "experiment"

    class Status(models.TextChoices):
        READY = "ready"
        IMPORTING = "importing"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(max_length=12, choices=Purpose)
    status = models.CharField(max_length=12, choices=Status, default=Status.READY)
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="imports")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    facts = models.JSONField(default=dict)
    chosen = models.JSONField(null=True)
    outcome = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


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
