import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.automation.api.jobs import job_out
from rivya_bridge.automation.management.waiting import FAILED, wait_until
from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.selectors import chosen_version, get_job, get_template
from rivya_bridge.automation.services import preflight_job, start_job
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import counted


class Command(BaseCommand):
    help = (
        "Starts one job of a template. Exits with 1 when it was refused, and nothing was spent; with "
        "--wait, with 2 when it did not succeed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the template")
        parser.add_argument(
            "--input",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a variable, param or file id; once for each",
        )
        parser.add_argument("--key", default=None, help="the same key starts the same job, once")
        parser.add_argument("--label", default="", help="the version it names, not the current one")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would cost")
        parser.add_argument("--wait", action="store_true", help="until the job has ended")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            self._run(get_template(slug), _inputs(options["input"]), options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal

    def _run(self, template: JobTemplate, inputs: dict[str, str], options: dict[str, Any]) -> None:
        label = options["label"]
        if options["dry_run"]:
            plan = preflight_job(chosen_version(template, label), inputs)
            if plan.problems:
                raise Refusal.of(plan.problems)
            text = f"Nothing stands in the way: about {counted(plan.estimated_credits)}."
            found = {"estimated_credits": plan.estimated_credits, "request": plan.body}
            self._say(text, found, options)
            return
        key = f"command:{options['key']}" if options["key"] else None
        job, _ = start_job(template, inputs, source=Job.Source.COMMAND, intent_key=key, label=label)
        if options["wait"]:
            wait_until(lambda: get_job(job.pk).task.is_terminal)
        job = get_job(job.pk)
        text = f"{job.pk} {job.status}"
        if job.task.is_terminal:
            text = f"{text}: {job.task.spent_text}"
            if job.task.answer_text:
                text = f"{text}\n{job.task.answer_text}"
        self._say(text, job_out(job), options)
        if options["wait"] and job.status != "succeeded":
            sys.exit(FAILED)

    def _say(self, text: str, found: dict[str, Any], options: dict[str, Any]) -> None:
        shown = json.dumps(found, default=str, ensure_ascii=False) if options["as_json"] else text
        self.stdout.write(shown)


def _inputs(pairs: list[str]) -> dict[str, str]:
    given = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise Refusal.field("input", f"--input {pair[:60]!r}: write NAME=VALUE.")
        given[name] = value
    return given
