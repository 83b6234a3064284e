"""Somebody learned that Rivya has news of a task, for example by a webhook: it is read at once."""

from django.db.models import Q
from django.utils import timezone

from rivya_bridge.tasks.models import Task


def read_soon(remote_id: str, *, account: str | None = None) -> bool:
    """Has the poller read this running task now; False when no running task has that remote id.

    One UPDATE, no request: it may be called for every webhook, however often. Only what the reading
    says is believed. `account` narrows it where several accounts may know one id. A task whose
    acceptance is not written yet is first read 2.5 seconds after it is; one that hears no events at its
    usual pace.
    """
    now = timezone.now()
    of_account = Q() if account is None else Q(account=account)
    running = Task.objects.filter(
        of_account, remote_id=remote_id, status="running", hears_events=True
    )
    return running.update(due_at=now, news_at=now) > 0


def hurry_for_news(task: Task) -> None:
    """After a reading: news that came while it was under way may be younger than its answer."""
    fresh = Task.objects.filter(pk=task.pk, status="running", news_at__isnull=False)
    fresh.update(due_at=timezone.now())
