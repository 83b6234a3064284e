"""Receives callbacks: python webhook_receiver.py PORT. Needs RIVYA_WEBHOOK_SECRET and RIVYA_API_KEY.

The signature is checked over the raw bytes before they are read, and then the API is asked: only its
answer is believed. Put a proxy with https in front, and keep the ids of events that were handled.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

HEADER = "Rivya-Signature"  # t=<unix seconds>,v1=<hex>[,v1=<hex>]
TOLERANCE_SECONDS = 300
MOST_BYTES = 1024 * 1024


def is_signed(raw: bytes, header: str, secret: str, now: float) -> bool:
    """Whether one of the header's signatures is of these bytes, with this secret, and recent."""
    pairs = [part.strip().partition("=") for part in header[:4096].split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 11:
        return False
    wanted = hmac.new(secret.encode(), times[0].encode() + b"." + raw, hashlib.sha256).hexdigest()
    found = [value for name, _, value in pairs if name == "v1" and value.isascii()]
    is_match = any(hmac.compare_digest(wanted, value) for value in found)
    return is_match and abs(now - int(times[0])) <= TOLERANCE_SECONDS


def task_in(value: Any) -> str | None:
    """The id of the generation that an event speaks of, wherever it stands."""
    if isinstance(value, dict):
        found = value.get("id")
        if isinstance(found, str) and found.startswith("task_"):
            return found
        return next((task for part in value.values() if (task := task_in(part))), None)
    return None


def fresh_generation(task_id: str) -> dict[str, Any]:
    """What the API says of it now."""
    manifest = json.loads((Path(__file__).parent / "manifest.json").read_text(encoding="utf-8"))
    base_url = os.environ.get("RIVYA_BASE_URL", manifest["base_url"])
    headers = {"Authorization": f"Bearer {os.environ['RIVYA_API_KEY']}"}
    answer = httpx.get(f"{base_url}/api/v1/generations/{task_id}", headers=headers, timeout=30)
    answer.raise_for_status()
    return dict(answer.json())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return self._answer(413)
        raw = self.rfile.read(int(length))
        secret, header = os.environ["RIVYA_WEBHOOK_SECRET"], self.headers.get(HEADER, "")
        if not is_signed(raw, header, secret, time.time()):
            return self._answer(401)
        try:
            task_id = task_in(json.loads(raw))
        except ValueError:
            return self._answer(400)
        self._answer(204)
        if task_id:
            generation = fresh_generation(task_id)
            print(task_id, generation["status"], flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
