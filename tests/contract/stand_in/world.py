"""What the server knows: tasks, files, conversations and one wallet. Time is counted in readings."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from .faults import Fault
from .variants import Variant

KEY = "rvya_sk_of_another_make"
PRICE = 2
TURN_PRICE = 1
MOMENT = "2026-05-11T00:00:00.000Z"

IMAGE = {
    "id": "other-image",
    "display_name": "Other Image",
    "category": "image",
    "runtime": "async_task",
    "base_credits": PRICE,
    "billing_type": "FIXED",
    "max_prompt_length": 300,
    "reference_media": {
        "max_files": 2,
        "kinds": ["image", "audio"],
        "limits": [{"kind": "image", "max_size_mb": 1, "mime_types": ["image/png"]}],
    },
    "params": [{"key": "ratio", "type": "select", "default": "1:1", "options": ["1:1", "2:1"]}],
    "api_status": "available",
    "api_input_status": "partial_requires_files",
    "file_kinds": ["image", "audio"],
}
CHAT = {
    "id": "other-chat",
    "display_name": "Other Chat",
    "category": "chat",
    "base_credits": TURN_PRICE,
    "api_status": "available",
    "supported_api_inputs": ["text", "file"],
    "chat_capabilities": {"streaming": True, "image_attachments": True},
}
BARE = ("id", "display_name", "category")


class Refused(Exception):
    """An error of the documentation's table."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class World:
    """One account. `journal` holds what was charged, by the id of the task or the turn."""

    def __init__(self, variant: Variant) -> None:
        self.url = ""
        self.variant = variant
        self.credits = 100
        self.key_code = ""
        """The code with which the key is refused now, "" while it is good."""
        self.faults: list[Fault] = []
        self.journal: dict[str, int] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.media: dict[str, bytes] = {}
        self.sessions: dict[str, list[dict[str, Any]]] = {}
        self._keys: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
        self._reads: dict[str, int] = {}

    def models(self) -> list[dict[str, Any]]:
        models: list[dict[str, Any]] = [IMAGE, CHAT]
        if self.variant.has_bare_models:
            return [{name: model[name] for name in BARE} for model in models]
        return models

    def submit(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new task, or the one that this key has made before."""
        known = self._known("generations", key, body)
        if known is not None:
            return known
        if body.get("model") != IMAGE["id"] or "files" in body:
            raise Refused(400, "validation_failed")
        for item in body.get("params", {}).get("referenceMediaItems", []):
            self._check_reference(item)
        is_poor = self.credits < PRICE
        if is_poor and self.variant.unpaid != "task":
            raise Refused(int(self.variant.unpaid), "insufficient_credits")
        name = f"gen-{len(self.tasks)}"
        self.credits -= 0 if is_poor else PRICE
        task = {
            "id": name,
            "status": "failed" if is_poor else "queued",
            "model": body["model"],
            "reserved_credits": 0 if is_poor else PRICE,
            "final_credits": 0,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "result": None,
            "error": {"code": "insufficient_credits", "message": "Too low."} if is_poor else None,
        }
        self.tasks[name] = task
        self.bodies.append(body)
        self._keys["generations", key] = (body, task)
        return task

    def read(self, name: str) -> dict[str, Any]:
        """The task, a step further with each reading."""
        task = self.tasks.get(name)
        count = self._reads[name] = self._reads.get(name, 0) + 1
        if task is None or count <= self.variant.unknown_reads:
            raise Refused(404, "not_found")
        if task["status"] in ("succeeded", "failed"):
            return task
        steps = ["dreaming" if self.variant.unclear_end else "processing"]
        step = count - self.variant.unknown_reads
        if step <= len(steps):
            task["status"] = steps[step - 1]
        else:
            self._finish(task)
        return task

    def _finish(self, task: dict[str, Any]) -> None:
        paths = [f"/media/{task['id']}-{n}.png" for n in range(self.variant.results)]
        self.media |= {path: picture(n) for n, path in enumerate(paths)}
        urls = [self.address(path) for path in paths]
        named = {"both": ("primary_url", "urls"), "primary": ("primary_url",), "urls": ("urls",)}
        result = {"primary_url": urls[0], "urls": urls}
        names = named[self.variant.result_names]
        task["result"] = {name: result[name] for name in names}
        task["status"] = "succeeded"
        task["final_credits"] = self.journal[task["id"]] = PRICE

    def address(self, path: str) -> str:
        return path if self.variant.is_relative else f"{self.url}{path}"

    def keep_file(self, kind: str, mime_type: str, content: bytes) -> dict[str, Any]:
        name = f"f{len(self.files)}"
        path = f"/media/up-{name}"
        self.media[path] = content
        token = None if kind == "image" else f"dur_{name}"
        told = {
            "documented": {
                "id": name,
                "mime_type": mime_type,
                "size_bytes": len(content),
                "duration_token": token,
            },
            "camel": {"file_id": name, "mimeType": mime_type, "durationToken": token},
            "least": {"id": name, "duration_token": token},
        }[self.variant.files]
        self.files[name] = told | {"url": self.address(path), "kind": kind}
        return self.files[name]

    def file(self, name: str) -> dict[str, Any]:
        if name not in self.files:
            raise Refused(404, "not_found")
        return self.files[name]

    def _check_reference(self, item: dict[str, Any]) -> None:
        found = next((one for one in self.files.values() if one["url"] == item["url"]), None)
        token = found and (found.get("duration_token") or found.get("durationToken"))
        if found is None or token != item.get("durationToken"):
            raise Refused(400, "validation_failed")

    def turn(self, route: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """A finished turn; a key is known per route."""
        known = self._known(route, key, body)
        if known is not None:
            return known
        if body.get("model") != CHAT["id"]:
            raise Refused(400, "chat_model_not_supported")
        if not body.get("message") or "messages" in body:
            raise Refused(400, "validation_failed")
        if any(one["file_id"] not in self.files for one in body.get("attachments", [])):
            raise Refused(400, "chat_attachment_not_supported")
        session = body.get("session_id") or f"conversation-{len(self.sessions)}"
        if body.get("session_id") and session not in self.sessions:
            raise Refused(409, "chat_session_conflict")
        if self.credits < TURN_PRICE:
            raise Refused(402, "insufficient_credits")
        said = self.sessions.setdefault(session, [])
        text = f"Grüße — you said: {body['message']}"
        said.append({"id": f"m{len(said)}", "role": "user", "content": body["message"]})
        said.append({"id": f"m{len(said)}", "role": "assistant", "content": text})
        turn = {
            "id": f"turn-{session}-{len(said)}",
            "session_id": session,
            "model": body["model"],
            "message": said[-1],
            "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
            "credits": {"reserved": TURN_PRICE, "final": TURN_PRICE},
        }
        self.credits -= TURN_PRICE
        self.journal[turn["id"]] = TURN_PRICE
        self._keys[route, key] = (body, turn)
        return turn

    def session(self, name: str) -> dict[str, Any]:
        if name not in self.sessions:
            raise Refused(404, "not_found")
        return {"id": name, "model": CHAT["id"], "messages": self.sessions[name]}

    def _known(self, route: str, key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        first, answer = self._keys.get((route, key), (body, None))
        if first != body:
            raise Refused(409, "idempotency_conflict")
        return answer

    def shown(self, task: dict[str, Any]) -> dict[str, Any]:
        """A task as this variant tells it."""
        told = dict(task)
        for name in ("reserved_credits", "final_credits"):
            told[name] = self.variant.amounts(told[name])
        if self.variant.charge == "absent":
            del told["final_credits"]
        elif self.variant.charge == "null" and not task["final_credits"]:
            told["final_credits"] = None
        if self.variant.has_extra_members:
            told |= {"object": "generation", "progress": None, "queue": {"position": 3}}
        return told


def picture(number: int) -> bytes:
    """A PNG of one pixel whose colour the number decides."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes([0, 40 * number % 256, 0x40, 0x20]))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
