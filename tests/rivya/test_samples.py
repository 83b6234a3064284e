"""The samples themselves: all of them can be read, and the loader does what it says."""

from pathlib import Path

import pytest

import tests.samples
from tests.samples import misfits, names, sample, shape_of

FOLDER = Path(tests.samples.__file__).parent


def test_it_works() -> None:
    shape = shape_of(sample("generation/queued"), sample("generation/succeeded"))
    assert shape["members"]["result"]["types"] == ["null", "object"]
    assert shape["members"]["final_credits"] == {"types": ["number"]}
    assert misfits(sample("generation/processing"), shape) == []
    assert misfits(sample("generation/succeeded_several"), shape) == []


def test_a_departure_is_named_by_its_path() -> None:
    shape = shape_of(sample("generation/succeeded"))
    changed = sample("generation/succeeded")
    del changed["updated_at"]
    changed |= {"reserved_credits": "1", "result": {"primary_url": None, "urls": [5]}, "new": 1}
    assert sorted(misfits(changed, shape)) == [
        "$.reserved_credits is string, not number",
        "$.result.primary_url is null, not string",
        "$.result.urls[0] is number, not string",
        "$.updated_at is missing",
    ]


def test_a_number_is_no_boolean() -> None:
    assert misfits(True, shape_of(1)) == ["$ is boolean, not number"]


def test_a_sample_is_fresh_each_time() -> None:
    sample("credits/balance").clear()
    assert sample("credits/balance") == {"current_credits": 123}


@pytest.mark.parametrize(
    "folder",
    sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and path.name[0] != "_"),
)
def test_every_sample_stands_in_the_table(folder: str) -> None:
    table = (FOLDER / "README.md").read_text()
    if folder == "stream":
        assert "`stream/*.sse`" in table
        return
    for name in names(folder):
        assert f"`{name}`" in table or f"`{folder}/*`" in table
