"""Everything that can go wrong in a call to Rivya, as one tree.

    RivyaError
    ├── ConnectionFailed        provably not sent: refused, no such host, TLS, no free connection
    ├── OutcomeUnknown          sent, perhaps acted on, but no usable answer arrived
    │   └── DeadlineExceeded    the same, because the whole call took too long
    ├── BadAnswer               a 2xx that is not the documented shape: truncated, HTML, too large
    │   └── RedirectRefused     a 3xx; redirects are never followed
    └── StatusError             a 4xx or 5xx, with the vendor's error code
        ├── AuthenticationFailed    401
        ├── ScopeDenied             403
        ├── InsufficientCredits     402
        ├── RateLimited             429
        ├── ValidationFailed        400 and kin
        │   ├── WebhookUrlRejected          webhook_url_rejected
        │   ├── ChatModelNotSupported       chat_model_not_supported
        │   └── ChatAttachmentNotSupported  chat_attachment_not_supported
        ├── NotFound                404
        ├── IdempotencyConflict     409
        ├── ChatSessionConflict     409 chat_session_conflict
        ├── ApiDisabled             503 public_api_disabled
        └── ServerFailure           any other 5xx, and 408

The vendor's code chooses the class; an unknown code is judged by its HTTP status.

Three marks steer the caller. `retryable`: the same request may be repeated after a wait, a
generation only with the same idempotency key and bytes. `permanent`: this request will never
be accepted. Neither: somebody has to act first (new key, more credits).
"""

from typing import ClassVar, Final, Literal

Spent = Literal["no", "yes", "unknown"]

_SPENT_SENTENCES: Final[dict[Spent, str]] = {
    "no": "No credits were spent.",
    "yes": "Credits were spent.",
    "unknown": "Credits may have been spent.",
}


class RivyaError(Exception):
    """A call to Rivya failed; `str(error)` says what happened, `action` what to do next.

    `code`: the vendor's error code, or ours where none came. `http_status`: None if no status
    line arrived. `sent`: False only if provably nothing reached the server, None if unsure.
    `spent`: whether credits may be gone. `body`: what the server wrote, shortened, keys masked.
    `retry_after`: seconds the server asks to wait, or None.
    """

    default_code: ClassVar[str] = "rivya_error"
    default_spent: ClassVar[Spent] = "unknown"
    default_sent: ClassVar[bool | None] = None
    retryable: ClassVar[bool] = False
    permanent: ClassVar[bool] = False
    action: ClassVar[str] = "Look at the details of this call and try again."

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        sent: bool | None = None,
        spent: Spent | None = None,
        body: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.http_status = http_status
        self.request_id = request_id
        self.sent = self.default_sent if sent is None else sent
        self.spent: Spent = spent or self.default_spent
        self.body = body
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """What happened, what was spent, and what to do next, for a person."""
        return f"{self} {_SPENT_SENTENCES[self.spent]} {self.action}"


class ConnectionFailed(RivyaError):
    """Nothing reached the server: refused, host not found, TLS refused, or no connection free."""

    default_code = "connection_failed"
    default_spent: ClassVar[Spent] = "no"
    default_sent = False
    retryable = True
    action = "Check the network and the address of the service; the call can simply be repeated."


class OutcomeUnknown(RivyaError):
    """The request was sent, at least in part, and the answer was lost."""

    default_code = "outcome_unknown"
    retryable = True
    action = "Repeat the very same request with the same idempotency key; never with a new one."


class DeadlineExceeded(OutcomeUnknown):
    """The whole call, retries included, took longer than allowed and was cut."""

    default_code = "deadline_exceeded"


class BadAnswer(RivyaError):
    """A 2xx answer that cannot be used: not JSON, truncated, too large, or fields are missing."""

    default_code = "bad_answer"
    default_sent = True
    retryable = True
    action = (
        "Check that the address is Rivya's and that no proxy stands between; then repeat the "
        "same request with the same idempotency key."
    )


class RedirectRefused(BadAnswer):
    """A 3xx answer. The key belongs to one address, so no redirect is followed."""

    default_code = "redirect_refused"
    retryable = False
    action = "Correct the address of the service; redirects are never followed."


class StatusError(RivyaError):
    """A 4xx or 5xx answer."""

    default_code = "status_error"
    default_spent: ClassVar[Spent] = "no"
    default_sent = True
    permanent = True
    action = "Compare the request with the model's entry in the model list."


class AuthenticationFailed(StatusError):
    """The key is missing, unknown, revoked or expired."""

    default_code = "api_key_invalid"
    permanent = False
    action = "Enter a valid API key; waiting tasks continue by themselves after that."


