"""How the end of a template's jobs is learned: by polling, with webhooks beside it, or by webhooks first.

Each step up asks for proof that the one before has worked; polling stays behind all of them.
"""

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.webhooks.models import Endpoint, Event

Mode = JobTemplate.Delivery
MODES = tuple(Mode.values)


def next_mode(template: JobTemplate) -> str:
    """The mode above the present one; '' at the top."""
    place = MODES.index(template.delivery) + 1
    return MODES[place] if place < len(MODES) else ""


def missing_for(template: JobTemplate, mode: str) -> str:
    """The step that is missing before its jobs may learn their end so, as a sentence; '' for none."""
    if mode not in (Mode.BOTH, Mode.WEBHOOK):
        return ""
    if template.current_version and template.current_version.category == "chat":
        return "A chat turn is answered in the call itself: there is nothing to wait for."
    endpoints = Endpoint.objects.filter(account=current_connection().account, is_enabled=True)
    if not endpoints.exists():
        return "Make a webhook endpoint for this account first, on the page Webhooks."
    if not endpoints.filter(tested_at__isnull=False).exists():
        return "Send a test to the webhook endpoint first: none has arrived yet."
    if mode == Mode.WEBHOOK and not _was_told(template):
        return (
            "Run a job of this template first: no event has told of one that succeeded by polling."
        )
    return ""


def _was_told(template: JobTemplate) -> bool:
    told = Event.objects.filter(state="matched", signature="verified", task__status="succeeded")
    return told.filter(task__job__template=template).exists()


def set_delivery(template: JobTemplate, mode: str) -> None:
    """How jobs from now on learn their end. Raises Refusal, and then nothing was changed.

    A step down is always possible; jobs that are under way keep what they were started with.
    """
    if mode not in MODES:
        text = f"delivery must be one of {', '.join(MODES)}; {mode[:40]!r} is none of them."
        raise Refusal.field("delivery", text)
    if MODES.index(mode) > MODES.index(template.delivery):
        missing = missing_for(template, mode)
        if missing:
            text = f"{missing} Nothing was changed: its jobs learn their end as before."
            raise Refusal.field("delivery", text)
    JobTemplate.objects.filter(pk=template.pk).update(delivery=mode)
    template.refresh_from_db()
