"""Another server of Rivya's API, written from its documentation alone: it imports nothing of the product.

Where the documentation leaves something open it chooses otherwise than the sandbox: 200 instead of 202, file
ids and MIME types under other names, other event names in the stream and no `[DONE]`, `Retry-After` as a date,
an insufficient balance as a failed task, results on a relative address, statuses after a while.
"""

from __future__ import annotations

import json
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "rvya_sk_sandbox_of_another_make"
PRICE = 2


class StandIn:
    """What the server knows; `posts` are the bodies of generations by their idempotency key."""

    def __init__(self) -> None:
        self.url = ""
        self.credits = 10
        self.posts: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.reads: dict[str, int] = {}
        self.limited = 0
        """How many of the next requests are answered 429."""

    def submit(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        if key in self.posts:
            return self.tasks[self.posts[key]["task"]]
        name = f"task_other{len(self.tasks)}"
        self.posts[key] = {"task": name, **body}
        is_poor = self.credits < PRICE
        self.credits -= 0 if is_poor else PRICE
        error = {"code": "insufficient_credits", "message": "The wallet is empty."}
        self.tasks[name] = {
            "id": name,
            "status": "failed" if is_poor else "queued",
            "model": body["model"],
            "reserved_credits": 0 if is_poor else PRICE,
            "final_credits": 0 if is_poor else None,
            "created_at": "2026-05-11T00:00:00.000Z",
            "updated_at": "2026-05-11T00:00:00.000Z",
            "result": None,
            "error": error if is_poor else None,
            "queue_position": 3,
        }
        return self.tasks[name]

    def read(self, name: str) -> dict[str, Any] | None:
        task = self.tasks.get(name)
        if task and task["status"] not in ("failed", "succeeded"):
            self.reads[name] = self.reads.get(name, 0) + 1
            task["status"] = "processing"
            if self.reads[name] >= 2:
                address = f"/media/{name}.png"
                task |= {"status": "succeeded", "final_credits": PRICE}
                task["result"] = {"primary_url": address, "urls": [address]}
        return task


MODEL = {
    "id": "other-image",
    "display_name": "Other Image",
    "category": "image",
    "api_status": "available",
    "api_input_status": "callable",
    "pricing": {"credits": PRICE},
    "params": [],
}
CHAT_MODEL = {
    "id": "other-chat",
    "display_name": "Other Chat",
    "category": "chat",
    "api_status": "available",
    "api_input_status": "callable",
    "runtime": "chat",
}


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = zlib.compress(b"\x00\xc0\x40\x20" * 1)
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: StandIn

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/media/"):
            self._send(200, _png(), "image/png")
        elif path == "/api/v1/models":
            self._json(200, {"object": "list", "data": [MODEL, CHAT_MODEL]})
        elif self._is_let_in():
            self._get(path)

    def _get(self, path: str) -> None:
        if path == "/api/v1/credits":
            self._json(200, {"current_credits": self.world.credits})
            return
        task = self.world.read(path.rpartition("/")[2])
        if path.startswith("/api/v1/generations/") and task:
            self._json(200, task)
            return
        self._refuse(404, "not_found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._is_let_in():
            return
        given = json.loads(body)
        if self.path == "/api/v1/generations":
            self._json(200, self.world.submit(self.headers["Idempotency-Key"], given))
        elif self.path == "/api/v1/chat/completions":
            self._json(201, self._turn(given))
        elif self.path == "/api/v1/chat/completions/stream":
            self._stream(given)
        else:
            self._refuse(404, "not_found")

    def _turn(self, given: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "turn-1",
            "object": "chat.completion",
            "session_id": "conversation-1",
            "model": given["model"],
            "created_at": "2026-05-11T00:00:00.000Z",
            "message": {
                "id": "m1",
                "role": "assistant",
                "content": f"You said: {given['message']}",
            },
            "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
            "credits": {"reserved": 1, "final": 1},
            "mood": "good",
        }

    def _stream(self, given: dict[str, Any]) -> None:
        """Unnamed events, CRLF, and no mark at the end."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        turn = self._turn(given)
        words = turn["message"]["content"].split(" ")
        pieces = [word if n == 0 else f" {word}" for n, word in enumerate(words)]
        for payload in ({"session_id": "conversation-1"}, *({"text": one} for one in pieces), turn):
            self.wfile.write(b": tick\r\ndata: " + json.dumps(payload).encode() + b"\r\n\r\n")
        self.close_connection = True

    def _is_let_in(self) -> bool:
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._refuse(401, "api_key_invalid")
            return False
        if self.world.limited:
            self.world.limited -= 1
            self._refuse(429, "rate_limited")
            return False
        return True

    def _refuse(self, status: int, code: str) -> None:
        self._json(status, {"error": {"code": code, "message": f"{code}.", "requestId": "r1"}})

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """The server on a free port for the length of the block."""
    world = StandIn()
    handler = type("Handler", (_Handler,), {"world": world})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        world.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()
