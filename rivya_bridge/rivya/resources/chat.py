"""https://rivya.ai/docs/api-chat"""

import uuid
from collections.abc import Sequence
from urllib.parse import quote

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya._json import canonical
from rivya_bridge.rivya.chat_stream import ChatStream
from rivya_bridge.rivya.choices import CHAT_THOUGHTS_KEY, STREAM_MEDIA_TYPE
from rivya_bridge.rivya.resources._checks import (
    check_client_request_id,
    check_idempotency_key,
    check_identifier,
)
from rivya_bridge.rivya.types.chat import (
    ChatCompletion,
    ChatSession,
    read_completion,
    read_session,
    read_sessions,
)


class Chat:
    """Chat turns, whole or streamed. `sessions`: the conversations that they belong to."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http
        self.sessions = ChatSessions(http)

    def complete(
        self,
        model: str,
        message: str,
        *,
        session_id: str | None = None,
        attachments: Sequence[str] = (),
        enable_web_search: bool | None = None,
        reasoning_effort: str | None = None,
        include_thoughts: bool | None = None,
        client_request_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> ChatCompletion:
        """POST /chat/completions from its parts; costs credits. Fields as in `build_body`.

        Without `idempotency_key` a fresh one is made, so that retries inside this call are safe;
        to survive a lost answer, keep a key of your own. Raises RivyaError, ValueError.
        """
        body = self.build_body(
            model,
            message,
            session_id=session_id,
            attachments=attachments,
            enable_web_search=enable_web_search,
            reasoning_effort=reasoning_effort,
            include_thoughts=include_thoughts,
            client_request_id=client_request_id,
        )
        return self.submit(body, idempotency_key=idempotency_key or uuid.uuid4().hex)

    @staticmethod
    def build_body(
        model: str,
        message: str,
        *,
        session_id: str | None = None,
        attachments: Sequence[str] = (),
        enable_web_search: bool | None = None,
        reasoning_effort: str | None = None,
        include_thoughts: bool | None = None,
        client_request_id: str | None = None,
    ) -> bytes:
        """The request body as canonical JSON: equal arguments give equal bytes.

        `session_id`: None starts a new session. `attachments`: ids of uploaded images. The three
        options take effect where the model has them. Fields that are None, and an empty list of
        attachments, are left out. Raises ValueError.
        """
        check_identifier("model", model)
        if not message:
            raise ValueError("message must not be empty: write what the model should answer")
        if session_id is not None:
            check_identifier("session_id", session_id)
        for file_id in attachments:
            check_identifier("attachments", file_id)
        check_client_request_id(client_request_id)
        body = {
            "model": model,
            "message": message,
            "session_id": session_id,
            "attachments": [{"file_id": file_id} for file_id in attachments] or None,
            "enable_web_search": enable_web_search,
            "reasoning_effort": reasoning_effort,
            CHAT_THOUGHTS_KEY: include_thoughts,
            "client_request_id": client_request_id,
        }
        return canonical({key: value for key, value in body.items() if value is not None})

    def submit(
        self, body: bytes, *, idempotency_key: str, max_retries: int | None = None
    ) -> ChatCompletion:
        """POST /chat/completions with exactly these bytes under this key; costs credits.

        Needs the scope chat:create. `max_retries`: None takes the client's own number.
        Raises RivyaError (look at `spent`), ValueError for a key that no header can carry.
        """
        answer = self._http.send(self._whole_call(body, idempotency_key, max_retries))
        return read_completion(answer.data, answer.meta)

    def stream(
        self,
        body: bytes,
        *,
        idempotency_key: str,
        max_retries: int | None = None,
        whole_if_no_stream: bool = False,
    ) -> ChatStream:
        """POST /chat/completions/stream with exactly these bytes under this key; costs credits.

        Nothing is sent before the stream is entered or iterated. Needs the scope chat:create.
        `whole_if_no_stream`: a server without this route is asked for the whole turn instead; only
        for a key that was never sent before, because a key is known per route.
        Raises ValueError for a key that no header can carry; RivyaError comes on entering.
        """
        seconds = self._http.timeouts.stream_idle
        path = "/chat/completions/stream"
        call = self._call(path, body, idempotency_key, max_retries, seconds)
        call.headers["Accept"] = f"{STREAM_MEDIA_TYPE}, application/json"
        call.headers["Accept-Encoding"] = "identity"  # a packer would hold events back
        whole = self._whole_call(body, idempotency_key, max_retries) if whole_if_no_stream else None
        return ChatStream(self._http, call, whole)

    def _whole_call(self, body: bytes, key: str, max_retries: int | None) -> Call:
        seconds = self._http.timeouts.chat
        return self._call("/chat/completions", body, key, max_retries, seconds)

    def _call(
        self, path: str, body: bytes, key: str, max_retries: int | None, seconds: float
    ) -> Call:
        check_idempotency_key(key)
        return Call(
            "POST",
            path,
            content=bytes(body),
            headers={"Content-Type": "application/json"},
            idempotency_key=key,
            can_spend=True,
            seconds=seconds,
            read_seconds=seconds,
            max_retries=max_retries,
        )


class ChatSessions:
    """Conversations that were begun through the API."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def list(self) -> list[ChatSession]:
        """GET /chat/sessions, without their messages. Needs chat:read. Raises RivyaError."""
        answer = self._http.send(Call("GET", "/chat/sessions"))
        return read_sessions(answer.data, answer.meta)

    def retrieve(self, session_id: str) -> ChatSession:
        """GET /chat/sessions/{sessionId} with its messages. Needs the scope chat:read.

        Raises RivyaError, ValueError.
        """
        check_identifier("session_id", session_id)
        answer = self._http.send(Call("GET", f"/chat/sessions/{quote(session_id, safe='')}"))
        return read_session(answer.data, answer.meta)
