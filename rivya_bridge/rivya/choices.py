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
#: Where an answer may name its request; the envelope's `requestId` is preferred (all assumed).
REQUEST_ID_HEADERS: Final = ("X-Request-Id", "Request-Id", "X-Rivya-Request-Id", "Rivya-Request-Id")

# --- Limits of what is sent (assumed, except the trace label's, see "docs/api-files") --------

IDEMPOTENCY_KEY_MAX: Final = 255
CLIENT_REQUEST_ID_MAX: Final = 128
WEBHOOK_NAME_MAX: Final = 120
#: Entries of a list of deliveries or events in one answer.
LIST_LIMIT_MAX: Final = 100

# --- Limits of what is read (our rule) -------------------------------------------------------

JSON_CAP_BYTES: Final = 4 * 1024 * 1024
ERROR_CAP_BYTES: Final = 64 * 1024
#: One chat stream, one event of it, one line of it.
STREAM_CAP_BYTES: Final = 16 * 1024 * 1024
STREAM_EVENT_CAP_BYTES: Final = 1024 * 1024
STREAM_LINE_CAP_BYTES: Final = 1024 * 1024

# --- States ("docs/api-generation-status"); "never leaves a terminal state" is assumed -------

SUCCEEDED_STATUS: Final = "succeeded"
TERMINAL_STATUSES: Final = frozenset({SUCCEEDED_STATUS, "failed"})

#: Any 2xx is a success: no page shows the codes.
SUCCESS_STATUSES: Final = range(200, 300)

#: `api_status` of a model that can be called ("docs/api-models").
AVAILABLE_STATUS: Final = "available"

#: `api_status` values that say that the API cannot run the model ("docs/api-models"); `unlisted` is
#: our own word for an entry that left the list. A missing or unknown word closes nothing: Rivya
#: refuses by itself what it cannot run, and charges nothing for that.
CLOSED_STATUSES: Final = frozenset({"coming_soon", "studio_only", "unlisted"})

#: `api_input_status` values that imply uploads ("docs/api-models").
FILES_API_INPUT_STATUSES: Final = frozenset({"partial_requires_files", "requires_files_api"})

# --- Upload limits where a model names none ("docs/api-files") ------------------------------

#: "MB" of a limit; exactly the limit is allowed (both assumed).
MEGABYTE: Final = 1_048_576

#: Two spellings of one format; a limit that names either means both (our rule).
SAME_MIME_TYPES: Final = {
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
}

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

#: Entries of a list: models name it `data` ("docs/api-models"); the other lists are assumed.
LIST_KEYS: Final = ("data", "items")
FILE_ID_KEYS: Final = ("id", "file_id")
PARAM_KEY_KEYS: Final = ("key", "name")
MIME_TYPE_KEYS: Final = ("mime_type", "mimeType")
SIZE_KEYS: Final = ("size_bytes", "sizeBytes", "size")
DURATION_KEYS: Final = ("duration_seconds", "durationSeconds")
DURATION_TOKEN_KEYS: Final = ("duration_token", "durationToken")

# --- Chat ("docs/api-chat") ------------------------------------------------------------------

#: The switch for thought mode: the feature is documented, its name is assumed.
CHAT_THOUGHTS_KEY: Final = "include_thoughts"
#: Values of `reasoning_effort`, the default first ("docs/api/models/gpt-5-3-codex-chat").
REASONING_EFFORTS: Final = ("default", "minimal", "low", "medium", "high", "xhigh")

#: Where a stream's payload may hold a piece of text, tried in this order (assumed).
STREAM_TEXT_PATHS: Final = (("delta",), ("delta", "content"), ("content_delta",), ("text",))
#: A payload with all of these is the finished turn (assumed).
STREAM_FINAL_KEYS: Final = ("message", "usage")
STREAM_ERROR_KEY: Final = "error"  # assumed
STREAM_SESSION_KEY: Final = "session_id"  # assumed
#: A payload that is no JSON and means nothing (assumed).
STREAM_DONE: Final = "[DONE]"
#: How a server answers at the stream's address if it has no streams (assumed).
NO_ROUTE_STATUSES: Final = frozenset({404, 405})
STREAM_MEDIA_TYPE: Final = "text/event-stream"  # "docs/api-chat"

# --- Webhooks ("docs/api-webhooks"; whatever is not marked otherwise is assumed) ---------------

WEBHOOK_EVENT_TYPES: Final = ("generation.succeeded", "generation.failed")  # documented
#: Where an event may hold its generation: the first object that has id, status and model.
EVENT_GENERATION_PATHS: Final = (("data",), ("data", "object"), ("data", "generation"))
EVENT_GENERATION_KEYS: Final = ("id", "status", "model")
EVENT_TEST_KEY: Final = "test"
#: The name of the secret is documented, the second spelling is assumed.
SIGNING_SECRET_KEYS: Final = ("signing_secret", "secret")

#: `Rivya-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256>`, the key being the whole secret and
#: the message `<t>.<raw body>`. Every part of it is assumed.
SIGNATURE_HEADER: Final = "Rivya-Signature"
SIGNATURE_TIME_FIELD: Final = "t"
SIGNATURE_FIELD: Final = "v1"
SIGNATURE_ENCODING: Final = "hex"
#: What is cut off a secret before it becomes the key: nothing.
SIGNATURE_SECRET_PREFIX: Final = ""
SIGNATURE_TOLERANCE_SECONDS: Final = 300

# --- Retries inside one call ("docs/api-errors-and-limits" says: back off; figures assumed) --

RETRIED_HTTP_STATUSES: Final = frozenset({429, *range(500, 600)})
#: Methods whose repetition changes nothing more; any other needs an idempotency key. PATCH stands
#: here because an update of a webhook endpoint sends whole values.
REPEATABLE_METHODS: Final = frozenset({"GET", "PATCH", "DELETE"})
BACKOFF_BASE_SECONDS: Final = 1.0
BACKOFF_CAP_SECONDS: Final = 30.0
#: A server that asks for more patience than this gets it from the caller, not from a sleep.
RETRY_AFTER_CAP_SECONDS: Final = 30.0
