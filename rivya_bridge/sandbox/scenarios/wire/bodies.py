"""Answers whose status says success and whose body is not what it should be."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from starlette.concurrency import run_in_threadpool

from ..call import Call
from ..kinds import Parameter, Scenario, Values, WireEffect
from ..places import API, EVERYWHERE, RESULT

JSON = ("Content-Type", "application/json")
CHUNK_BYTES = 256 * 1024
PAGE = b"<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>"
STATUS = Parameter("status", 200, "the HTTP status", least=200, most=599)


def _changed(change: Callable[[bytes, Values], bytes]) -> WireEffect:
    """An effect that lets the work be done and changes the body of its answer."""

    async def effect(call: Call, values: Values) -> None:
        begun, body = await call.pass_silently()
        kept = [(name, value) for name, value in begun["headers"] if name != b"content-length"]
        fields = [(name.decode(), value.decode("latin-1")) for name, value in kept]
        await call.answer(begun["status"], change(body, values), fields)

    return effect


def _truncated(body: bytes, values: Values) -> bytes:
    return body[: int(len(body) * float(values["part"]))]


def _malformed(body: bytes, values: Values) -> bytes:
    return {
        "syntax": body.replace(b":", b"=", 1),
        "encoding": b'{"id": "\xff\xfe' + body[1:],
        "list": b"[" + body + b"]",
        "nesting": b"[" * 100_000 + b"]" * 100_000,
        "nan": b'{"id": NaN, "status": Infinity}',
        "null": b"null",
    }[str(values["how"])]


async def html_body(call: Call, values: Values) -> None:
    await call.pass_silently()
    await call.answer(int(values["status"]), PAGE, [("Content-Type", "text/html; charset=utf-8")])


async def empty_body(call: Call, values: Values) -> None:
    await call.pass_silently()
    status = int(values["status"])
    await call.answer(status, b"", [] if status == 204 else [JSON])


async def wrong_content_type(call: Call, values: Values) -> None:
    begun, body = await call.pass_silently()
    await call.answer(begun["status"], body, [("Content-Type", str(values["type"]))])


async def huge_body(call: Call, values: Values) -> None:
    """A body that never seems to end, without a length."""
    await call.pass_silently()
    await _stream(call, "application/json", _spaces(int(values["bytes"])), b'{"id": "')


async def gzip_bomb(call: Call, values: Values) -> None:
    """A small body that unpacks to a huge one."""
    await call.pass_silently()
    await call.begin(200, [JSON, ("Content-Encoding", "gzip")])
    packer = zlib.compressobj(9, wbits=31)
    for piece in _spaces(int(values["bytes"])):
        packed = await run_in_threadpool(packer.compress, piece)
        if packed and call.is_open():
            await call.chunk(packed)
    await call.send({"type": "http.response.body", "body": packer.flush()})


async def result_huge(call: Call, values: Values) -> None:
    head = b"\x89PNG\r\n\x1a\n"
    await _stream(call, "image/png", _spaces(int(values["bytes"])), head)


async def result_wrong_type(call: Call, values: Values) -> None:
    kind = str(values["what"])
    body, content_type = {
        "html": (PAGE, "text/html; charset=utf-8"),
        "html_as_png": (PAGE, "image/png"),
        "svg": (
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "image/svg+xml",
        ),
        "executable": (b"MZ" + bytes(510), "application/octet-stream"),
        "empty": (b"", "image/png"),
    }[kind]
    await call.answer(200, body, [("Content-Type", content_type)])


async def result_expired(call: Call, values: Values) -> None:
    body = (
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Expired</Message></Error>"
    )
    await call.answer(int(values["status"]), body, [("Content-Type", "application/xml")])


async def _stream(call: Call, content_type: str, pieces: Iterator[bytes], head: bytes) -> None:
    await call.begin(200, [("Content-Type", content_type)])
    await call.chunk(head)
    for piece in pieces:
        if not call.is_open():
            return
        await call.chunk(piece)
    await call.send({"type": "http.response.body", "body": b""})


def _spaces(size: int) -> Iterator[bytes]:
    piece = b" " * CHUNK_BYTES
    for start in range(0, size, CHUNK_BYTES):
        yield piece[: size - start]


def _size(default: int) -> Parameter:
    return Parameter("bytes", default, "how many bytes, unpacked", most=1e11)


SCENARIOS = (
    Scenario(
        "truncated_json",
        "A complete HTTP answer whose JSON ends in the middle.",
        API,
        (Parameter("part", 0.5, "the share of the body that is kept", most=1),),
        wire=_changed(_truncated),
    ),
    Scenario(
        "malformed_json",
        "A complete HTTP answer that is no JSON, or JSON of another shape.",
        API,
        (
            Parameter(
                "how",
                "syntax",
                "what is wrong",
                ("syntax", "encoding", "list", "nesting", "nan", "null"),
            ),
        ),
        wire=_changed(_malformed),
    ),
    Scenario("html_body", "A web page instead of JSON.", API, (STATUS,), wire=html_body),
    Scenario("empty_body", "Nothing instead of JSON.", API, (STATUS,), wire=empty_body),
    Scenario(
        "wrong_content_type",
        "The usual body under another Content-Type.",
        EVERYWHERE,
        (Parameter("type", "text/plain", "the Content-Type"),),
        wire=wrong_content_type,
    ),
    Scenario(
        "huge_body",
        "JSON that does not end, without a length.",
        API,
        (_size(5 * 2**30),),
        wire=huge_body,
    ),
    Scenario(
        "gzip_bomb",
        "A small packed answer that unpacks to a huge one.",
        API,
        (_size(2**30),),
        wire=gzip_bomb,
    ),
    Scenario(
        "result_expired",
        "The link to a result leads to a refusal, as an expired one does.",
        (RESULT,),
        (Parameter("status", 403, "the HTTP status", least=400, most=499),),
        wire=result_expired,
    ),
    Scenario(
        "result_huge",
        "The download of a result does not end, and names no length.",
        (RESULT,),
        (_size(5 * 2**30),),
        wire=result_huge,
    ),
    Scenario(
        "result_wrong_type",
        "The download is no picture, clip or sound.",
        (RESULT,),
        (
            Parameter(
                "what",
                "html",
                "what comes instead",
                ("html", "html_as_png", "svg", "executable", "empty"),
            ),
        ),
        wire=result_wrong_type,
    ),
)
