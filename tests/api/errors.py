"""The one shape of errors, checked."""

from typing import Any


def fields_of(response: Any, status: int | tuple[int, ...] = 422) -> list[str]:
    """The named fields of a refusal, after its shape was checked."""
    wanted = (status,) if isinstance(status, int) else status
    assert response.status_code in wanted, response.content[:500]
    assert response.headers["Content-Type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) == {"code", "message", "fields"}
    assert error["code"] and error["message"]
    for field in error["fields"]:
        assert set(field) == {"field", "message", "limit"}
        assert field["field"] and field["message"]
    return [field["field"] for field in error["fields"]]
