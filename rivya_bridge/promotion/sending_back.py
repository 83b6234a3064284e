"""Back to Studio: a template that fails or drifts re-opens its experiment, with what failed."""

from collections.abc import Sequence

from django.db import transaction

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.experiments.services import create_experiment, update_experiment
from rivya_bridge.promotion.ladder import promoted_from
from rivya_bridge.promotion.models import SentBack
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text

REASON_LENGTH = 1_000
MOST_JOBS = 10


def send_back(
    template: JobTemplate, reason: str, *, author: str = "", jobs: Sequence[Job] = ()
) -> SentBack:
    """Re-opens the experiment that the template came from, or a new one, with `jobs` that show why, or
    without any with its last failed ones.

    Nothing is sent or spent, and jobs of the template stay possible. Raises Refusal for the reason.
    """
    problems: list[Problem] = []
    reason = read_text(problems, "reason", reason, least=1, most=REASON_LENGTH)
    if problems:
        raise Refusal.of(problems)
    failed = Job.objects.filter(template=template, task__status="failed").order_by("-id")
    with transaction.atomic():
        experiment = promoted_from(template)
        if experiment is None:
            version = template.current_version
            category = version.category if version else "image"
            title = f"{template.name}, sent back"
            experiment = create_experiment(title=title, question=reason[:500], category=category)
        else:
            update_experiment(experiment, status="exploring")
        row = SentBack.objects.create(
            template=template, experiment=experiment, reason=reason, author=author
        )
        row.jobs.set((jobs or failed)[:MOST_JOBS])
    return row
