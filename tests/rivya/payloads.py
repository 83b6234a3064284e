"""The samples that most tests of the client send, and how to write one as a body."""

import json

from tests.samples import sample

SUCCEEDED = sample("generation/succeeded")
FAILED = sample("generation/failed")
QUEUED = sample("generation/queued")
FILE = sample("file/video")
MODEL = sample("model/image_references")
COMPLETION = sample("chat/completion")


def as_json(value: object) -> str:
    return json.dumps(value)


def refusal(code: str, message: str = "Human readable text.", request_id: str = "req_01") -> str:
    """The error envelope (docs/api-errors-and-limits)."""
    return json.dumps({"error": {"code": code, "message": message, "requestId": request_id}})
