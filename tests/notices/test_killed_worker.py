"""A worker that is killed while it posts; on its own because it needs real transactions and a process."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from rivya_bridge.notices.models import Attempt, Delivery
from rivya_bridge.notices.services import send_test
from rivya_bridge.notices.services.sending import CLAIM, send_delivery
from tests.tasks.real_worker import LIMIT_SECONDS, starting_workers


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_between_send_and_record_sends_it_again_under_its_id(
    subscribe, receiver, tmp_path
):
    endpoint, _ = subscribe()
    receiver.gate.clear()
    delivery = send_test(endpoint)
    # The worker reads the endpoint's secret, so that it needs the key file of these tests.
    ours = {"BRIDGE_DATA_DIR": str(settings.BRIDGE_DATA_DIR), "BRIDGE_LOCAL_WEBHOOKS": "yes"}
    with starting_workers(receiver.url.removesuffix("/hook"), tmp_path, **ours) as start:
        worker = start()
        first = receiver.arrived.get(timeout=LIMIT_SECONDS)
        worker.kill()
        worker.wait()
    row = Delivery.objects.get(pk=delivery.pk)
    assert (row.status, row.tries, Attempt.objects.count()) == ("pending", 1, 0)
    assert not send_delivery(delivery.pk)
    receiver.gate.set()
    with time_machine.travel(timezone.now() + CLAIM + timedelta(seconds=1)):
        assert send_delivery(delivery.pk)
    second = receiver.arrived.get(timeout=LIMIT_SECONDS)
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert second.body == first.body
    row.refresh_from_db()
    assert (row.status, row.tries, Attempt.objects.count()) == ("delivered", 2, 1)
