"""Every choice the public documents leave open, named once.

Facts that are documented live beside the code that applies them; what stands here
is assumed and may be changed when the live service is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MEGABYTE = 1_048_576

ALL_SCOPES = frozenset(
    {
        "models:read",
        "generations:create",
        "generations:read",
        "files:create",
        "files:read",
        "credits:read",
        "webhooks:manage",
        "chat:create",
        "chat:read",
    }
)
READ_SCOPES = frozenset(scope for scope in ALL_SCOPES if scope.endswith(":read"))


MAIN_ACCOUNT = "sandbox"


@dataclass(frozen=True)
class SeedKey:
    """One API key: its state, what it may do, and the account it belongs to."""

    state: str
    scopes: frozenset[str]
    account: str = MAIN_ACCOUNT


SEED_KEYS: dict[str, SeedKey] = {
    "rvya_sk_sandbox_full": SeedKey("active", ALL_SCOPES),
    "rvya_sk_sandbox_readonly": SeedKey("active", READ_SCOPES),
    "rvya_sk_sandbox_revoked": SeedKey("revoked", ALL_SCOPES),
    "rvya_sk_sandbox_expired": SeedKey("expired", ALL_SCOPES),
    "rvya_sk_sandbox_other": SeedKey("active", ALL_SCOPES, account="other"),
}

ERROR_STATUS: dict[str, int] = {
    "public_api_disabled": 503,
    "api_key_missing": 401,
    "api_key_invalid": 401,
    "api_key_revoked": 401,
    "api_key_expired": 401,
    "api_scope_denied": 403,
    "rate_limited": 429,
    "validation_failed": 400,
    "not_found": 404,
    "webhook_url_rejected": 400,
    "chat_model_not_supported": 400,
    "chat_session_conflict": 409,
    "chat_attachment_not_supported": 400,
    "idempotency_conflict": 409,
    "insufficient_credits": 402,
    "internal_error": 500,
}

CHAT_ABILITIES: dict[str, tuple[bool, bool, tuple[str, ...]]] = {
    "claude-sonnet-4-6-chat": (False, True, ("default", "low", "medium", "high")),
    "gemini-2-5-flash-chat": (True, True, ("default",)),
    "gpt-5-2-chat": (True, False, ("default", "minimal", "low", "medium", "high", "xhigh")),
    "gpt-5-3-codex-chat": (True, False, ("default", "low", "medium", "high", "xhigh")),
    "gpt-5-codex-chat": (False, False, ("default", "low", "medium", "high")),
    "gpt-5.4-codex-chat": (True, False, ("default", "low", "medium", "high", "xhigh")),
}
"""Web search, thoughts and reasoning efforts of the chat models."""

DEFAULT_SIZE_MB: dict[str, int] = {"image": 10, "video": 50, "audio": 10}
DEFAULT_MIME_TYPES: dict[str, tuple[str, ...]] = {
    "image": ("image/jpeg", "image/png", "image/webp"),
    "video": ("video/mp4", "video/quicktime", "video/webm"),
    "audio": (
        "audio/mpeg",
        "audio/mp4",
        "audio/wav",
        "audio/x-wav",
        "audio/aac",
        "audio/ogg",
    ),
}


@dataclass(frozen=True)
class Choices:
    """Settings of one running sandbox. Times are seconds, sizes are bytes."""

    speed: float = 1.0
    rate_limit: int = 60
    """Requests per window and key; 0 switches the limit off."""
    rate_window_seconds: float = 60.0
    opening_balance: int = 5000
    """Credits of a new wallet; a wallet that exists keeps its own balance."""

    control_token: str = ""
    """What the control routes ask for; without one they serve this machine only."""

    request_id_header: str = "X-Request-Id"
    sandbox_header: str = "X-Rivya-Sandbox"
    created_generation_status: int = 202
    created_file_status: int = 201

    idempotency_retention_seconds: float = 24 * 3600.0
    idempotency_key_length: int = 255
    client_request_id_length: int = 128
    json_body_bytes: int = 2 * MEGABYTE
    upload_overhead_bytes: int = 64 * 1024
    """Room for multipart boundaries and text fields around the file."""
    discarded_upload_bytes: int = 256 * MEGABYTE
    """How much of a refused upload is read on, so that the sender sees the answer."""

    queued_seconds: float = 0.8
    """Longest wait before work begins; the real wait is spread below it by id."""
    processing_seconds: dict[str, float] = field(
        default_factory=lambda: {"image": 2.0, "audio": 3.0, "video": 5.0}
    )
    failure_marker: str = "sandbox:fail"
    requires_duration_token: bool = True
    """Uploaded video and audio may only be referenced with their duration token."""
    duration_tolerance_seconds: float = 0.1
    render_threads: int = 2

    created_webhook_status: int = 201
    allow_local_webhooks: bool = False
    """Endpoints may use http and stand on this machine."""
    webhook_name_length: int = 120
    webhook_timeout_seconds: float = 10.0
    webhook_retry_seconds: tuple[float, ...] = (60.0, 300.0, 1800.0, 7200.0, 43200.0)
    """Waits after each failed attempt; one more attempt than waits."""
    webhook_retry_scale: float = 1.0
    """Multiplies the waits, which are also divided by the speed."""
    webhook_hold_seconds: float = 30.0
    """Longest wait for a later event, where callbacks are to arrive out of order."""
    webhook_connections: int = 64
    webhook_connections_per_endpoint: int = 4
    """Callbacks under way at once, in all and to one endpoint."""
    chat_thinking_seconds: float = 0.6
    """Wait before the first word of an answer."""
    chat_pieces_per_second: float = 30.0
    chat_credits_per_thousand_tokens: float = 4.0
    """Price of output; input costs a fifth of it. Never more than was reserved."""
    chat_ping_seconds: float = 15.0
    chat_attachments: int = 8
    """Most attachments of one message."""
