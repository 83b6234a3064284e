"""The most that one template may spend in a day (UTC), whatever starts its jobs.

It is checked in the transaction that reserves a task's credits, under the template's row, so that any number
of jobs at once stay within it. What is beyond it is held before anything is sent, and goes on by itself.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from rivya_bridge.automation.checking import TEMPLATE_DAY_CAP, job_above_cap
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import HIGHEST_CAP, set_aside_today
from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.tasks.models import Task, are, counted
from rivya_bridge.tasks.preflight import day_cap_problems
from rivya_bridge.tasks.services.release import may_go_here, release_within


@dataclass(frozen=True, slots=True)
class DayBudget:
    """What a template may spend today (None: as much as it likes), and what counts towards it already."""

    cap: int | None
    spent: int

    @property
    def room(self) -> int | None:
        return None if self.cap is None else max(0, self.cap - self.spent)


def day_budget(template: JobTemplate) -> DayBudget:
    """From the ledger and from what is being sent, of every account (three queries)."""
    being_sent = Task.objects.filter(job__template=template, holds_reservation=True)
    aside = being_sent.aggregate(sum=Sum("estimated_credits"))["sum"] or 0
    entries = LedgerEntry.objects.filter(task__job__template=template)
    return DayBudget(template.day_cap, set_aside_today(entries) + aside)


def set_day_cap(template: JobTemplate, cap: int | None) -> None:
    """None lifts it; what is held for it goes on within seconds if there is room. Raises Refusal."""
    if cap is not None and not 1 <= cap <= HIGHEST_CAP:
        text = f"Give a whole number from 1 to {HIGHEST_CAP:,}, or leave it empty for no cap."
        raise Refusal.field("day_cap", text, HIGHEST_CAP)
    JobTemplate.objects.filter(pk=template.pk).update(day_cap=cap)
    template.refresh_from_db()


# --- Before anything is made ----------------------------------------------------------------------


def template_day_problems(template: JobTemplate, estimate: int) -> list[Problem]:
    """What the template's cap says to one job more."""
    return job_above_cap(template.day_cap, estimate) or room_problems(template, estimate)


def room_problems(template: JobTemplate, estimate: int) -> list[Problem]:
    """What is left of the template's day is too little for so many credits (no query without a cap)."""
    if template.day_cap is None:
        return []
    budget = day_budget(template)
    if budget.room is None or estimate <= budget.room:
        return []
    text = (
        f"About {counted(estimate)} {are(estimate)} expected and {budget.room:,} {are(budget.room)} left of "
        f"the {budget.cap:,} that this template may spend today: raise the template's day cap, "
        "or wait until tomorrow (UTC)."
    )
    return [Problem(TEMPLATE_DAY_CAP, text, budget.cap)]


def day_notices(template: JobTemplate, estimate: int) -> list[str]:
    """What of a batch has to wait for another day, under the template's cap and the workspace's."""
    problems = [*room_problems(template, estimate), *day_cap_problems(estimate)]
    return [
        f"{problem.message} It may start all the same: rows beyond it are held before they are sent, and "
        "go on by themselves when there is room."
        for problem in problems
    ]


# --- While it runs --------------------------------------------------------------------------------


def over_day_cap(task: Task) -> tuple[str, str] | None:
    """Reason and sentence when the task's template may not spend that much more today.

    Called inside the transaction that reserves the task's credits; locks the template's row until its
    end, and reads what others have reserved behind that lock.
    """
    if task.origin != Task.Origin.JOB:
        return None
    rows = JobTemplate.objects.select_for_update(of=("self",), no_key=True)
    template = rows.filter(jobs=task.origin_id, day_cap__isnull=False).first()
    if template is None:
        return None
    budget = day_budget(template)
    if budget.room is None or task.estimated_credits <= budget.room:
        return None
    return TEMPLATE_DAY_CAP, _held_text(template, task, budget)


def _held_text(template: JobTemplate, task: Task, budget: DayBudget) -> str:
    cap = budget.cap or 0
    text = (
        f"With about {counted(task.estimated_credits)} more, {template.name} would pass its cap of "
        f"{cap:,} for one day; {budget.spent:,} {are(budget.spent)} spent or set aside. Nothing was sent."
    )
    if task.estimated_credits > cap:
        text += f" No day carries it before the cap is {task.estimated_credits:,} or more."
    return text


def release_within_day_caps() -> int:
    """Lets go on what its template can carry now; returns how many tasks. The sweep calls it."""
    mine = may_go_here(current_connection())
    held = Task.objects.filter(mine, status="held", reason=TEMPLATE_DAY_CAP)
    templates = JobTemplate.objects.filter(jobs__task__in=held).distinct()
    return sum(_release(template, held.filter(job__template=template)) for template in templates)


def _release(template: JobTemplate, held: QuerySet[Task]) -> int:
    room = day_budget(template).room
    fits = Q() if template.day_cap is None else Q(estimated_credits__lte=template.day_cap)
    return release_within(held.filter(fits), room, "Its template may spend that much again.")
