"""Programs that repeat themselves all at once; on its own because it needs real transactions."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from rivya_bridge.automation.models import Job
from rivya_bridge.tasks.models import Task
from tests.api.conftest import build_place

ROUNDS = int(os.environ.get("TRIGGER_KEY_ROUNDS", "1"))


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_at_once_with_one_key_make_one_job(no_bell, api_client):
    earlier = build_place().job
    made = {earlier.pk}
    with ThreadPoolExecutor(10) as pool:
        for number in range(ROUNDS):
            made |= _one_round(pool, api_client, f"key {number}")
            assert len(made) == number + 2
    assert set(Job.objects.values_list("pk", flat=True)) == made
    assert Task.objects.filter(origin="job").count() == len(made)


def _one_round(pool, api_client, key):
    """Ids of the jobs that fifty requests with one key were told of."""
    headers = {**api_client.defaults}

    def send(_: int) -> tuple[int, str]:
        client = Client()
        client.defaults = headers
        try:
            answer = client.post(
                "/api/v1/templates/bottle-banner/jobs",
                {"inputs": {"color": "green"}},
                content_type="application/json",
                headers={"Idempotency-Key": key},
            )
            return answer.status_code, answer.json().get("id", "")
        finally:
            connection.close()

    answers = list(pool.map(send, range(50)))
    assert sorted(status for status, _ in answers) == [200] * 49 + [201]
    return {UUID(job) for _, job in answers}
