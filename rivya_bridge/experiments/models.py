"""Experiment: a question with its runs. Run: one try, by hand in Studio or through the API."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id
from rivya_bridge.tasks.models import Task


class PresentExperiments(models.Manager["Experiment"]):
    """Those that are whole: one that is being imported is seen by nobody before its last row is there."""

    def get_queryset(self) -> models.QuerySet["Experiment"]:
        return super().get_queryset().filter(is_arriving=False)


class Experiment(models.Model):
    """A question with its runs. `is_arriving` until all of an import is there.

    The counts, `spent_credits` (what Rivya charged for ended API runs) and `preview` (the first file of
    the newest results) are kept by the services, so that a page need not look at every run.
    """

    class Status(models.TextChoices):
        EXPLORING = "exploring"
        SETTLED = "settled"
        ARCHIVED = "archived"

    class Category(models.TextChoices):
        IMAGE = "image"
        VIDEO = "video"
        AUDIO = "audio"
        CHAT = "chat"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(max_length=200)
    question = models.CharField(max_length=500, blank=True)
    brief = models.TextField(blank=True, max_length=10_000)
    category = models.CharField(max_length=8, choices=Category, default=Category.IMAGE)
    tags = models.JSONField(default=list)
    status = models.CharField(max_length=12, choices=Status, default=Status.EXPLORING)
    run_count = models.IntegerField(default=0)
    accepted_count = models.IntegerField(default=0)
    rejected_count = models.IntegerField(default=0)
    spent_credits = models.BigIntegerField(default=0)
    preview = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")
    is_arriving = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PresentExperiments()
    everything = models.Manager["Experiment"]()

    class Meta:
        indexes = [
            models.Index(fields=["status", "-id"], name="experiment_by_status"),
            models.Index(fields=["category", "-id"], name="experiment_by_category"),
        ]

    def __str__(self) -> str:
        return self.title


class Run(models.Model):
    """One try. What a person wrote may change; what the API reported stays in its task.

    A Studio run has no task: its credits and duration are what the person typed. `counted_credits` is
    what of an API run was added to the experiment's `spent_credits`, once its task had ended.
    """

    class Source(models.TextChoices):
        STUDIO = "studio"
        API = "api"

    class Verdict(models.TextChoices):
        NONE = "", "undecided"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="runs")
    number = models.IntegerField()
    source = models.CharField(max_length=6, choices=Source)
    task = models.OneToOneField(Task, models.PROTECT, null=True, related_name="run")
    model_id = models.CharField(max_length=120)
    category = models.CharField(max_length=8)
    prompt = models.TextField(blank=True)
    params = models.JSONField(default=dict)
    result_text = models.TextField(blank=True)
    studio_credits = models.IntegerField(null=True)
    studio_seconds = models.FloatField(null=True)
    counted_credits = models.IntegerField(null=True)
    rating = models.SmallIntegerField(
        null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.NONE, blank=True)
    note = models.TextField(blank=True, max_length=5_000)
    continues_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="continuations"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="run_number"),
            models.CheckConstraint(
                condition=Q(source="studio", task__isnull=True)
                | Q(source="api", task__isnull=False),
                name="api_runs_have_a_task",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="rating_1_to_5"
            ),
        ]
        indexes = [
            models.Index(fields=["experiment", "-id"], name="run_by_experiment"),
            models.Index(fields=["experiment", "model_id", "-id"], name="run_by_model"),
        ]

    def __str__(self) -> str:
        return f"Run {self.number}"

    @property
    def status(self) -> str:
        return "recorded" if self.task is None else self.task.status

    @property
    def answer(self) -> str:
        """The result as text; of a chat turn that is being told, what has arrived so far."""
        return self.result_text or ("" if self.task is None else self.task.answer_text)

    @property
    def credits(self) -> int | None:
        """What the run cost: Rivya's figure for an API run, the person's for a Studio run."""
        return self.studio_credits if self.task is None else self.task.final_credits

    @property
    def duration_seconds(self) -> float | None:
        """From acceptance to the end for an API run, as typed for a Studio run."""
        task = self.task
        if task is None:
            return self.studio_seconds
        if task.accepted_at is None or task.finished_at is None:
            return None
        return (task.finished_at - task.accepted_at).total_seconds()


class RunReference(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="references")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="run_references")
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="run_reference")]


class RunResult(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="results")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="run_results")
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="run_result")]
