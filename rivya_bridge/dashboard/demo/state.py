"""Asking for the demo, carrying it out, and what the home page says of it."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from rivya_bridge.access.models import ApiToken
from rivya_bridge.access.services import create_api_token
from rivya_bridge.dashboard.demo.api_client import ApiClient, DemoFailed
from rivya_bridge.dashboard.demo.story import tell
from rivya_bridge.dashboard.models import DemoRun

RING_AGAIN = timedelta(minutes=2)


def demo_state() -> DemoRun | None:
    """The newest demo, running or ended (one query)."""
    return DemoRun.objects.order_by("-id").first()


def request_demo() -> bool:
    """Rings for a new demo, or for one that stopped in the middle; False while one is at work."""
    now = timezone.now()
    demo = DemoRun.objects.filter(finished_at=None).order_by("-id").first() or DemoRun()
    if demo.rung_at and now - demo.rung_at < RING_AGAIN:
        return False
    demo.rung_at = now
    demo.error = ""
    demo.save()
    from rivya_bridge.dashboard.background import run_demo

    run_demo.delay(str(demo.pk))
    return True


def carry_out(demo: DemoRun, say: Callable[[str], None], *, base_url: str | None = None) -> None:
    """Does the whole main job over HTTP. Raises DemoFailed with a sentence.

    Its token lives only as long as it does.
    """
    name = f"demo {demo.pk.hex[-6:]} {timezone.now():%H%M%S.%f}"
    token = create_api_token(name)
    client = ApiClient(base_url or settings.BRIDGE_LOCAL_URL, token, key_prefix=f"demo-{demo.pk}")

    def note(text: str) -> None:
        DemoRun.objects.filter(pk=demo.pk).update(step=text[:200], rung_at=timezone.now())
        say(text)

    try:
        with client:
            experiment_id = tell(client, note)
        DemoRun.objects.filter(pk=demo.pk).update(
            finished_at=timezone.now(), experiment_id=experiment_id, error=""
        )
    except DemoFailed as error:
        DemoRun.objects.filter(pk=demo.pk).update(finished_at=timezone.now(), error=str(error))
        raise
    finally:
        ApiToken.objects.filter(name=name).update(revoked_at=timezone.now())
