"""The server over a socket: one handler for a request, as its variant answers and its faults spoil it."""

from __future__ import annotations

import email.parser
import email.policy
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .faults import Fault
from .streams import stream_of
from .variants import Variant
from .world import KEY, Refused, World

API = "/api/v1"
Headers = Sequence[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    world: World
    _late: Fault | None = None

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword.lower() if self.world.variant.is_lower_case else keyword, value)

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0].removeprefix(API)
        fault = next((one for one in self.world.faults if one.meets(self.command, path)), None)
        self._late = fault if fault and fault.is_after else None
        if fault and not fault.is_after:
            self._spoil(fault, b"", "")
            return
        try:
            self._route(f"{self.command} {path}", path.rpartition("/")[2], raw)
        except Refused as refusal:
            self._refuse(refusal.status, refusal.code)

    def _route(self, asked: str, name: str, raw: bytes) -> None:
        world, variant = self.world, self.world.variant
        if asked.startswith("GET /media/"):
            self._media()
            return
        if asked == "GET /models":
            self._json(200, {"object": "list", "data": world.models()})
            return
        self._check_key()
        key = self.headers.get("Idempotency-Key", "")
        if asked == "GET /credits":
            told: float = world.credits
            self._json(200, {"current_credits": told + 0.5 if variant.amounts is float else told})
        elif asked == "POST /generations":
            task = world.submit(key, json.loads(raw))
            self._json(variant.accepted, world.shown(task))
        elif asked.startswith("GET /generations/"):
            self._json(200, world.shown(world.read(name)))
        elif asked == "POST /files":
            self._json(variant.uploaded, world.keep_file(*self._parts(raw)))
        elif asked.startswith("GET /files/"):
            self._json(200, world.file(name))
        elif asked == "POST /chat/completions":
            self._json(variant.answered, world.turn("whole", key, json.loads(raw)))
        elif asked == "POST /chat/completions/stream" and variant.has_streams:
            turn = world.turn("stream", key, json.loads(raw))
            self._send(200, stream_of(turn, variant), "text/event-stream; charset=utf-8")
        elif asked.startswith("GET /chat/sessions/"):
            self._json(200, world.session(name))
        else:
            raise Refused(404, "not_found")

    def _check_key(self) -> None:
        if self.headers["Authorization"] != f"Bearer {KEY}":
            raise Refused(401, "api_key_invalid")
        if self.world.key_code:
            raise Refused(401, self.world.key_code)

    def _parts(self, raw: bytes) -> tuple[str, str, bytes]:
        """Kind, type and bytes of an uploaded file."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in parser.parsebytes(head + raw).iter_parts()
        }
        if not {"kind", "file"} <= set(parts):
            raise Refused(400, "validation_failed")
        content = parts["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        kind = str(parts["kind"].get_payload()).strip()
        return kind, parts["file"].get_content_type(), content

    def _media(self) -> None:
        content = self.world.media.get(self.path)
        if content is None:
            self._send(403, b"<Error>AccessDenied</Error>", "application/xml")
            return
        self._send(200, content, "image/png")

    def _refuse(self, status: int, code: str, headers: Headers = ()) -> None:
        error = {"code": code, "message": f"{code}.", "requestId": "r1", "details": []}
        self._json(status, {"error": error}, headers)

    def _json(self, status: int, body: dict[str, Any], headers: Headers = ()) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: Headers = ()) -> None:
        if self._late is not None:
            fault, self._late = self._late, None
            self._spoil(fault, body, kind)
            return
        self._begin(status, kind, len(body), headers)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._write(body)

    def _write(self, body: bytes) -> None:
        size = self.world.variant.piece_bytes or len(body) or 1
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()

    def _begin(self, status: int, kind: str, length: int, headers: Headers = ()) -> None:
        variant = self.world.variant
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        if variant.request_id:
            self.send_header(variant.request_id, "req_of_the_header")
        for name, value in headers:
            self.send_header(name, value)
        if variant.has_length:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def _spoil(self, fault: Fault, usual: bytes, kind: str) -> None:
        """`usual` and `kind`: the body of the answer that was ready, and its type."""
        if fault.kind == "refuse":
            self._refuse(fault.status, fault.code, fault.headers())
        elif fault.kind == "page":
            self._send(fault.status, b"<html><h1>Gateway</h1></html>", "text/html")
        elif fault.kind == "redirect":
            away = [("Location", fault.text)]
            self._send(fault.status, b"", "text/plain", away)
        elif fault.kind == "say":
            self._send(200, fault.text.encode(), "application/json")
        else:
            if fault.kind == "half":
                self._begin(200, kind, len(usual))
                self.wfile.write(usual[: len(usual) // 2])
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def standing_in(variant: Variant) -> Iterator[World]:
    """The server on a free port for the length of the block."""
    world = World(variant)
    handler = type("Served", (Handler,), {"world": world, "protocol_version": variant.protocol})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        world.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()
