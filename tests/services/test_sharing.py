"""Export and import, a sweep's planning, and the removal of files on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.services


@pytest.fixture
def facts(environ: dict[str, str], postgres_url: str, run: Callable[..., Any]) -> Any:
    """Of one scenario, on a database of its own."""
    environ["DATABASE_URL"] = postgres_url
    return run("sharing")


def test_it_works(facts: Any) -> None:
    assert facts["vendor"] == "postgresql"
    assert facts["planned"] == [4, 1, 3, "running"]
    assert facts["refused_plan"] == ["models"]
    assert facts["fed"] == [2, 0]
    assert facts["tries"] == ["canceled", "failed", "succeeded"]
    assert facts["differing"] == []
    assert facts["runs"] == [2, 2]
    assert facts["known"] == "here already"
    # Canceled in the middle: nothing of it is left.
    assert facts["arriving"] == [1, 0]
    assert facts["left"] == facts["before"]
    # What nothing uses is removed; what an imported experiment, a sweep or a JSON field names is not.
    assert facts["removed"] == ["unused.png"]
    assert facts["kept"] == ["named.png", "reference.png", "result.png"]
