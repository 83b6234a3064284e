"""A template promoted from accepted runs with real pictures, and rehearsals carried on by hand."""

import io
from typing import Any

from PIL import Image, ImageDraw

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rehearsal.models import GoldenCase, Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.services import golden_from_run, judge_waiting, start_rehearsal
from tests.experiments.factories import add_models, finish, make_experiment, record

PROMPT = "A {{ thing }} on slate"


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48), mark: int = 0) -> StoredFile:
    """A stored picture; the same arguments give the same file."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((mark, 8, mark + 14, 30), fill="white")
    out = io.BytesIO()
    image.save(out, "PNG")
    return store_upload(io.BytesIO(out.getvalue()), f"{colour}.png")


def accepted(experiment: Experiment, thing: str, *files: StoredFile, **changes: Any) -> Run:
    given = {"verdict": "accepted", "prompt": f"A {thing} on slate", "results": files}
    return record(experiment, **{**given, "result_text": "", **changes})


def make_golden(*things: str, name: str = "Slate") -> JobTemplate:
    """A template with one golden case for each thing, all with the same accepted picture."""
    add_models("z-image", "flux-2-pro", "gpt-5-2-chat")
    experiment = make_experiment()
    runs = [accepted(experiment, thing, picture()) for thing in things or ("bottle",)]
    version = promote_run(runs[0], name=name, slug=name.lower(), prompt=PROMPT)
    for run in runs:
        golden_from_run(version.template, Run.objects.get(pk=run.pk))
    return JobTemplate.objects.select_related("current_version").get(pk=version.template_id)


def begin(template: JobTemplate, **options: Any) -> Rehearsal:
    """A rehearsal of the current version whose first jobs have started."""
    assert template.current_version is not None
    made, _ = start_rehearsal(template, template.current_version, **options)
    feed_all()
    return made


def feed_all() -> None:
    from rivya_bridge.rehearsal.services import feed_rehearsals

    feed_rehearsals()


def end_jobs(*files: StoredFile, status: str = "succeeded", credits: int = 1) -> int:
    """Ends every open job of rehearsals with these results; returns how many."""
    rows = RehearsalCase.objects.filter(status="started").select_related("job__task")
    cases = list(rows)
    for case in cases:
        assert case.job is not None
        finish(case.job.task, *files, status=status, credits=credits)
    return len(cases)


def to_the_end(rehearsal: Rehearsal, *files: StoredFile, status: str = "succeeded") -> Rehearsal:
    """Every job ends so, every case is judged."""
    for _ in range(20):
        feed_all()
        ended = end_jobs(*files, status=status)
        judged = judge_waiting()
        if not ended and not judged:
            break
    feed_all()
    rehearsal.refresh_from_db()
    return rehearsal


def verdicts(rehearsal: Rehearsal) -> list[str]:
    return list(rehearsal.cases.order_by("ordinal").values_list("verdict", flat=True))


def only_case(template: JobTemplate) -> GoldenCase:
    return GoldenCase.objects.get(template=template, ended_at=None)
