from collections.abc import Callable, Iterator

import pytest

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.notices.models import Delivery, Endpoint
from rivya_bridge.notices.services import EndpointOptions, create_endpoint
from rivya_bridge.notices.services.sending import _poster, send_delivery
from tests.automation.making import make_template
from tests.experiments.factories import add_models
from tests.sandbox.webhook_receiver import Receiver, receiving

Subscribe = Callable[..., tuple[Endpoint, str]]


@pytest.fixture(autouse=True)
def local_allowed(settings, monkeypatch) -> Iterator[None]:
    """Endpoints of this machine; no bell rings but the test's own hand."""
    from rivya_bridge.notices import background
    from rivya_bridge.tasks import background as task_bells

    settings.BRIDGE_LOCAL_WEBHOOKS = True
    monkeypatch.setattr(background.deliver, "delay", lambda delivery_id: None)
    monkeypatch.setattr(task_bells.advance_task, "delay", lambda task_id: None)
    yield
    for is_local in (True, False):
        _poster(is_local).close()
    _poster.cache_clear()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as open_receiver:
        yield open_receiver


@pytest.fixture
def template(db) -> JobTemplate:
    add_models("flux-2-pro")
    return make_template()


@pytest.fixture
def subscribe(db, receiver: Receiver) -> Subscribe:
    def make(**options: object) -> tuple[Endpoint, str]:
        return create_endpoint(
            EndpointOptions(**{"kind": "webhook", "target": receiver.url, **options})
        )

    return make


def send_all() -> int:
    """Tries what is pending now, whenever it is due; returns how many were tried."""
    rows = Delivery.objects.filter(status="pending")
    rows.update(due_at="2020-01-01T00:00Z")
    return sum(send_delivery(pk) for pk in rows.values_list("pk", flat=True))
