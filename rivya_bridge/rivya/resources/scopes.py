"""https://rivya.ai/docs/api-authentication: which scopes a key holds, found out without side effects.

No call of the API lists a key's scopes. A read of something that does not exist answers "not found"
to a key that holds the scope and "scope denied" to one that does not; an empty body answers
"validation failed" or "scope denied", because scopes are checked before bodies (assumed).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._deadline import Deadline
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya.choices import ABSENT_ID, SCOPES
from rivya_bridge.rivya.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    NotFound,
    RivyaError,
    ScopeDenied,
    ValidationFailed,
)

State = Literal["held", "missing", "unknown"]

CALL_SECONDS: Final = 8.0
ALL_SECONDS: Final = 20.0
_EMPTY: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class ScopeState:
    """One scope. `reason`: why it could not be told, for `unknown`."""

    scope: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Probe:
    """A call, and the refusal that shows that its scope is held (None: only success does)."""

    scope: str
    call: Call
    shows_scope: type[RivyaError] | None = None


def _read(scope: str, path: str, shows: type[RivyaError] | None = None) -> _Probe:
    return _Probe(scope, Call("GET", path, seconds=CALL_SECONDS, max_retries=0), shows)


def _empty_post(scope: str, path: str) -> _Probe:
    call = Call("POST", path, content=b"{}", headers=_EMPTY, seconds=CALL_SECONDS, max_retries=0)
    return _Probe(scope, call, ValidationFailed)


# The wallet comes first: it tells whether the key is accepted at all.
_PROBES: Final = (
    _read("credits:read", "/credits"),
    _read("generations:read", f"/generations/{ABSENT_ID}", NotFound),
    _empty_post("generations:create", "/generations"),
    _read("files:read", f"/files/{ABSENT_ID}", NotFound),
    _empty_post("files:create", "/files"),
    _read("chat:read", "/chat/sessions"),
    _empty_post("chat:create", "/chat/completions"),
    _read("webhooks:manage", "/webhooks"),
)


def probe_scopes(
    http: HttpPath, monotonic: Callable[[], float] = time.monotonic
) -> tuple[ScopeState, ...]:
    """The state of every documented scope, in the order of the documents. See `Rivya.probe_scopes`."""
    found = {state.scope: state for state in _probe_all(http, Deadline(ALL_SECONDS, monotonic))}
    public = ScopeState("models:read", "unknown", "The model list is public and needs no key.")
    silent = "The server stopped answering before it was asked."
    return tuple(
        found.get(scope)
        or (public if scope == public.scope else ScopeState(scope, "unknown", silent))
        for scope in SCOPES
    )


def _probe_all(http: HttpPath, deadline: Deadline) -> Iterator[ScopeState]:
    """Ends early when the server stops answering or the time for all is over."""
    for number, probe in enumerate(_PROBES):
        if deadline.is_over:
            return
        try:
            yield _ask(http, probe)
        except AuthenticationFailed:
            raise
        except RivyaError as error:
            if number == 0:
                raise
            yield ScopeState(probe.scope, "unknown", str(error))
            if isinstance(error, ConnectionFailed):
                return


def _ask(http: HttpPath, probe: _Probe) -> ScopeState:
    """Raises RivyaError when the answer tells nothing about the scope."""
    try:
        http.send(probe.call)
    except ScopeDenied as error:
        if ScopeDenied.default_code in error.body:
            return ScopeState(probe.scope, "missing")
        raise  # some 403 of a proxy in between, which knows nothing of scopes
    except (NotFound, ValidationFailed) as error:
        if probe.shows_scope is None or not isinstance(error, probe.shows_scope):
            return ScopeState(probe.scope, "unknown", str(error))
    return ScopeState(probe.scope, "held")
