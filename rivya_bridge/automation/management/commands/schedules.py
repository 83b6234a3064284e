import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rivya_bridge.automation.models import Schedule
from rivya_bridge.automation.selectors import schedule_rows
from rivya_bridge.automation.timing import describe_cron
from rivya_bridge.web.templatetags.bridge import exact


class Command(BaseCommand):
    help = "Lists all schedules, one a line: template, name, state, next time, times in words."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON lines")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        for schedule in schedule_rows().order_by("template__slug", "name"):
            found = _described(schedule)
            line = json.dumps(found, default=str, ensure_ascii=False)
            self.stdout.write(line if as_json else "\t".join(map(str, found.values())))


def _described(schedule: Schedule) -> dict[str, Any]:
    return {
        "template": schedule.template.slug,
        "name": schedule.name,
        "state": "on" if schedule.is_enabled else "off",
        "next": exact(schedule.next_at) if schedule.is_enabled else "—",
        "times": f"{describe_cron(schedule.cron)}, {schedule.zone}",
        "note": schedule.note,
    }
