"""When a cron expression means, in a time zone, across the changes of summer time.

An hour that a zone skips moves what was meant in it behind the gap; an hour that comes twice counts
once, unless the expression means every hour (as Debian's cron does it).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from rivya_bridge.refusals import Problem

CRON_LENGTH = 120
FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12"),
    ("weekday", "0 to 7, where 0 and 7 are Sunday"),
)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The IANA names to choose from, UTC first."""
    names = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return ("UTC", *sorted(names))


def check_cron(problems: list[Problem], expression: object) -> str:
    """The expression with single spaces; '' and a problem for what is none."""
    parts = expression.split() if isinstance(expression, str) else []
    text = " ".join(parts)
    fault = _fault(parts, text)
    if not fault:
        return text
    message = (
        f"cron is {str(expression)[:60]!r}: {fault}. Write minute, hour, day of the month, month and "
        "weekday, such as 30 9 * * 1-5."
    )
    problems.append(Problem("cron", message, CRON_LENGTH))
    return ""


def _fault(parts: Sequence[str], text: str) -> str:
    """Why this is no expression; '' for one that is."""
    if len(text) > CRON_LENGTH:
        return f"it has more than {CRON_LENGTH} characters"
    if len(parts) != len(FIELDS):
        return "it needs five fields"
    if faults := _field_faults(parts):
        return faults
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        return "it names no day that exists"
    return ""


def _field_faults(parts: Sequence[str]) -> str:
    """What is wrong with single fields, each tried among stars; '' where all can be read."""
    faults = []
    for position, (name, limits) in enumerate(FIELDS):
        alone = ["*"] * len(FIELDS)
        alone[position] = parts[position]
        try:
            CronSim(" ".join(alone), datetime(2024, 1, 1, tzinfo=UTC))
        except CronSimError:
            faults.append(f"{name} {parts[position]!r} must be {limits}")
    return "; ".join(faults)


def check_zone(problems: list[Problem], name: object) -> str:
    """A zone's IANA name; 'UTC' and a problem for what is none."""
    if isinstance(name, str) and (name == "UTC" or name in available_timezones()):
        return name
    message = f"zone is {str(name)[:60]!r}: give an IANA name such as Europe/Berlin, or UTC."
    problems.append(Problem("zone", message))
    return "UTC"


def describe_cron(expression: str) -> str:
    """The expression in plain words, such as “At 09:30 on Monday”."""
    return CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)).explain()


def times_after(expression: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Every moment that the expression means behind `after`, in UTC, rising, none twice.

    Cron's own order may stand still or step back where a clock is set back; what was there already
    is passed over.
    """
    last = after
    try:
        for moment in CronSim(expression, after.astimezone(ZoneInfo(zone))):
            found = moment.astimezone(UTC)
            if found > last:
                last = found
                yield found
    except StopIteration:
        return


def starting_at(cron: str, zone: str, now: datetime) -> dict[str, datetime | None]:
    """The columns of a timetable that is on from `now`: times before it mean nothing."""
    return {"enabled_at": now, "decided_until": now, "next_at": first_after(cron, zone, now)}


def first_after(expression: str, zone: str, after: datetime) -> datetime | None:
    """The next moment behind `after`; None when there is none within fifty years."""
    return next(times_after(expression, zone, after), None)
