"""Connections that are slow, silent or cut."""

from __future__ import annotations

import httpx
import pytest

from . import BOAT, World, seen_as


@seen_as("latency")
def _(world: World) -> None:
    world.on(seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        world.api.get("/api/v1/credits", timeout=0.3)
    world.off()
    world.on(seconds=0.01)
    assert world.credits().status_code == 200


@seen_as("no_answer")
def _(world: World) -> None:
    for when, made in (("before", 0), ("after", 1)):
        world.off()
        world.on(when=when)
        with pytest.raises(httpx.ReadTimeout):
            world.api.post("/api/v1/generations", json=BOAT, timeout=0.5)
        assert world.made() == made


@seen_as("cut_before_work", "cut_after_work")
def _(world: World) -> None:
    world.on(times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        world.post("once")
    assert world.made() == int(world.name == "cut_after_work")
    assert world.post("once").status_code == 202
    assert world.made() == 1


@seen_as("reset_before_work", "reset_after_work")
def _(world: World) -> None:
    world.on(times=1)
    with pytest.raises(httpx.ReadError) as caught:
        world.post("once")
    assert _is_reset(caught.value)
    assert world.made() == int(world.name == "reset_after_work")
    assert world.post("once").status_code == 202
    assert world.made() == 1


def _is_reset(error: BaseException | None) -> bool:
    """Whether the kernel's ECONNRESET stands at the root of it."""
    while error is not None:
        if isinstance(error, ConnectionResetError):
            return True
        error = error.__cause__ or error.__context__
    return False


@seen_as("cut_in_answer")
def _(world: World) -> None:
    world.on(part=0.5)
    with world.api.stream("POST", "/api/v1/generations", json=BOAT) as answer:
        assert answer.status_code == 202
        assert int(answer.headers["Content-Length"]) > 100
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()
    assert world.made() == 1


@seen_as("slow_drip")
def _(world: World) -> None:
    world.on(bytes_per_second=1e6)
    with world.api.stream("GET", "/api/v1/models") as answer:
        pieces = list(answer.iter_raw())
    assert sum(map(len, pieces)) == int(answer.headers["Content-Length"])
    assert answer.status_code == 200
    world.off()
    world.on(bytes_per_second=1)
    with pytest.raises(httpx.ReadTimeout):
        world.api.get("/api/v1/credits", timeout=0.3)
