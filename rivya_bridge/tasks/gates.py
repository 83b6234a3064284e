"""Gates hold back every task of an account at once: an unreachable vendor, a rate limit.

A closed vendor gate lets one task through when its time is over; only that one's success opens it for
all, so that a server that is down gets a trickle of requests and not a flood.
"""

import random
from datetime import datetime, timedelta

from django.db.models import F

from rivya_bridge.tasks.models import Gate

PROBE_GAP = timedelta(seconds=15)


def vendor_gate(account: str) -> str:
    return f"vendor:{account}"


def bucket_gate(account: str) -> str:
    return f"bucket:{account}"


def pass_gates(account: str, now: datetime) -> datetime | None:
    """None when a request may go now; otherwise the time to come back."""
    names = (vendor_gate(account), bucket_gate(account))
    gates = {gate.name: gate for gate in Gate.objects.filter(name__in=names)}
    bucket = gates.get(names[1])
    if bucket and bucket.closed_until > now:
        return bucket.closed_until
    vendor = gates.get(names[0])
    if vendor is None:
        return None
    if vendor.closed_until > now:
        return vendor.closed_until + timedelta(seconds=random.uniform(0, 1))  # noqa: S311 - jitter
    probing = Gate.objects.filter(pk=vendor.pk, closed_until=vendor.closed_until)
    if probing.update(closed_until=now + PROBE_GAP):
        return None
    return now + PROBE_GAP


def close_gate(name: str, until: datetime, reason: str, text: str) -> None:
    """Closes, or keeps closed for the longer of both times."""
    gate, made = Gate.objects.get_or_create(
        name=name,
        defaults={"closed_until": until, "reason": reason, "text": text[:500], "failures": 1},
    )
    if not made:
        Gate.objects.filter(pk=gate.pk).update(
            closed_until=max(until, gate.closed_until) if reason == "rate_limited" else until,
            reason=reason,
            text=text[:500],
            failures=F("failures") + 1,
        )


def failures_behind(name: str) -> int:
    """How often the gate was closed in a row; 0 for an open one."""
    return Gate.objects.filter(name=name).values_list("failures", flat=True).first() or 0


def open_gate(name: str) -> None:
    Gate.objects.filter(name=name).delete()
