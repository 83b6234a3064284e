"""Duties: works that exactly one of all processes does at a time, by a lease in the database.

Whoever has a duty renews it; when that stops, another process takes it over. A holder on this machine
that is gone is noticed at once.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from rivya_bridge.tasks.leases import FAR_AHEAD, owner_is_dead
from rivya_bridge.tasks.models import Duty

DUTY_LEASE = timedelta(seconds=10)


def take_duty(name: str, owner: str, now: datetime) -> bool:
    """Takes or renews the duty; False while another owner has it."""
    until = now + DUTY_LEASE
    duty, made = Duty.objects.get_or_create(name=name, defaults={"owner": owner, "until": until})
    if made:
        return True
    free = Q(owner=owner) | Q(owner="") | Q(until__lte=now) | Q(until__gt=now + FAR_AHEAD)
    if duty.owner != owner and owner_is_dead(duty.owner):
        free |= Q(owner=duty.owner)
    return Duty.objects.filter(free, pk=duty.pk).update(owner=owner, until=until) == 1


def leave_duty(name: str, owner: str) -> None:
    """Gives the duty back, so that another process need not wait for the lease to end."""
    Duty.objects.filter(name=name, owner=owner).update(owner="")
