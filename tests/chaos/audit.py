"""Compares the three histories of a storm: pure, so that each finding has a test of its own."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.faults import RETRY_AFTER_SECONDS
from tests.chaos.histories import Histories, Row

TERMINAL = frozenset({"succeeded", "failed", "canceled"})
ALREADY_ON_ITS_WAY_SECONDS = 2.5
"""A request that passed the gate before a rate limit was written may still arrive so long after it."""
MOST_AMPLIFICATION = 1.2
LEAST_TOLD = 0.9
"""The share of generations of which an event must have come: else webhooks were off in this storm."""


def audit(facts: Histories) -> dict[str, list[str]]:
    """Every finding under its heading; empty lists when all is well."""
    checks = {
        "lost": _lost,
        "duplicate": _duplicate,
        "stuck": _stuck,
        "credits": _credits,
        "unexplained rows": _without_reason,
        "timelines": _timelines,
        "files": _files,
        "too early or too often": _too_eager,
        "webhooks": _webhooks,
        "database": lambda one: [one.integrity] if one.integrity != "ok" else [],
        "secrets": lambda one: [f"the API key is in {name}" for name in one.secrets_found_in],
    }
    return {name: list(check(facts)) for name, check in checks.items()}


def _lost(facts: Histories) -> Iterator[str]:
    """Every wish has one job, every job its task, and what we call failed the vendor did fail."""
    by_job = {row.job: row for row in facts.rows}
    for intent in facts.intents:
        if not intent.jobs:
            yield f"intent {intent.number} was never answered with a job"
        for job in intent.jobs:
            if job not in by_job:
                yield f"intent {intent.number}: job {job} has no task"
    status = {one.id: one.status for one in facts.made}
    for row in facts.rows:
        if row.status == "succeeded" and status.get(row.remote_id) != "succeeded":
            yield f"task {row.id} succeeded here and not at the vendor"
        if row.status in ("failed", "canceled") and status.get(row.remote_id) != "failed":
            yield f"task {row.id} is {row.status} here ({row.reason}) and not at the vendor"


def _duplicate(facts: Histories) -> Iterator[str]:
    """One job a wish, one generation a key, one generation a wish, and none without a wish."""
    for intent in facts.intents:
        if len(intent.jobs) > 1:
            yield f"intent {intent.number} was answered with {len(intent.jobs)} jobs"
    for subject, count in Counter(row.subject for row in facts.rows).items():
        if count > 1:
            yield f"{count} tasks for {subject!r}"
    for what, counted in (
        ("key", Counter(one.key for one in facts.made)),
        ("prompt", Counter(one.prompt for one in facts.made)),
    ):
        for name, count in counted.items():
            if count > 1:
                yield f"{count} generations for the {what} {name!r}"
    known = {row.key for row in facts.rows}
    for one in facts.made:
        if one.key not in known:
            yield f"generation {one.id} has the key {one.key!r}, which no task has"
    if facts.jobs > len(facts.intents):
        yield f"{facts.jobs} jobs for {len(facts.intents)} intents"


def _stuck(facts: Histories) -> Iterator[str]:
    for row in facts.rows:
        if row.status not in TERMINAL:
            yield f"task {row.id} is still {row.status} {row.reason}".rstrip()


def _credits(facts: Histories) -> Iterator[str]:
    """Equal per generation, in sum, in the wallet, and nothing set aside or unexplained at the end."""
    final = {one.id: one.final for one in facts.made}
    for row in facts.rows:
        if row.remote_id and row.status in TERMINAL and row.settled != (final.get(row.remote_id),):
            yield f"task {row.id} settled {row.settled}, the vendor {final.get(row.remote_id)}"
    ours, theirs = sum(sum(row.settled) for row in facts.rows), sum(final.values())
    if ours != theirs:
        yield f"our books say {ours}, the vendor's {theirs}"
    if facts.our_balance != facts.vendor_balance:
        yield f"our balance is {facts.our_balance}, the vendor's {facts.vendor_balance}"
    if facts.our_reserved:
        yield f"{facts.our_reserved} credits are still set aside"
    if facts.unexplained:
        yield f"{facts.unexplained} credits are unexplained"


def _without_reason(facts: Histories) -> Iterator[str]:
    for row in facts.rows:
        is_stopped = row.status in ("held", "failed", "canceled")
        if is_stopped and not (row.reason and row.reason_text):
            yield f"task {row.id} is {row.status} and does not say why"


def _timelines(facts: Histories) -> Iterator[str]:
    for row in facts.rows:
        numbers = [seq for seq, _ in row.events]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"task {row.id} has events numbered {numbers}"
        ends = [kind for _, kind in row.events if kind in TERMINAL]
        if row.status in TERMINAL and ends != [row.status]:
            yield f"task {row.id} is {row.status} and its timeline says {ends}"


def _files(facts: Histories) -> Iterator[str]:
    for row in facts.rows:
        if row.status == "succeeded" and (not row.files or "" in row.files):
            yield f"task {row.id} succeeded and has {row.files}"
    yield from (f"{name} is not what its name says" for name in facts.broken_files)
    yield from (f"{name} lies in the vault without a row" for name in facts.files_without_row)


def _webhooks(facts: Histories) -> Iterator[str]:
    """Every event that was acknowledged is there, once; they came, and were found their tasks."""
    if len(set(facts.acknowledged)) < LEAST_TOLD * len(facts.made):
        yield f"{len(facts.acknowledged)} events were told of {len(facts.made)} generations"
    yield from (f"event {name} has found no task" for name in facts.unmatched)
    for name, count in Counter(facts.kept).items():
        if count > 1:
            yield f"event {name} is there {count} times"
    for name in set(facts.acknowledged) - set(facts.kept):
        yield f"event {name} was acknowledged and is not there"


def _too_eager(facts: Histories) -> Iterator[str]:
    """No request before a rate limit is over, and few more sendings than faults and kills explain.

    A process that is killed between hearing of a rate limit and writing it down takes it along, so that
    limits just before a kill prove nothing.
    """
    ours = sorted((one for one in facts.requests if _is_ours(one.path)), key=lambda one: one.at)
    for limit in (one for one in ours if one.fault == "rate_limited"):
        begin = limit.ended_at + ALREADY_ON_ITS_WAY_SECONDS
        if any(limit.at <= killed <= begin for killed in facts.killed_at):
            continue
        early = [one for one in ours if begin < one.at < limit.ended_at + RETRY_AFTER_SECONDS]
        if early:
            yield f"{len(early)} requests came before the time that a rate limit had named"
    sent = [one for one in ours if one.method == "POST"]
    explained = _explained_sendings(facts.rows, sum(bool(one.fault) for one in sent))
    if len(sent) > MOST_AMPLIFICATION * explained:
        yield f"{len(sent)} sendings, where faults and kills explain {explained}"


def _is_ours(path: str) -> bool:
    return path.startswith("/api/v1/generations")


def _explained_sendings(rows: tuple[Row, ...], faulty: int) -> int:
    return len(rows) + faulty + sum(row.lost_steps for row in rows)


def summary(facts: Histories) -> dict[str, str]:
    """The figures of a storm, for people."""
    statuses = Counter(row.status for row in facts.rows)
    faults: dict[str, int] = defaultdict(int)
    for one in facts.requests:
        faults[one.fault or "none"] += 1
    faulty = len(facts.requests) - faults["none"]
    return {
        "asked": f"{len(facts.intents)} intents, {facts.jobs} jobs",
        "ended": ", ".join(f"{count} {name}" for name, count in sorted(statuses.items())),
        "made": f"{len(facts.made)} generations, {sum(one.final for one in facts.made)} credits",
        "vendor": f"{len(facts.requests)} requests, {faulty} of them spoiled",
        "told": f"{len(facts.acknowledged)} events acknowledged, {len(facts.kept)} kept, "
        f"{facts.hurried} readings hurried",
        "interrupted": f"{sum(row.lost_steps for row in facts.rows)} steps in hand when killed",
    }
