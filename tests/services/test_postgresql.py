"""The same engine on PostgreSQL, in processes of its own."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.services.conftest import run_python

pytestmark = pytest.mark.services


@pytest.fixture
def on_postgres(environ: dict[str, str], postgres_url: str) -> dict[str, str]:
    environ["DATABASE_URL"] = postgres_url
    return environ


def test_it_works(on_postgres: dict[str, str], run: Callable[..., Any], journal_url: str) -> None:
    facts = run("happy")
    assert facts["vendor"] == "postgresql"
    assert (facts["status"], facts["attempts"], facts["outputs"]) == ("succeeded", 1, 1)
    assert facts["ledger"] == ["reserve", "settle"]
    assert facts["reserved"] == 0
    assert facts["refused"] == 3
    journal = httpx.get(f"{journal_url}/_sandbox/journal").json()
    assert journal["generations_count"] == 1


def test_eight_threads_at_one_row_have_one_winner(
    on_postgres: dict[str, str], run: Callable[..., Any], journal_url: str
) -> None:
    facts = run("claims")
    assert facts["winners"] == [1, 1, 1]
    assert facts["reserved"] == 10
    tasks = facts["tasks"]
    assert [task["status"] for task in tasks] == ["succeeded"] * 5 + ["canceled"]
    for task in tasks:
        assert task["events"] == list(range(1, len(task["events"]) + 1))
        assert task["reserved"] == 0
    journal = httpx.get(f"{journal_url}/_sandbox/journal").json()
    assert journal["generations_count"] == 5
    assert [task["attempts"] for task in tasks] == [1] * 5 + [0]


def test_eight_movers_of_a_label_leave_one_at_every_moment(
    on_postgres: dict[str, str], run: Callable[..., Any]
) -> None:
    facts = run("labels")
    assert facts["vendor"] == "postgresql"
    assert (facts["seen"], facts["labels"], facts["changed"]) == ([1], 1, False)
    assert facts["wins"] == facts["moves"] > 0


def test_each_race_of_the_fault_matrix_has_one_winner_there_too(
    on_postgres: dict[str, str],
) -> None:
    """Five rounds of each; `benchmarks/races.py` runs a thousand."""
    lines = run_python(on_postgres, "benchmarks/races.py", "--inside", "--rounds", "5").splitlines()
    found = {told["race"]: told["violations"] for told in map(json.loads, lines)}
    assert len(found) == 5
    assert set(map(tuple, found.values())) == {()}
