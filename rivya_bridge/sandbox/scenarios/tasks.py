"""Scenarios of generations and their callbacks: decided when one is accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .fates import Fate
from .kinds import FateEffect, Parameter, Scenario, Values
from .places import CREATE


def _delivery(fate: Fate, **changes: Any) -> Fate:
    return replace(fate, delivery=replace(fate.delivery, **changes))


def _seconds(default: float, sentence: str) -> Parameter:
    return Parameter("seconds", default, sentence + ", in the sandbox's own time", most=1e9)


def slow(fate: Fate, values: Values) -> Fate:
    work = float(values["work_seconds"])
    return replace(
        fate, queue_seconds=float(values["seconds"]), work_seconds=None if work < 0 else work
    )


def failing(fate: Fate, values: Values) -> Fate:
    return replace(fate, fails_with=str(values["code"]))


def unpaid(fate: Fate, values: Values) -> Fate:
    return replace(
        fate, unpaid=str(values["when"]), failure="The wallet is too low. Nothing was spent."
    )


def early(fate: Fate, values: Values) -> Fate:
    return replace(fate, is_early=True)


def duplicated(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, copies=int(values["copies"]))


def reordered(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, order="after_next", delay_seconds=float(values["seconds"]))


def late(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, delay_seconds=float(values["seconds"]))


def never(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, drop=True)


def bad_signature(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, signature="bad")


def old_timestamp(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, signature="old")


def wrapped(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, wrapper=str(values["member"]))


def signed_otherwise(fate: Fate, values: Values) -> Fate:
    return _delivery(fate, scheme=str(values["scheme"]))


def _fated(name: str, sentence: str, effect: FateEffect, *parameters: Parameter) -> Scenario:
    return Scenario(name, sentence, (CREATE,), parameters, fate=effect)


TASKS = (
    _fated(
        "queue_time",
        "The task waits long in the queue, and may work long.",
        slow,
        _seconds(60.0, "how long it waits"),
        Parameter("work_seconds", -1.0, "how long it works; -1 is as usual", least=-1, most=1e9),
    ),
    _fated(
        "task_failed",
        "The task fails; with probability=0.3 that is the failure rate.",
        failing,
        Parameter("code", "generation_failed", "the code of the task's error"),
    ),
    _fated(
        "unknown_failure",
        "The task fails with a code that no documentation names.",
        failing,
        Parameter("code", "moon_in_the_way", "the code of the task's error"),
    ),
    _fated(
        "credits_out_task",
        "Too low a wallet makes a failed task instead of 402 (both are assumed).",
        unpaid,
        Parameter("when", "always", "always, or only if the wallet is short", ("always", "short")),
    ),
)
WEBHOOKS = (
    _fated(
        "webhook_duplicated",
        "The callback comes several times: one event id, many delivery ids.",
        duplicated,
        Parameter("copies", 3, "how many callbacks", least=2, most=100),
    ),
    _fated(
        "webhook_reordered",
        "The callback waits until a later one was sent.",
        reordered,
        _seconds(0.0, "the longest wait; 0 is the usual one"),
    ),
    _fated("webhook_late", "The callback comes late.", late, _seconds(120.0, "how late")),
    _fated("webhook_never", "No callback at all; the event is stored.", never),
    _fated("webhook_bad_signature", "The signature is by a foreign secret.", bad_signature),
    _fated("webhook_old_timestamp", "The signature is right and an hour old.", old_timestamp),
    _fated("webhook_early", "The callback comes before the answer to the POST.", early),
    _fated(
        "webhook_wrapped",
        "The generation stands in a member of the event's data (where it stands is assumed).",
        wrapped,
        Parameter("member", "object", "the member's name", ("object", "generation")),
    ),
    _fated(
        "webhook_scheme",
        "Another signature scheme (the whole scheme is assumed).",
        signed_otherwise,
        Parameter(
            "scheme",
            "two_signatures",
            "two_signatures as after a rotation, base64 instead of hex, or Standard Webhooks",
            ("two_signatures", "base64", "standard"),
        ),
    ),
)
