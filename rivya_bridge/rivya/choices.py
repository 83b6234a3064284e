"""What the vendor's documentation leaves open, decided once and named here.

Every value says whether a page documents it or it is assumed, so that a
correction after meeting the live service is a change of one line.
"""

from typing import Final

# --- Addresses -----------------------------------------------------------------------------

#: Path below which every call lives ("docs/api-quickstart").
API_PREFIX: Final = "/api/v1"

#: Prefix of the keys of a local stand-in; such a key never leaves this machine (our rule).
SANDBOX_KEY_PREFIX: Final = "rvya_sk_sandbox"

#: The model list is public ("docs/api-models"), so it is asked without the key: a revoked key
#: then cannot hide the catalogue.
MODELS_NEED_KEY: Final = False

# --- Scopes ("docs/api-authentication") ------------------------------------------------------

SCOPES: Final = (
    "models:read",
    "credits:read",
    "generations:read",
    "generations:create",
    "files:read",
    "files:create",
    "chat:read",
    "chat:create",
    "webhooks:manage",
)

#: An id that no task and no file has: asking for it tells the scope and nothing else.
ABSENT_ID: Final = "bridge_scope_check_00000000"

# --- Headers -------------------------------------------------------------------------------

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"  # "docs/api-generations"
REQUEST_ID_HEADER: Final = "X-Request-Id"  # assumed; the envelope's requestId is preferred

# --- Limits of what is sent (assumed, except the trace label's, see "docs/api-files") --------

IDEMPOTENCY_KEY_MAX: Final = 255
CLIENT_REQUEST_ID_MAX: Final = 128

# --- States ("docs/api-generation-status"); "never leaves a terminal state" is assumed -------

TERMINAL_STATUSES: Final = frozenset({"succeeded", "failed"})

#: `api_status` of a model that can be called ("docs/api-models").
AVAILABLE_STATUS: Final = "available"

#: `api_status` values that say that the API cannot run the model ("docs/api-models"); `unlisted` is
#: our own word for an entry that left the list. A missing or unknown word closes nothing: Rivya
#: refuses by itself what it cannot run, and charges nothing for that.
CLOSED_STATUSES: Final = frozenset({"coming_soon", "studio_only", "unlisted"})

#: `api_input_status` values that imply uploads ("docs/api-models").
FILES_API_INPUT_STATUSES: Final = frozenset({"partial_requires_files", "requires_files_api"})

# --- Upload limits where a model names none ("docs/api-files") ------------------------------

#: Kind -> (largest size in MB of 1,048,576 bytes, accepted MIME types).
FILE_LIMITS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "image": (10, ("image/jpeg", "image/png", "image/webp")),
    "video": (50, ("video/mp4", "video/quicktime", "video/webm")),
    "audio": (
        10,
        ("audio/mpeg", "audio/mp4", "audio/wav", "audio/x-wav", "audio/aac", "audio/ogg"),
    ),
}

# --- Credits -------------------------------------------------------------------------------

#: Larger figures are taken for damage, not for money (our rule).
CREDITS_MAX: Final = 2**31 - 1

# --- Spellings of one field, the documented or likelier one first (assumed) -----------------

FILE_ID_KEYS: Final = ("id", "file_id")
MIME_TYPE_KEYS: Final = ("mime_type", "mimeType")
SIZE_KEYS: Final = ("size_bytes", "sizeBytes", "size")
DURATION_KEYS: Final = ("duration_seconds", "durationSeconds")
DURATION_TOKEN_KEYS: Final = ("duration_token", "durationToken")

# --- Retries inside one call ("docs/api-errors-and-limits" says: back off; figures assumed) --

RETRIED_HTTP_STATUSES: Final = frozenset({429, *range(500, 600)})
BACKOFF_BASE_SECONDS: Final = 1.0
BACKOFF_CAP_SECONDS: Final = 30.0
#: A server that asks for more patience than this gets it from the caller, not from a sleep.
RETRY_AFTER_CAP_SECONDS: Final = 30.0
