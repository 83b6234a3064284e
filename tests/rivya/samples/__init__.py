"""Answers of the service, as the pages named beside them show them."""

import json

# docs/api-generation-status
SUCCEEDED = {
    "id": "task_8s1",
    "status": "succeeded",
    "model": "z-image",
    "reserved_credits": 1,
    "final_credits": 1,
    "created_at": "2026-05-10T00:00:00.000Z",
    "updated_at": "2026-05-10T00:01:00.000Z",
    "result": {
        "primary_url": "https://cdn.example/a.png",
        "urls": ["https://cdn.example/a.png"],
    },
    "error": None,
}

# docs/api-generation-status
FAILED = SUCCEEDED | {
    "id": "task_8s2",
    "status": "failed",
    "final_credits": 0,
    "result": None,
    "error": {"code": "generation_failed", "message": "Short reason."},
}

# docs/api/models/z-image
QUEUED = SUCCEEDED | {"status": "queued", "final_credits": 0, "result": None}

# docs/api-files; all members but the url are assumed
FILE = {
    "id": "file_3kd",
    "object": "file",
    "kind": "video",
    "url": "https://files.example/u/3kd.mp4",
    "name": "clip.mp4",
    "mime_type": "video/mp4",
    "size_bytes": 482113,
    "duration_seconds": 6.2,
    "duration_token": "dur_abc",
}

# docs/api-models; the members of params and reference_media are assumed
MODEL = {
    "id": "nano-banana-2",
    "display_name": "Nano Banana 2",
    "category": "image",
    "runtime": "async_task",
    "base_credits": 5,
    "billing_type": "FIXED",
    "supported_modes": ["text-to-image"],
    "max_prompt_length": 20000,
    "reference_media": {
        "max_files": 14,
        "kinds": ["image"],
        "limits": [{"kind": "image", "max_size_mb": 30, "mime_types": ["image/png"]}],
    },
    "params": [
        {
            "key": "aspect_ratio",
            "type": "select",
            "required": False,
            "default": "1:1",
            "min": None,
            "max": None,
            "step": None,
            "options": ["1:1", "16:9"],
            "description": "Aspect ratio",
        }
    ],
    "api_status": "available",
    "api_input_status": "partial_requires_files",
    "supported_api_inputs": ["text", "file"],
    "requires_files_api": True,
    "requires_upload_for_modes": ["image-to-image"],
    "url_input_supported": False,
    "file_kinds": ["image"],
    "chat_capabilities": None,
    "notices": ["Reference images are read in order."],
}


def as_json(value: object) -> str:
    return json.dumps(value)


def refusal(code: str, message: str = "Human readable text.", request_id: str = "req_01") -> str:
    """The error envelope (docs/api-errors-and-limits)."""
    return json.dumps({"error": {"code": code, "message": message, "requestId": request_id}})
