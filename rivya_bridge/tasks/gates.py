"""Gates hold back every task of an account at once: an unreachable vendor, a rate limit, a refused key.

A closed vendor gate lets one task through when its time is over; only that one's answer opens it for
all, so that a server that is down gets a trickle of requests and not a flood. The key gate has no
time: it stands until the key changes (another account then) or a person continues.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from rivya_bridge.rivya import RivyaError
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.models import Gate

PROBE_GAP = timedelta(seconds=15)
# No gate is closed for longer than this; a later time was written under a clock that has jumped.
FAR_AHEAD = timedelta(minutes=20)
_TRIES = 10


def vendor_gate(account: str) -> str:
    return f"vendor:{account}"


def bucket_gate(account: str) -> str:
    return f"bucket:{account}"


def key_gate(account: str) -> str:
    return f"key:{account}"


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gates say to a request: never while `is_refused`; at `wait_until`, or now without one.

    `was_free`: no gate of the vendor or of a rate limit stood there, so that its answer opens none.
    """

    is_refused: bool
    wait_until: datetime | None
    was_free: bool

    @property
    def may_go(self) -> bool:
        return not self.is_refused and self.wait_until is None


def pass_gates(account: str, now: datetime) -> Passage:
    """Passing a vendor gate whose time is over takes its one probe: the next may go after PROBE_GAP."""
    names = (vendor_gate(account), bucket_gate(account), key_gate(account))
    gates = {gate.name: gate for gate in Gate.objects.filter(name__in=names)}
    vendor, bucket, key = (gates.get(name) for name in names)
    if key:
        return Passage(True, None, was_free=False)
    return Passage(False, _wait_until(vendor, bucket, now), was_free=not gates)


def _wait_until(vendor: Gate | None, bucket: Gate | None, now: datetime) -> datetime | None:
    if bucket and _is_closed(bucket, now):
        return bucket.closed_until
    if vendor is None:
        return None
    if _is_closed(vendor, now):
        return vendor.closed_until + timedelta(seconds=random.uniform(0, 1))  # noqa: S311 - jitter
    probing = Gate.objects.filter(pk=vendor.pk, closed_until=vendor.closed_until)
    if probing.update(closed_until=now + PROBE_GAP):
        return None
    return now + PROBE_GAP


def limited_until(account: str, now: datetime) -> datetime | None:
    """When the rate limit in force is over; None without one. Takes no probe, so it may be asked twice."""
    gate = Gate.objects.filter(name=bucket_gate(account)).first()
    return gate.closed_until if gate and _is_closed(gate, now) else None


def _is_closed(gate: Gate, now: datetime) -> bool:
    return now < gate.closed_until <= now + FAR_AHEAD


def width(account: str, now: datetime, widest: int) -> int:
    """How many requests may start now: 0 behind a closed gate, 1 where a probe is due.

    Only looks: whoever sends passes the gates itself.
    """
    names = (vendor_gate(account), bucket_gate(account))
    gates = list(Gate.objects.filter(name__in=names))
    if any(_is_closed(gate, now) for gate in gates):
        return 0
    return 1 if any(gate.name == names[0] for gate in gates) else widest


def closed_gate(account: str) -> Gate | None:
    """The vendor's or the rate limit's gate that keeps requests waiting now."""
    names = (bucket_gate(account), vendor_gate(account))
    now = timezone.now()
    gates = Gate.objects.filter(name__in=names)
    return next((gate for gate in gates if _is_closed(gate, now)), None)


def rate_limit_seen(account: str) -> tuple[int, int] | None:
    """The rate limit in force and how often it was met; None without one."""
    gate = Gate.objects.filter(name=bucket_gate(account)).first()
    return (gate.pk, gate.failures) if gate else None


def key_is_refused(account: str) -> bool:
    return Gate.objects.filter(name=key_gate(account)).exists()


def heed(account: str, error: RivyaError) -> float:
    """Closes the gate that an error calls for; returns the seconds until it opens, 0 for none.

    Any other 4xx shows that the vendor is there again, so that it opens the gate instead.
    """
    kind = policy.gate_of(error)
    if not kind:
        if policy.shows_service(error):
            note_answer(account)
        return 0.0
    name = f"{kind}:{account}"
    seconds = policy.gate_seconds(error, _failures_behind(name))
    if kind != "vendor":
        Gate.objects.filter(name=vendor_gate(account)).delete()
    close_gate(
        name,
        timezone.now() + timedelta(seconds=seconds),
        policy.gate_reason(error),
        str(error),
        is_longest=kind == "bucket",
    )
    return seconds


def close_gate(
    name: str, until: datetime, reason: str, text: str, *, is_longest: bool = False
) -> None:
    """Closes the gate until a time; `is_longest` keeps a later time that another task has set."""
    defaults = {"closed_until": until, "reason": reason, "text": text[:500], "failures": 1}
    later = Q(closed_until__gt=until, closed_until__lt=timezone.now() + FAR_AHEAD)
    stays = When(later, then=F("closed_until")) if is_longest else None
    for _ in range(_TRIES):
        gate, made = Gate.objects.get_or_create(name=name, defaults=defaults)
        # Whoever had an answer may have removed an expired gate since: then it has to be made anew.
        if made or Gate.objects.filter(pk=gate.pk).update(
            reason=reason,
            text=text[:500],
            failures=F("failures") + 1,
            closed_until=Case(*[stays] if stays else [], default=Value(until)),
        ):
            return


def note_answer(account: str) -> None:
    """The vendor answered: its gate opens, and a rate limit whose time is over is forgotten.

    Nearly always there is nothing to open; then nothing is written.
    """
    if not Gate.objects.filter(name__in=(vendor_gate(account), bucket_gate(account))).exists():
        return
    Gate.objects.filter(name=vendor_gate(account)).delete()
    Gate.objects.filter(name=bucket_gate(account), closed_until__lte=timezone.now()).delete()


def open_gate(name: str) -> None:
    Gate.objects.filter(name=name).delete()


def _failures_behind(name: str) -> int:
    """How often the gate was closed in a row; 0 for an open one."""
    return Gate.objects.filter(name=name).values_list("failures", flat=True).first() or 0
