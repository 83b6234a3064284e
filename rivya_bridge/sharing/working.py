"""Carrying on what was sent: looked at, imported or taken back, by one worker at a time.

The row is the queue; a bell only hurries it. A request carries its own file on for a moment, so that a
small one is done when the page comes; what takes longer a worker begins again or goes on with, and when
that worker dies, another one.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment
from rivya_bridge.refusals import Refusal, Unavailable
from rivya_bridge.sharing.bulk.looking import look_at_runs
from rivya_bridge.sharing.bulk.recording import record_chosen
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.services import (
    look_at_experiment,
    restore_staged,
    take_back,
)
from rivya_bridge.sharing.progress import Claim, Stopped, TakesLonger
from rivya_bridge.sharing.refusing import as_json, refusal_of
from rivya_bridge.sharing.staging import discard, get_staged, path_of, receive_in_place
from rivya_bridge.tasks.doorbell import is_ringing
from rivya_bridge.tasks.leases import LEASE, lease_is_over, new_owner, owner_is_dead

log = logging.getLogger(__name__)

MOST_RINGING = 8
MOST_ATTEMPTS = 5
P, S = Staged.Purpose, Staged.Status


def _nothing_to_undo(claim: Claim) -> None:
    """Runs are recorded in one transaction: there is nothing to take back."""
    claim.end(S.READY, chosen=None)


STEPS: dict[tuple[str, str], Callable[[Claim], None]] = {
    (P.RUNS, S.LOOKING): look_at_runs,
    (P.RUNS, S.IMPORTING): record_chosen,
    (P.RUNS, S.UNDOING): _nothing_to_undo,
    (P.EXPERIMENT, S.LOOKING): look_at_experiment,
    (P.EXPERIMENT, S.IMPORTING): restore_staged,
    (P.EXPERIMENT, S.UNDOING): take_back,
}


def carry_on_now(staged: Staged) -> Staged:
    """Carries it on for as long as somebody waits for a page, and gives the row as it is then.

    Raises Refusal when looking at it ended with one; nothing of it is left then. Missing when somebody
    has canceled it meanwhile.
    """
    carry_on(staged.pk, seconds=settings.IMPORT_AT_ONCE_SECONDS)
    staged = get_staged(staged.pk)
    if staged.status == S.REFUSED:
        discard(staged)
        raise refusal_of(staged)
    return staged


def carry_on(staged_id: UUID, *, seconds: float | None = None) -> None:
    """Works on a staged file until a person has to say something, unless somebody else does.

    After `seconds` it is left to a worker in the background.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while claim := _claim(staged_id, until):
        try:
            STEPS[claim.staged.purpose, claim.staged.status](claim)
        except Stopped:
            return
        except (TakesLonger, Unavailable):
            claim.let_go(timezone.now())
            ring(staged_id)
            return
        except FileNotFoundError:
            text = "What was sent is gone from the data folder: send it again. Nothing was kept."
            _refuse(claim, Refusal.field("file", text))
        except Refusal as refusal:
            _refuse(claim, refusal)


def _claim(staged_id: UUID, until: float | None) -> Claim | None:
    now = timezone.now()
    free = Staged.objects.filter(pk=staged_id, status__in=Staged.WORK)
    free = free.filter(Q(lease_until=None) | lease_is_over(now))
    owner = new_owner()
    if not free.update(worker=owner, lease_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    staged = Staged.objects.select_related("experiment").filter(pk=staged_id, worker=owner).first()
    if staged is None:
        return None
    claim = Claim(staged, until)
    if staged.attempts > MOST_ATTEMPTS and staged.status != S.UNDOING:
        text = (
            f"{staged.name} broke off {MOST_ATTEMPTS} times without getting anywhere. Nothing of it "
            "was kept; the log says what happened."
        )
        _refuse(claim, Refusal.field("file", text))
        return _claim(staged_id, until)
    return claim


def _refuse(claim: Claim, refusal: Refusal) -> None:
    """What was looked at is not taken; what was being imported is taken back."""
    fields = {"refusal": as_json(refusal)}
    try:
        if claim.staged.status == S.LOOKING:
            claim.end(S.REFUSED, **fields)
            path_of(claim.staged).unlink(missing_ok=True)
        else:
            claim.end(S.UNDOING, **fields)
    except Stopped:
        return


def stop(staged: Staged, *, seconds: float | None = None) -> None:
    """A person wants it no more: what waits or is looked at is forgotten, what is being imported is
    taken back, after `seconds` in the background. What is done stays."""
    asked = Staged.objects.filter(pk=staged.pk, status=S.IMPORTING)
    if asked.update(status=S.UNDOING, worker="", lease_until=None, attempts=0, refusal={}):
        carry_on(staged.pk, seconds=seconds)
    elif not Staged.objects.filter(pk=staged.pk, status__in=[S.UNDOING, S.DONE]).exists():
        discard(staged)


# --- For those who wait to the end ----------------------------------------------------------------


def import_experiment(path: Path, *, again: bool = False) -> Experiment:
    """The experiment of a ZIP of this machine, anew.

    Raises Refusal for what is foreign or damaged, Conflict when it is here already and `again` does
    not ask for a second one; then nothing was made.
    """
    asked = {"straight": True, "again": again}
    staged = finish(receive_in_place(path, P.EXPERIMENT, asked=asked))
    discard(staged)
    return Experiment.objects.get(pk=staged.outcome["experiment"])


def finish(staged: Staged) -> Staged:
    """Carries it on to the end, or to what a person has to say. Raises Refusal, and then nothing of it
    is left."""
    try:
        carry_on(staged.pk)
    except BaseException:
        stop(staged)
        discard(staged)
        raise
    staged = Staged.objects.select_related("experiment").get(pk=staged.pk)
    if staged.refusal:
        discard(staged)
        raise refusal_of(staged)
    if staged.is_in_work:
        stop(staged)
        discard(staged)
        raise Unavailable("Many files are being checked just now. Nothing was kept; try it again.")
    return staged


# --- Bells ----------------------------------------------------------------------------------------


def ring(staged_id: UUID) -> None:
    """Sends the message now; an unreachable broker is a log line, the sweep finds the row."""
    from rivya_bridge.sharing.background import carry_on_import

    try:
        carry_on_import.delay(str(staged_id))
    except Exception as error:  # whatever a broker raises, the row stands
        log.warning("The bell for the import %s did not ring: %s", staged_id, error)


def ring_due(now: datetime | None = None) -> int:
    """Rings for what nobody works on, each at most once in ten seconds; returns how many."""
    now = now or timezone.now()
    work = Staged.objects.filter(status__in=Staged.WORK)
    held = work.exclude(lease_until=None).values_list("pk", "worker")
    for staged_id, owner in held:
        if owner_is_dead(owner):
            Staged.objects.filter(pk=staged_id, worker=owner).update(worker="", lease_until=None)
    free = work.filter(Q(lease_until=None) | lease_is_over(now))
    ids = list(
        free.exclude(is_ringing(now)).order_by("pk").values_list("pk", flat=True)[:MOST_RINGING]
    )
    if ids:
        Staged.objects.filter(pk__in=ids).update(rung_at=now)
    for staged_id in ids:
        ring(staged_id)
    return len(ids)
