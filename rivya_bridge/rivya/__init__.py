"""Rivya's API v1 as a client: plain Python over httpx, with no database and no settings.

with Rivya(base_url="https://rivya.ai", api_key=key) as client:
    generation = client.generations.create("z-image", "a slate table")
"""

from rivya_bridge.rivya._http import Timeouts
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
)
from rivya_bridge.rivya.resources.scopes import ScopeState
from rivya_bridge.rivya.types.answer import AnswerMeta
from rivya_bridge.rivya.types.credits import Credits
from rivya_bridge.rivya.types.file import RemoteFile
from rivya_bridge.rivya.types.generation import Generation
from rivya_bridge.rivya.types.model import KindLimit, Model, Param, ReferenceMedia

__all__ = [
    "AnswerMeta",
    "ApiDisabled",
    "AuthenticationFailed",
    "BadAnswer",
    "ConnectionFailed",
    "Credits",
    "DeadlineExceeded",
    "DownloadError",
    "DownloadFailed",
    "DownloadRefused",
    "Downloaded",
    "Downloader",
    "Generation",
    "IdempotencyConflict",
    "InsufficientCredits",
    "KindLimit",
    "Model",
    "NotFound",
    "OutcomeUnknown",
    "Param",
    "RateLimited",
    "RedirectRefused",
    "ReferenceMedia",
    "RemoteFile",
    "Rivya",
    "RivyaError",
    "ScopeDenied",
    "ScopeState",
    "ServerFailure",
    "StatusError",
    "Timeouts",
    "ValidationFailed",
    "check_access",
]
