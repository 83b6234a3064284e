"""The seven rungs from Studio to the API, each ticked by what is on record and never by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.urls import reverse

from rivya_bridge.automation.content import Draft, normalized
from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.catalog.selectors import get_model, last_refresh
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.promotion.models import Promotion, ResultConsumer, SentBack
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.webhooks.models import Event

DONE, MISSING, NOT_NEEDED, LOCKED = "done", "missing", "not needed", "locked"
TITLES = (
    "Tested in Studio",
    "Model, prompt shape, input files and expected result written down",
    "Checked against the model list",
    "One generation submitted through the API and finished",
    "Files API added, where the model needs reference media",
    "Webhooks added, after polling has worked",
    "Chat API added, where the task is a chat turn",
)
# What programs name: it may only stand at a version that has climbed so far.
GUARDED_LABEL = "production"
GUARDED_RUNGS = (1, 2, 3, 4, 5, 7)
CHAT = "chat"
PARTS = (
    "model_id", "prompt", "variables", "fixed_params", "exposed_params", "file_slots", "expected",
    "credit_cap", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rung:
    """`state` is done, missing, not needed or locked; `links` are (label, address) of the evidence."""

    number: int
    state: str
    sentence: str
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def title(self) -> str:
        return TITLES[self.number - 1]

    @property
    def is_passed(self) -> bool:
        return self.state in (DONE, NOT_NEEDED)


def ladder_of(version: TemplateVersion) -> list[Rung]:
    """The seven rungs of a version; behind the first that is missing, what is not done is locked.

    A constant number of queries.
    """
    makers: tuple[Callable[[TemplateVersion], Rung], ...] = (
        _studio, _written, _model, _submitted, _files, _webhooks, _chat,
    )  # fmt: skip
    rungs = [make(version) for make in makers]
    first = next((rung.number for rung in rungs if not rung.is_passed), None)
    return [_locked(rung, first) for rung in rungs]


def _locked(rung: Rung, first: int | None) -> Rung:
    if first is None or rung.number <= first or rung.is_passed:
        return rung
    return replace(rung, state=LOCKED, sentence=f"Locked until rung {first} is there.")


def promoted_from(template: JobTemplate) -> Experiment | None:
    """The experiment of its newest promotion (one query)."""
    rows = Promotion.objects.filter(version__template=template).select_related("run__experiment")
    last = rows.order_by("-id").first()
    return last.run.experiment if last else None


def last_sent_back(template: JobTemplate) -> SentBack | None:
    rows = SentBack.objects.filter(template=template).select_related("experiment")
    return rows.order_by("-id").first()


# --- The rungs ------------------------------------------------------------------------------------


def _studio(version: TemplateVersion) -> Rung:
    """An accepted run of its experiment, newer than the last time that the template was sent back."""
    sent = last_sent_back(version.template)
    experiment = sent.experiment if sent else promoted_from(version.template)
    if experiment is None:
        text = "No experiment is on record: record a Studio run, accept it and promote it here."
        return Rung(1, MISSING, text)
    runs = Run.objects.filter(experiment=experiment, verdict=Run.Verdict.ACCEPTED)
    if sent:
        runs = runs.filter(created_at__gt=sent.created_at)
    run = runs.order_by("-source", "-id").first()
    where = reverse("experiments:detail", args=[experiment.pk])
    if run is None:
        since = " since it was sent back" if sent else ""
        text = f"No run of {experiment.title} is accepted{since}: try again there, and accept one."
        return Rung(1, MISSING, text, [(experiment.title, where)])
    how = "by hand in Studio" if run.source == Run.Source.STUDIO else "as an experiment"
    text = f"Run {run.number} was accepted; it was made {how}."
    return Rung(1, DONE, text, [(f"Run {run.number}", reverse("experiments:run", args=[run.pk]))])


def _written(version: TemplateVersion) -> Rung:
    where = reverse("automation:version", args=[version.template.slug, version.number])
    text = f"They stand in version {version.number}, which never changes."
    return Rung(2, DONE, text, [(f"Version {version.number}", where)])


def _model(version: TemplateVersion) -> Rung:
    where = [(version.model_id, reverse("catalog:model", args=[version.model_id]))]
    draft = Draft(**{name: getattr(version, name) for name in PARTS})
    try:
        _, problems = normalized(draft, get_model(version.model_id))
    except Refusal as refusal:
        problems = list(refusal.problems)
    if problems:
        return Rung(3, MISSING, " ".join(problem.message for problem in problems[:3]), where)
    seen = last_refresh()
    when = f", read {seen.refreshed_at:%Y-%m-%d %H:%M} UTC" if seen and seen.refreshed_at else ""
    text = f"The list{when} has the model as available and allows every param."
    return Rung(3, DONE, text, where)


def _succeeded(version: TemplateVersion) -> Job | None:
    rows = Job.objects.filter(version=version, task__status="succeeded")
    return rows.order_by("-id").first()


def _job_link(job: Job) -> list[tuple[str, str]]:
    return [("The job", reverse("automation:job", args=[job.pk]))]


def _submitted(version: TemplateVersion) -> Rung:
    """A job that was sent and ended well. A turn is answered in the call itself, without polling."""
    job = _succeeded(version)
    if job is None:
        text = f"No job of version {version.number} has succeeded: start one and wait for its end."
        return Rung(4, MISSING, text)
    how = "answered" if version.category == CHAT else "finished by polling"
    return Rung(4, DONE, f"A job was submitted and {how}.", _job_link(job))


def _files(version: TemplateVersion) -> Rung:
    if not version.file_slots:
        return Rung(5, NOT_NEEDED, "The version has no file slots.")
    rows = Job.objects.filter(version=version, task__status="succeeded")
    job = rows.filter(task__references__isnull=False).order_by("-id").first()
    if job is None:
        text = "No job with an uploaded file has succeeded: start one with a file in its slot."
        return Rung(5, MISSING, text)
    return Rung(5, DONE, "A job with an uploaded file has succeeded.", _job_link(job))


def _webhooks(version: TemplateVersion) -> Rung:
    """An event of Rivya that told of a job of this version, if anybody wants its result pushed."""
    if version.category == CHAT:
        text = "Rivya sends no events of chat turns: the answer comes with the call."
        return Rung(6, NOT_NEEDED, text)
    told = Event.objects.filter(signature="verified", task__job__version=version)
    event = told.filter(task__status="succeeded").order_by("-id").first()
    if event is not None:
        where = reverse("webhooks:event", args=[event.pk])
        return Rung(
            6, DONE, "An event of Rivya told of a job that succeeded.", [("The event", where)]
        )
    experiment = promoted_from(version.template)
    consumer = ResultConsumer.objects.filter(experiment=experiment).first() if experiment else None
    if consumer is None:
        text = "Nobody is named who uses the result, so that polling is enough."
        return Rung(6, NOT_NEEDED, text)
    if consumer.delivery == ResultConsumer.Delivery.POLLING:
        return Rung(6, NOT_NEEDED, f"{consumer.name} polls.")
    text = (
        f"{consumer.name} wants a webhook, and no event has told of a job of this version: make an "
        "endpoint on the page Webhooks and run a job."
    )
    return Rung(6, MISSING, text, [("Webhooks", reverse("webhooks:index"))])


def _chat(version: TemplateVersion) -> Rung:
    """A turn of this version that the Chat API answered whole."""
    if version.category != CHAT:
        return Rung(7, NOT_NEEDED, f"Its task is {version.category}, not a chat turn.")
    rows = Job.objects.filter(version=version, task__kind=Task.Kind.CHAT, task__is_cut=False)
    job = rows.filter(task__status="succeeded").order_by("-id").first()
    if job is None:
        text = f"The Chat API has answered no turn of version {version.number}: start a job."
        return Rung(7, MISSING, text)
    return Rung(7, DONE, "The Chat API answered a turn of this version.", _job_link(job))


# --- What stays locked ----------------------------------------------------------------------------


def label_problems(version: TemplateVersion, name: str) -> list[Problem]:
    """Why `production` may not stand at the version: the first rung that is missing."""
    if name != GUARDED_LABEL:
        return []
    rungs = [rung for rung in ladder_of(version) if rung.number in GUARDED_RUNGS]
    missing = [rung for rung in rungs if not rung.is_passed]
    return [
        Problem(
            "version",
            f"{name} may not stand at version {version.number} yet: rung {rung.number} "
            f"({rung.title.lower()}) is missing. {rung.sentence}",
            rung.number,
        )
        for rung in missing[:1]
    ]
