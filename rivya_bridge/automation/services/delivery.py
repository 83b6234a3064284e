"""How the end of a template's jobs is learned: by polling, or by a webhook with slow polling behind it."""

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.webhooks.models import Endpoint, Event


def missing_for_webhooks(template: JobTemplate) -> str:
    """The step that is missing before its jobs may wait for webhooks, as a sentence; '' for none."""
    if template.current_version and template.current_version.category == "chat":
        return "A chat turn is answered in the call itself: there is nothing to wait for."
    endpoints = Endpoint.objects.filter(account=current_connection().account, is_enabled=True)
    if not endpoints.exists():
        return "Make a webhook endpoint for this account first, on the page Webhooks."
    if not endpoints.filter(tested_at__isnull=False).exists():
        return "Send a test to the webhook endpoint first: none has arrived yet."
    told = Event.objects.filter(state="matched", signature="verified", task__status="succeeded")
    if not told.filter(task__job__template=template).exists():
        return (
            "Run a job of this template first: no event has told of one that succeeded by polling."
        )
    return ""


def trust_webhooks(template: JobTemplate, *, on: bool) -> None:
    """Jobs from now on are read when an event comes, and once a minute without. Raises Refusal.

    Turning it off is always possible; jobs that are under way keep what they were started with.
    """
    missing = missing_for_webhooks(template) if on else ""
    if missing:
        raise Refusal(f"{missing} Nothing was changed: its jobs are polled as before.")
    JobTemplate.objects.filter(pk=template.pk).update(trusts_webhooks=on)
    template.refresh_from_db()
