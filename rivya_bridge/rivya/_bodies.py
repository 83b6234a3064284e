"""Reading an answer's body piece by piece, so that no answer can fill the memory.

Compressed bytes are unpacked here in bounded pieces: 64 KiB of gzip can unpack to 64 MiB, which
would stand in memory before any cap is looked at.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import httpx

PIECE_BYTES: Final = 65_536
_AUTO_HEADER: Final = 47  # zlib: 15 bits of window, and recognise gzip and zlib headers


class BodyTooLarge(Exception):
    """More bytes, after unpacking, than the cap allows."""


class BodyDamaged(Exception):
    """Compressed bytes that end early or cannot be unpacked, or an unknown compression."""


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """The unpacked body in pieces of at most 64 KiB. Raises BodyDamaged, httpx errors."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from response.iter_raw()
    elif encoding in ("gzip", "x-gzip", "deflate"):
        yield from _unpacked(response.iter_raw())
    else:
        raise BodyDamaged(f"unknown compression {encoding[:40]!r}")


def read_capped(response: httpx.Response, cap_bytes: int) -> bytes:
    """The whole body, at most `cap_bytes`. Raises BodyTooLarge, BodyDamaged, httpx errors."""
    body = bytearray()
    for piece in pieces(response):
        body += piece
        if len(body) > cap_bytes:
            raise BodyTooLarge(f"the answer is larger than {cap_bytes} bytes")
    return bytes(body)


def read_start(response: httpx.Response, cap_bytes: int) -> bytes:
    """As much of the body as arrives, at most `cap_bytes`; whatever stops it ends it quietly.

    For error answers: the status line is the message, the body only explains it.
    """
    body = bytearray()
    try:
        for piece in pieces(response):
            body += piece
            if len(body) >= cap_bytes:
                break
    except (BodyDamaged, httpx.TransportError):
        pass
    return bytes(body[:cap_bytes])


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_AUTO_HEADER)
    try:
        for data in packed:
            while data and not unpacker.eof:
                yield unpacker.decompress(data, PIECE_BYTES)
                data = unpacker.unconsumed_tail
        while not unpacker.eof and (rest := unpacker.decompress(b"", PIECE_BYTES)):
            yield rest
    except zlib.error as error:
        raise BodyDamaged("the compressed answer cannot be unpacked") from error
    if not unpacker.eof:
        raise BodyDamaged("the compressed answer ends early")
