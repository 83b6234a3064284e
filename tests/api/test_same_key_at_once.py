"""Programs that repeat themselves all at once; on its own because it needs real transactions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from rivya_bridge.automation.models import Job
from rivya_bridge.tasks.models import Task
from tests.api.conftest import build_place


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_at_once_with_one_key_make_one_job(no_bell, api_client):
    earlier = build_place().job
    headers = {**api_client.defaults}

    def send(_: int) -> tuple[int, str]:
        client = Client()
        client.defaults = headers
        try:
            answer = client.post(
                "/api/v1/templates/bottle-banner/jobs",
                {"inputs": {"color": "green"}},
                content_type="application/json",
                headers={"Idempotency-Key": "one"},
            )
            return answer.status_code, answer.json().get("id", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(50)))
    assert sorted(status for status, _ in answers) == [200] * 49 + [201]
    assert len({job for _, job in answers}) == 1
    assert Job.objects.exclude(pk=earlier.pk).count() == 1
    assert Task.objects.filter(origin="job").count() == 2