class ScopeDenied(StatusError):
    """The key is valid and may not make this call."""

    default_code = "api_scope_denied"
    permanent = False
    action = "Create a key that holds the missing scope and enter it."


class InsufficientCredits(StatusError):
    """The wallet does not carry the reservation; no task was created."""

    default_code = "insufficient_credits"
    permanent = False
    action = "Top up the wallet, then continue."


class RateLimited(StatusError):
    """Too many requests in the current window."""

    default_code = "rate_limited"
    retryable = True
    permanent = False
    action = "Wait as long as the server asks; the call is then repeated."


class ValidationFailed(StatusError):
    """The body, the model, the prompt, a parameter or a file was refused."""

    default_code = "validation_failed"
    action = "Correct the named field; the model's entry in the model list has its limits."


class WebhookUrlRejected(ValidationFailed):
    """The address of a webhook endpoint may not be called."""

    default_code = "webhook_url_rejected"
    action = (
        "Use a public https address without user name and fragment; addresses of this machine "
        "and of a local network are not accepted."
    )


class ChatModelNotSupported(ValidationFailed):
    """The model does not exist in the Chat API."""

    default_code = "chat_model_not_supported"
    action = "Choose an available chat model from the model list."


class ChatAttachmentNotSupported(ValidationFailed):
    """An attachment is no uploaded image, or the model takes none."""

    default_code = "chat_attachment_not_supported"
    action = (
        "Attach images that were uploaded to Rivya, to a model that takes images; or send the "
        "message without them."
    )


class NotFound(StatusError):
    """The task, file, session or endpoint does not exist, or belongs to another account."""

    default_code = "not_found"
    action = "Check the identifier and that the key belongs to the account that created it."


class IdempotencyConflict(StatusError):
    """This idempotency key was used with another body, or its first call is still running."""

    default_code = "idempotency_conflict"
    default_spent: ClassVar[Spent] = "unknown"
    retryable = True
    permanent = False
    action = "Wait a little and repeat the same request; do not send it under a new key."


class ChatSessionConflict(StatusError):
    """The session cannot take this turn: other account, other model, or not made by the API."""

    default_code = "chat_session_conflict"
    action = "Start a new session, or use the account and the model that this one began with."


class ApiDisabled(StatusError):
    """The vendor has switched the public API off for now."""

    default_code = "public_api_disabled"
    retryable = True
    permanent = False
    action = "Wait until Rivya's API is switched on again; nothing needs to be changed."


class ServerFailure(StatusError):
    """The server failed; whether it acted on the request first is not known."""

    default_code = "internal_error"
    default_spent: ClassVar[Spent] = "unknown"
    retryable = True
    permanent = False
    action = "Repeat the very same request with the same idempotency key after a while."


# "docs/api-errors-and-limits"; insufficient_credits "docs/api-credits"; internal_error assumed.
ERRORS_BY_CODE: Final[dict[str, type[StatusError]]] = {
    "public_api_disabled": ApiDisabled,
    "api_key_missing": AuthenticationFailed,
    "api_key_invalid": AuthenticationFailed,
    "api_key_revoked": AuthenticationFailed,
    "api_key_expired": AuthenticationFailed,
    "api_scope_denied": ScopeDenied,
    "rate_limited": RateLimited,
    "validation_failed": ValidationFailed,
    "webhook_url_rejected": WebhookUrlRejected,
    "chat_model_not_supported": ChatModelNotSupported,
    "chat_attachment_not_supported": ChatAttachmentNotSupported,
    "chat_session_conflict": ChatSessionConflict,
    "not_found": NotFound,
    "idempotency_conflict": IdempotencyConflict,
    "insufficient_credits": InsufficientCredits,
    "internal_error": ServerFailure,
}

_ERRORS_BY_STATUS: Final[dict[int, type[StatusError]]] = {
    401: AuthenticationFailed,
    402: InsufficientCredits,
    403: ScopeDenied,
    404: NotFound,
    408: ServerFailure,  # whoever gave up waiting, a proxy perhaps, cannot say what happened
    409: IdempotencyConflict,
    429: RateLimited,
}


def status_error_class(code: str | None, http_status: int) -> type[StatusError]:
    """Class for an answer: by the vendor's code if known, else by the HTTP status."""
    if code is not None and code in ERRORS_BY_CODE:
        return ERRORS_BY_CODE[code]
    if http_status >= 500:
        return ServerFailure
    return _ERRORS_BY_STATUS.get(http_status, ValidationFailed)
