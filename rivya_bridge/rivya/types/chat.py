"""Chat turns, sessions and the events of a stream ("docs/api-chat"; sessions are assumed)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rivya_bridge.rivya.choices import REASONING_EFFORTS
from rivya_bridge.rivya.errors import RivyaError, Spent, StatusError
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta
from rivya_bridge.rivya.types.model import Model


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. `role`: user or assistant. `attachments`: ids of uploaded files."""

    id: str | None
    role: str
    content: str
    attachments: tuple[str, ...]
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChatCompletion:
    """A finished turn.

    `session_id` continues the conversation; None only if the answer lost it. Tokens and credits
    are whole numbers, None where the answer names none. `raw`: the whole answer.
    """

    id: str | None
    session_id: str | None
    model: str
    created_at: datetime | None
    message: ChatMessage
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    reserved_credits: int | None
    final_credits: int | None
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A conversation at the vendor, tied to one account and one model.

    `messages`: oldest first; () in a list of sessions, which carries none.
    """

    id: str
    model: str
    title: str | None
    created_at: datetime | None
    updated_at: datetime | None
    messages: tuple[ChatMessage, ...]
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChatCapabilities:
    """What a chat model takes, filled up where its entry in the model list is silent."""

    streaming: bool
    web_search: bool
    image_attachments: bool
    thoughts: bool
    reasoning_efforts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StreamSession:
    """The stream names its session. `turn_id`: the id of the turn, if it is named as well."""

    session_id: str
    turn_id: str | None
    model: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnCompleted:
    """The end of a stream: the whole turn, with what it cost."""

    completion: ChatCompletion


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """The end of a stream: the vendor reported an error. `text`: what had arrived before."""

    error: StatusError
    text: str


EndReason = Literal["ended", "broken", "idle", "stalled", "deadline", "too_large", "stopped"]


@dataclass(frozen=True, slots=True)
class TurnIncomplete:
    """The end of a stream that told neither success nor failure; read the session again.

    `reason`: the server closed it (`ended`), the connection broke (`broken`), no byte (`idle`) or
    no event (`stalled`) came for too long, the whole time was used up (`deadline`), it grew beyond
    a cap (`too_large`), or this side closed it (`stopped`). `text`: what had arrived. `spent`: "no"
    only if the request provably never left. `error`: what the network said, if it did.
    """

    reason: EndReason
    text: str
    session_id: str | None
    spent: Spent = "unknown"
    error: RivyaError | None = None


TurnEnd = TurnCompleted | TurnFailed | TurnIncomplete
ChatEvent = StreamSession | TextDelta | TurnEnd


def read_completion(
    data: dict[str, Any], meta: AnswerMeta, *, streamed_text: str | None = None
) -> ChatCompletion:
    """A ChatCompletion from JSON. Raises BadAnswer without a text.

    `streamed_text` stands in for a text that the end of a stream does not repeat.
    """
    message = _object(data.get("message"))
    content = message.get("content")
    if not isinstance(content, str):
        content = streamed_text
    if content is None:
        fields.missing("chat turn", "message.content", data, meta, "unknown")
    usage, credits = _object(data.get("usage")), _object(data.get("credits"))
    return ChatCompletion(
        id=fields.identifier(data.get("id")),
        session_id=fields.identifier(data.get("session_id")),
        model=fields.text(data.get("model")) or "",
        created_at=fields.moment(data.get("created_at")),
        message=_read_message(message, content, "assistant"),
        input_tokens=fields.count(usage.get("input_tokens")),
        output_tokens=fields.count(usage.get("output_tokens")),
        total_tokens=fields.count(usage.get("total_tokens")),
        reserved_credits=fields.credit_amount(credits.get("reserved")),
        final_credits=fields.credit_amount(credits.get("final")),
        meta=meta,
        raw=data,
    )


def read_sessions(data: dict[str, Any], meta: AnswerMeta) -> list[ChatSession]:
    """Every session of a list that has an id. Raises BadAnswer if there is no list at all."""
    entries = fields.listed(data, "session list", meta)
    return [
        read_session(entry, meta)
        for entry in fields.objects(entries)
        if fields.identifier(entry.get("id")) is not None
    ]


def read_session(data: dict[str, Any], meta: AnswerMeta) -> ChatSession:
    """A ChatSession from JSON. Raises BadAnswer without an id."""
    session_id = fields.identifier(data.get("id"))
    if session_id is None:
        fields.missing("chat session", "id", data, meta, "no")
    messages = fields.objects(data.get("messages"))
    return ChatSession(
        id=session_id,
        model=fields.text(data.get("model")) or "",
        title=fields.text(data.get("title")),
        created_at=fields.moment(data.get("created_at")),
        updated_at=fields.moment(data.get("updated_at")),
        messages=tuple(
            _read_message(entry, fields.text(entry.get("content")) or "", "") for entry in messages
        ),
        meta=meta,
        raw=data,
    )


def read_capabilities(model: Model) -> ChatCapabilities:
    """What `model` takes in a chat. Where the list says nothing: streaming, and images if it lists
    `file` among its inputs; a bare `true` for reasoning means every documented effort."""
    said = model.chat_capabilities or {}
    takes_images = fields.truth(said.get("image_attachments"))
    streams = fields.truth(said.get("streaming"))
    efforts = said.get("reasoning_effort")
    return ChatCapabilities(
        streaming=True if streams is None else streams,
        web_search=fields.truth(said.get("web_search")) or False,
        image_attachments=(
            "file" in model.supported_api_inputs if takes_images is None else takes_images
        ),
        thoughts=fields.truth(said.get("thoughts")) or False,
        reasoning_efforts=REASONING_EFFORTS if efforts is True else _efforts(efforts),
    )


def _efforts(value: Any) -> tuple[str, ...]:
    return fields.texts(value) or REASONING_EFFORTS[:1]


def _read_message(data: dict[str, Any], content: str, usual_role: str) -> ChatMessage:
    attached = data.get("attachments")
    ids = [entry.get("file_id") for entry in fields.objects(attached)] + list(
        fields.texts(attached)
    )
    return ChatMessage(
        id=fields.identifier(data.get("id")),
        role=fields.text(data.get("role")) or usual_role,
        content=content,
        attachments=tuple(found for found in map(fields.identifier, ids) if found),
        created_at=fields.moment(data.get("created_at")),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
