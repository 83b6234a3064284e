"""Bodies that are not what they should be."""

from __future__ import annotations

import json

import httpx
import pytest

from . import World, seen_as


def read_at_most(world: World, path: str, size: int) -> tuple[int, httpx.Response]:
    """Read from an endless answer until `size` bytes came, and leave."""
    read = 0
    with world.api.stream("GET", path) as answer:
        for piece in answer.iter_bytes():
            read += len(piece)
            if read >= size:
                break
    return read, answer


@seen_as("truncated_json")
def _(world: World) -> None:
    world.on(part=0.4)
    answer = world.post()
    assert answer.status_code == 202
    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert world.made() == 1


@seen_as("malformed_json")
def _(world: World) -> None:
    for how in ("syntax", "encoding", "nesting"):
        world.off()
        world.on(how=how)
        with pytest.raises((ValueError, RecursionError)):
            world.credits().json()
    for how, kind in (("list", list), ("null", type(None))):
        world.off()
        world.on(how=how)
        assert isinstance(world.credits().json(), kind)
    world.off()
    world.on(how="nan")
    assert b"NaN" in world.credits().content


@seen_as("html_body")
def _(world: World) -> None:
    world.on()
    answer = world.post()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert world.made() == 1


@seen_as("empty_body")
def _(world: World) -> None:
    world.on(status=202)
    answer = world.post()
    assert (answer.status_code, answer.content) == (202, b"")
    world.off()
    world.on(status=204)
    assert world.credits().status_code == 204


@seen_as("wrong_content_type")
def _(world: World) -> None:
    world.on(type="text/csv")
    answer = world.credits()
    assert answer.headers["Content-Type"] == "text/csv"
    assert "current_credits" in answer.json()


@seen_as("huge_body")
def _(world: World) -> None:
    world.on()
    read, answer = read_at_most(world, "/api/v1/credits", 3_000_000)
    assert read >= 3_000_000
    assert "Content-Length" not in answer.headers


@seen_as("gzip_bomb")
def _(world: World) -> None:
    world.on(bytes=20_000_000)
    with world.api.stream("GET", "/api/v1/credits") as answer:
        packed = sum(map(len, answer.iter_raw()))
    assert packed < 100_000
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(world.credits().content) == 20_000_000


@seen_as("result_expired")
def _(world: World) -> None:
    link = world.result()
    world.on(times=2)
    assert [httpx.get(link).status_code for _ in range(3)] == [403, 403, 200]


@seen_as("result_huge")
def _(world: World) -> None:
    link = world.result()
    world.on()
    read, answer = read_at_most(world, link, 3_000_000)
    assert read >= 3_000_000
    assert answer.headers["Content-Type"] == "image/png"


@seen_as("result_wrong_type")
def _(world: World) -> None:
    link = world.result()
    starts = {
        "html": b"<!doctype",
        "html_as_png": b"<!doctype",
        "svg": b"<svg",
        "executable": b"MZ",
        "empty": b"",
    }
    for what, start in starts.items():
        world.off()
        world.on(what=what)
        answer = httpx.get(link)
        assert answer.status_code == 200
        assert answer.content.startswith(start)
        assert bool(answer.content) == bool(start)
