import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rivya_bridge.automation.api.batches import batch_out
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.management.waiting import FAILED, wait_until
from rivya_bridge.automation.models import Batch, Job, JobTemplate
from rivya_bridge.automation.selectors import chosen_version, get_batch, get_template, progress_of
from rivya_bridge.automation.services import (
    BatchOptions,
    add_batch,
    check_batch,
    discard_batch,
    start_batch,
)
from rivya_bridge.automation.services.batch_intake import USUAL_AT_ONCE
from rivya_bridge.automation.tables import format_of, read_table
from rivya_bridge.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Starts one job for each row of a CSV or JSON Lines file. Exits with 1 when it was refused, "
        "and nothing was spent; with --wait, with 2 when not every row succeeded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the template")
        parser.add_argument("file", metavar="FILE", type=Path, help="*.csv or *.jsonl")
        parser.add_argument("--concurrency", type=int, default=USUAL_AT_ONCE, metavar="N")
        parser.add_argument("--cap", type=int, default=None, metavar="CREDITS")
        parser.add_argument("--label", default="", help="the version it names, not the current one")
        parser.add_argument("--leave-out-invalid", action="store_true", dest="leave_out")
        parser.add_argument("--dry-run", action="store_true", help="only check the rows")
        parser.add_argument("--wait", action="store_true", help="until the batch has ended")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, slug: str, file: Path, **options: Any) -> None:
        chosen = BatchOptions(
            file.name[:200], options["concurrency"], options["cap"], options["label"]
        )
        try:
            template = get_template(slug)
            if options["dry_run"]:
                self._check(template, file, chosen, options)
            else:
                self._run(template, file, chosen, options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error

    def _check(
        self, template: JobTemplate, file: Path, chosen: BatchOptions, options: dict[str, Any]
    ) -> None:
        with file.open("rb") as stream:
            rows, _ = read_table(stream, format_of(file.name), _specs(template, chosen))
            found = check_batch(template, rows, chosen, leave_out=options["leave_out"])
        for row, problem in found.problems:
            self.stderr.write(f"row {row.ordinal}, {problem['field']}: {problem['message']}")
        for notice in found.notices:
            self.stderr.write(notice)
        if found.blockers:
            raise Refusal.of(found.blockers)
        ready = found.row_count - found.invalid_count
        text = f"{ready} jobs can start: about {found.estimated_credits} credits."
        shown = {"row_count": found.row_count, "invalid_count": found.invalid_count}
        self._say(text, shown | {"estimated_credits": found.estimated_credits}, options)

    def _run(
        self, template: JobTemplate, file: Path, chosen: BatchOptions, options: dict[str, Any]
    ) -> None:
        with file.open("rb") as stream:
            rows, absent = read_table(stream, format_of(file.name), _specs(template, chosen))
            batch = add_batch(template, rows, chosen, source=Job.Source.COMMAND, absent=absent)
        try:
            start_batch(batch, leave_out=options["leave_out"])
        except Refusal:
            for row in batch.rows.filter(status="invalid").order_by("ordinal")[:50]:
                for problem in row.problems:
                    self.stderr.write(
                        f"row {row.ordinal}, {problem['field']}: {problem['message']}"
                    )
            discard_batch(batch)
            raise
        if options["wait"]:
            wait_until(lambda: _is_over(batch))
        batch = get_batch(batch.pk)
        counts = progress_of(batch).counts
        text = f"{batch.pk} {batch.status}: {batch.spent_credits} credits charged"
        self._say(f"{text}, {counts['succeeded']} succeeded", batch_out(batch), options)
        if options["wait"] and counts["succeeded"] < batch.valid_count:
            sys.exit(FAILED)

    def _say(self, text: str, found: dict[str, Any], options: dict[str, Any]) -> None:
        shown = json.dumps(found, default=str, ensure_ascii=False) if options["as_json"] else text
        self.stdout.write(shown)


def _specs(template: JobTemplate, chosen: BatchOptions) -> Any:
    return input_specs(chosen_version(template, chosen.label))


def _is_over(batch: Batch) -> bool:
    row = get_batch(batch.pk)
    return row.status == "paused" or (row.is_over and not progress_of(row).counts["started"])
