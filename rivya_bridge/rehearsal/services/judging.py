"""The verdict of a case: the job's result beside the accepted one. Never on the way of a request."""

from uuid import UUID

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils import timezone

from rivya_bridge.rehearsal.measuring import measure
from rivya_bridge.rehearsal.models import GoldenFile, RehearsalCase
from rivya_bridge.rehearsal.results import result_of_case, result_of_job
from rivya_bridge.rehearsal.selectors.golden import measure_of
from rivya_bridge.rehearsal.services.feeding import feed_on_commit, put_down
from rivya_bridge.rehearsal.services.ringing import unclaimed
from rivya_bridge.rehearsal.verdicts import Judgement, failed, judge, not_comparable
from rivya_bridge.tasks.models import Task, TaskOutput

# Files that end the process that opens them are not opened for ever.
MOST_TRIES = 3


def judge_waiting() -> int:
    """Judges every case that nobody else is working on, oldest first; returns how many."""
    count = 0
    while True:
        waiting = RehearsalCase.objects.filter(unclaimed(timezone.now())).order_by("id")
        case_id = waiting.values_list("pk", flat=True).first()
        if case_id is None:
            return count
        count += bool(judge_case(case_id))


def judge_case(case_id: UUID) -> str:
    """Judges a case that waits for it; its verdict, or '' when there was nothing to do. Twice is
    harmless."""
    now = timezone.now()
    mine = RehearsalCase.objects.filter(unclaimed(now), pk=case_id)
    if not mine.update(claimed_at=now, tries=F("tries") + 1):
        return ""
    rows = RehearsalCase.objects.select_related("rehearsal__template", "golden", "job__task")
    rows = rows.prefetch_related(
        Prefetch("golden__files", GoldenFile.objects.select_related("file")),
        Prefetch("job__task__outputs", TaskOutput.objects.select_related("file")),
    )
    case = rows.filter(pk=case_id, status=RehearsalCase.Status.JUDGING).first()
    if case is None:
        return ""
    judgement = _judgement(case)
    with transaction.atomic():
        if not put_down(case, judgement, RehearsalCase.Status.JUDGING):
            return ""
        feed_on_commit(case.rehearsal_id)
    return judgement.verdict


def _judgement(case: RehearsalCase) -> Judgement:
    assert case.job is not None  # a case with a verdict to come has its job
    if case.job.task.status != "succeeded":
        return failed(_why_failed(case.job.task))
    result = result_of_job(case.job)
    if not result:
        return failed("The job succeeded without a result.")
    if case.tries > MOST_TRIES:
        return not_comparable(f"Measuring it ended {MOST_TRIES} times without an answer.")
    counts = measure_of(case.rehearsal.template).counts
    accepted = result_of_case(case.golden)
    return judge(
        case.golden.expected,
        result,
        measure(accepted, result),
        tolerance=case.tolerance,
        counts=counts,
    )


def _why_failed(task: Task) -> str:
    said = task.error_message or task.reason_text or task.reason.replace("_", " ")
    return (
        f"The job {task.status}: {said}"
        if task.status == "failed"
        else f"The job was {task.status}."
    )
