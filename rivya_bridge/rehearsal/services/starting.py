"""Starting a rehearsal: first what it would run and cost, then the rows, once for a key."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from rivya_bridge.automation.checking import VersionCheck
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.services.batch_check import money_problems
from rivya_bridge.automation.services.day_caps import room_problems
from rivya_bridge.files.selectors import known_files
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.rehearsal.models import GoldenCase, Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.selectors.golden import golden_cases, measure_of
from rivya_bridge.rehearsal.selectors.rehearsals import known_charges
from rivya_bridge.rehearsal.services.feeding import feed_on_commit
from rivya_bridge.tasks.preflight import day_cap_problems


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One golden case: what it is expected to cost, or why this version cannot run it."""

    golden: GoldenCase
    tolerance: float
    estimated_credits: int
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """What a rehearsal would run. With `problems` none can start."""

    version: TemplateVersion
    cases: list[PlannedCase]
    estimated_credits: int
    problems: list[Problem]

    @property
    def runnable(self) -> int:
        return sum(not case.unfit for case in self.cases)


def plan_rehearsal(
    template: JobTemplate, version: TemplateVersion, *, credit_cap: int | None = None
) -> RehearsalPlan:
    """A dry run: spends nothing, creates nothing (eight queries however many cases, and three under a
    cap of the template for the day)."""
    cases = list(golden_cases(template))
    problems: list[Problem] = []
    if not cases:
        text = f"{template.slug} has no golden cases: choose accepted results on the page Golden cases."
        problems.append(Problem("golden_cases", text))
    if version.template_id != template.pk:
        raise Refusal.field("version", f"version must be one of {template.slug}.")
    planned = _planned(template, version, cases, problems)
    estimate = sum(case.estimated_credits for case in planned)
    if planned and all(case.unfit for case in planned):
        problems.append(Problem("golden_cases", f"No golden case can be run: {planned[0].unfit}"))
    if not problems:
        problems += [*money_problems(estimate, credit_cap), *day_cap_problems(estimate)]
        problems += room_problems(template, estimate)
    return RehearsalPlan(version, planned, estimate, problems)


def _planned(
    template: JobTemplate,
    version: TemplateVersion,
    cases: list[GoldenCase],
    problems: list[Problem],
) -> list[PlannedCase]:
    """The estimate of the model list, or what the case cost the last time if that was more."""
    try:
        check = VersionCheck(version)
    except Refusal as refusal:
        problems += refusal.problems or [Problem("model", refusal.message)]
        return []
    measure = measure_of(template)
    files = known_files(case.inputs.get(name) for case in cases for name in check.file_names)
    charges = known_charges((case.pk for case in cases), version)
    planned = []
    for case in cases:
        job = check.check(case.inputs, files)
        unfit = " ".join(problem.message for problem in job.problems)
        credits = 0 if unfit else max(job.estimated_credits, charges.get(case.pk, 0))
        planned.append(PlannedCase(case, measure.tolerance_of(case), credits, unfit))
    return planned


def start_rehearsal(
    template: JobTemplate,
    version: TemplateVersion,
    *,
    kind: str = Rehearsal.Kind.DRESS,
    intent_key: str | None = None,
    credit_cap: int | None = None,
    author: str = "",
) -> tuple[Rehearsal, bool]:
    """A rehearsal of the version by all golden cases, and whether it was begun now; one key, one
    rehearsal. Its jobs start behind the commit.

    Raises Refusal with everything that forbids it, and then nothing was started or spent; Conflict
    while one of this version is running, and when the key belongs to one of another version.
    """
    if earlier := _earlier(intent_key):
        return _same(earlier, version), False
    plan = plan_rehearsal(template, version, credit_cap=credit_cap)
    if plan.problems:
        raise Refusal.of(plan.problems)
    try:
        return _store(template, plan, kind, intent_key, credit_cap, author), True
    except IntegrityError as error:
        if earlier := _earlier(intent_key):
            return _same(earlier, version), False
        if running := running_rehearsal(version):
            raise _is_running(running) from error
        raise


def running_rehearsal(version: TemplateVersion) -> Rehearsal | None:
    return Rehearsal.objects.filter(version=version, status="running").first()


def _earlier(intent_key: str | None) -> Rehearsal | None:
    rows = Rehearsal.objects.select_related("template", "version")
    return rows.filter(intent_key=intent_key).first() if intent_key else None


def _same(earlier: Rehearsal, version: TemplateVersion) -> Rehearsal:
    if earlier.version_id == version.pk:
        return earlier
    text = (
        f"This key began a rehearsal of version {earlier.version.number} of {earlier.template.slug} "
        "before: use a new key. Nothing was started."
    )
    raise Conflict(text, (Problem("version", text),))


def _is_running(running: Rehearsal) -> Conflict:
    text = (
        f"A rehearsal of version {running.version.number} is running: wait for its end. Nothing "
        "was started."
    )
    return Conflict(text, (Problem("version", text, see=("See it", f"/rehearsals/{running.pk}/")),))


@transaction.atomic
def _store(
    template: JobTemplate,
    plan: RehearsalPlan,
    kind: str,
    intent_key: str | None,
    credit_cap: int | None,
    author: str,
) -> Rehearsal:
    rehearsal = Rehearsal.objects.create(
        template=template,
        version=plan.version,
        kind=kind,
        intent_key=intent_key,
        estimated_credits=plan.estimated_credits,
        credit_cap=credit_cap,
        author=author,
    )
    RehearsalCase.objects.bulk_create(
        RehearsalCase(
            rehearsal=rehearsal,
            golden=case.golden,
            ordinal=ordinal,
            tolerance=case.tolerance,
            estimated_credits=case.estimated_credits,
        )
        for ordinal, case in enumerate(plan.cases, start=1)
    )
    feed_on_commit(rehearsal.pk)
    return rehearsal
