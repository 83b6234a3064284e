"""Rivya's API v1 as a client: plain Python over httpx, with no database and no settings.

with Rivya(base_url="https://rivya.ai", api_key=key) as client:
    generation = client.generations.create("z-image", "a slate table")
"""

from rivya_bridge.rivya._calls import Timeouts
from rivya_bridge.rivya.chat_stream import ChatStream
from rivya_bridge.rivya.client import Rivya, check_access
from rivya_bridge.rivya.downloads import (
    Downloaded,
    Downloader,
    DownloadError,
    DownloadFailed,
    DownloadRefused,
)
from rivya_bridge.rivya.errors import (
    ApiDisabled,
    AuthenticationFailed,
    BadAnswer,
    ChatAttachmentNotSupported,
    ChatModelNotSupported,
    ChatSessionConflict,
    ConnectionFailed,
    DeadlineExceeded,
    IdempotencyConflict,
    InsufficientCredits,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RedirectRefused,
    RivyaError,
    ScopeDenied,
    ServerFailure,
    StatusError,
    ValidationFailed,
    WebhookUrlRejected,
)
from rivya_bridge.rivya.limits import (
    FileFacts,
    FileNotAccepted,
    accepted_kinds,
    check_file,
    limit_of,
    max_references,
)
from rivya_bridge.rivya.outbound import (
    LocalPostRefused,
    Posted,
    Poster,
    PostFailed,
    PostRefused,
    check_post_url,
)
from rivya_bridge.rivya.resources.scopes import ScopeState
from rivya_bridge.rivya.signatures import SignatureRefused, fresh_generation, verify_webhook
from rivya_bridge.rivya.types.answer import AnswerMeta
from rivya_bridge.rivya.types.chat import (
    ChatCapabilities,
    ChatCompletion,
    ChatEvent,
    ChatMessage,
    ChatSession,
    EndReason,
    StreamSession,
    TextDelta,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnIncomplete,
    read_capabilities,
)
from rivya_bridge.rivya.types.credits import Credits
from rivya_bridge.rivya.types.file import RemoteFile
from rivya_bridge.rivya.types.generation import Generation
from rivya_bridge.rivya.types.model import KindLimit, Model, Param, ReferenceMedia
from rivya_bridge.rivya.types.webhook import (
    EventUnreadable,
    ReportedGeneration,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    read_event,
)

__all__ = [
    "AnswerMeta",
    "ApiDisabled",
    "AuthenticationFailed",
    "BadAnswer",
    "ChatAttachmentNotSupported",
    "ChatCapabilities",
    "ChatCompletion",
    "ChatEvent",
    "ChatMessage",
    "ChatModelNotSupported",
    "ChatSession",
    "ChatSessionConflict",
    "ChatStream",
    "ConnectionFailed",
    "Credits",
    "DeadlineExceeded",
    "DownloadError",
    "DownloadFailed",
    "DownloadRefused",
    "Downloaded",
    "Downloader",
    "EndReason",
    "EventUnreadable",
    "FileFacts",
    "FileNotAccepted",
    "Generation",
    "IdempotencyConflict",
    "InsufficientCredits",
    "KindLimit",
    "LocalPostRefused",
    "Model",
    "NotFound",
    "OutcomeUnknown",
    "Param",
    "PostFailed",
    "PostRefused",
    "Posted",
    "Poster",
    "RateLimited",
    "RedirectRefused",
    "ReferenceMedia",
    "RemoteFile",
    "ReportedGeneration",
    "Rivya",
    "RivyaError",
    "ScopeDenied",
    "ScopeState",
    "ServerFailure",
    "SignatureRefused",
    "StatusError",
    "StreamSession",
    "TextDelta",
    "Timeouts",
    "TurnCompleted",
    "TurnEnd",
    "TurnFailed",
    "TurnIncomplete",
    "ValidationFailed",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookUrlRejected",
    "accepted_kinds",
    "check_access",
    "check_file",
    "check_post_url",
    "fresh_generation",
    "limit_of",
    "max_references",
    "read_capabilities",
    "read_event",
    "verify_webhook",
]
