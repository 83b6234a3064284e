"""The OpenAPI description: complete, honest about errors, and for nobody without a key."""

import json
import re

import pytest
from django.test import Client

from rivya_bridge.api import api

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/openapi.json"
ROUTES = {
    "/experiments": {"get", "post"},
    "/experiments/{experiment_id}": {"get"},
    "/experiments/{experiment_id}/runs": {"get", "post"},
    "/experiments/{experiment_id}/comparisons": {"post"},
    "/runs/{run_id}": {"get", "patch"},
    "/runs/{run_id}/promote": {"post"},
    "/runs/{run_id}/proposal": {"get"},
    "/comparisons/{comparison_id}": {"get"},
    "/experiments/{experiment_id}/ballots": {"post"},
    "/ballots/{ballot_id}": {"get"},
    "/ballots/{ballot_id}/sides/{letter}": {"get"},
    "/ballots/{ballot_id}/vote": {"post"},
    "/experiments/{experiment_id}/undo-vote": {"post"},
    "/experiments/{experiment_id}/ranking": {"get"},
    "/templates": {"get"},
    "/templates/{slug}": {"get"},
    "/templates/{slug}/jobs": {"get", "post"},
    "/jobs/{job_id}": {"get"},
    "/templates/{slug}/batches": {"get", "post"},
    "/templates/{slug}/schedules": {"get", "post"},
    "/batches/{batch_id}": {"get", "patch"},
    "/batches/{batch_id}/rows": {"get"},
    "/batches/{batch_id}/results.csv": {"get"},
    "/batches/{batch_id}/pause": {"post"},
    "/batches/{batch_id}/resume": {"post"},
    "/batches/{batch_id}/cancel": {"post"},
    "/batches/{batch_id}/retry-failed": {"post"},
    "/schedules/{schedule_id}": {"get", "patch", "delete"},
    "/schedules/{schedule_id}/slots": {"get"},
    "/tasks": {"get"},
    "/tasks/{task_id}": {"get"},
    "/credits": {"get"},
    "/files": {"post"},
    "/files/{file_id}": {"get"},
    "/models": {"get"},
    "/models/refresh": {"post"},
    "/connection/check": {"post"},
}


@pytest.fixture
def schema(api_client) -> dict:
    answer = api_client.get(ADDRESS)
    assert answer.status_code == 200
    return answer.json()


def test_it_works(schema):
    assert schema["openapi"].startswith("3.")
    for path, methods in ROUTES.items():
        assert methods <= set(schema["paths"][f"/api/v1{path}"]), path


def test_every_reference_leads_somewhere(schema):
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema)))
    assert names and names <= set(schema["components"]["schemas"])


def test_every_id_is_used_once(schema):
    ids = [one["operationId"] for path in schema["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_every_part_of_an_address_is_a_declared_parameter(schema):
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            declared = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


def test_every_route_names_its_errors_in_the_one_shape(schema):
    shape = {"$ref": "#/components/schemas/Error"}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            errors = {key: one for key, one in operation["responses"].items() if int(key) >= 400}
            assert "401" in errors
            assert ("404" in errors) == ("{" in path)
            takes_input = bool(operation.get("requestBody") or operation.get("parameters"))
            assert takes_input == ("422" in errors) or method != "post"
            assert {
                str(one["content"]["application/json"]["schema"]) for one in errors.values()
            } == {str(shape)}


def test_every_route_asks_for_the_token(schema):
    assert schema["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"
    for operations in schema["paths"].values():
        assert all(operation["security"] == [{"Token": []}] for operation in operations.values())


def test_a_signed_in_browser_may_read_it(signed_in_client):
    assert signed_in_client.get(ADDRESS).status_code == 200


def test_nobody_else_may():
    answer = Client(headers={"host": "127.0.0.1:8000"}).get(ADDRESS)
    assert answer.status_code == 401


def test_a_route_that_breaks_answers_in_the_one_shape(api_client, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("rivya_bridge.tasks.api.task_rows", broken)
    answer = api_client.get("/api/v1/tasks")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "secret" not in answer.content.decode()


def test_the_schema_is_made_without_a_request():
    assert api.get_openapi_schema()["paths"]
