"""Checks of a chat request (docs/api-chat and the chat models' pages).

That unknown fields are refused is assumed, as for generations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..catalogue import Model
from ..checks import check_label
from ..choices import Choices
from ..errors import ApiError, invalid
from ..store import Store, StoredFile
from .talk import EFFORTS, Options

FIELDS = frozenset(
    {
        "model",
        "message",
        "session_id",
        "attachments",
        "enable_web_search",
        "reasoning_effort",
        "include_thoughts",
        "client_request_id",
    }
)


@dataclass(frozen=True)
class Question:
    """A request that passed. Options hold only what the model can do."""

    model: Model
    message: str
    session_id: str | None
    files: tuple[StoredFile, ...]
    options: Options


def check_question(
    body: dict[str, Any],
    catalogue: dict[str, Model],
    store: Store,
    choices: Choices,
    account: str,
) -> Question:
    """Apply every rule to a parsed body; raises ApiError."""
    _check_fields(body)
    model = _check_model(body.get("model"), catalogue)
    message = _check_message(body.get("message"), model)
    check_label(body.get("client_request_id"), choices)
    session_id = body.get("session_id")
    if session_id is not None and not isinstance(session_id, str):
        raise invalid("session_id must be a string.")
    options = _check_options(body, model["chat_capabilities"])
    entries = _check_entries(body.get("attachments"), choices)
    files = tuple(_check_attachment(file_id, model, store, account) for file_id in entries)
    return Question(model, message, session_id, files, options)


def _check_fields(body: dict[str, Any]) -> None:
    if "messages" in body:
        raise invalid(
            "messages is not accepted. Send one message; to go on with a talk, send the "
            "session_id of its first answer."
        )
    for key in body:
        if key not in FIELDS:
            raise invalid(f"{key[:60]} is not a field of this request.")


def _check_model(name: object, catalogue: dict[str, Model]) -> Model:
    if not isinstance(name, str) or not name:
        raise invalid("model is required and must be a string.")
    model = catalogue.get(name)
    if model is None or model["category"] != "chat" or model["api_status"] != "available":
        raise ApiError(
            "chat_model_not_supported",
            f"model {name[:80]} can't be used in Chat. Choose one of category chat in the list.",
        )
    return model


def _check_message(value: object, model: Model) -> str:
    if not isinstance(value, str):
        raise invalid("message is required and must be a string.")
    if not value.strip():
        raise invalid("message is empty.")
    limit = model["max_prompt_length"]
    if limit is not None and len(value) > limit:
        raise invalid(
            f"message has {len(value)} characters; the limit of {model['id']} is {limit}."
        )
    return value


def _check_options(body: dict[str, Any], able: dict[str, Any]) -> Options:
    """The options in effect: what the model can't do is ignored (docs/api-chat)."""
    for key in ("enable_web_search", "include_thoughts"):
        if not isinstance(body.get(key), bool | None):
            raise invalid(f"{key} must be true or false.")
    effort = body.get("reasoning_effort")
    effort = "default" if effort is None else effort
    if effort not in EFFORTS:
        raise invalid(f"reasoning_effort must be one of: {', '.join(EFFORTS)}.")
    return Options(
        web_search=bool(body.get("enable_web_search")) and able["web_search"],
        effort=effort if effort in able["reasoning_effort"] else "default",
        thoughts=bool(body.get("include_thoughts")) and able["thoughts"],
    )


def _check_entries(value: object, choices: Choices) -> list[str]:
    entries = [] if value is None else value
    if not isinstance(entries, list):
        raise invalid("attachments must be a list.")
    if len(entries) > choices.chat_attachments:
        raise invalid(
            f"attachments has {len(entries)} entries; the most is {choices.chat_attachments}."
        )
    return [_file_id(entry, f"attachments[{number}]") for number, entry in enumerate(entries)]


def _file_id(entry: object, where: str) -> str:
    if isinstance(entry, dict) and set(entry) == {"file_id"} and isinstance(entry["file_id"], str):
        return str(entry["file_id"])
    if isinstance(entry, dict) and "url" in entry:
        raise _unsupported(f"{where}: links are not accepted. Upload the image first.")
    raise invalid(f"{where} must be an object with the string file_id and nothing else.")


def _check_attachment(file_id: str, model: Model, store: Store, account: str) -> StoredFile:
    if not model["chat_capabilities"]["image_attachments"]:
        raise _unsupported(f"{model['id']} takes no attachments.")
    record = store.file(file_id)
    if record is None or record.account != account:
        raise _unsupported(f"The file {file_id[:60]} was not uploaded to this account.")
    if record.kind != "image":
        raise _unsupported(f"The file {file_id} is {record.kind}; only images can be attached.")
    return record


def _unsupported(message: str) -> ApiError:
    return ApiError("chat_attachment_not_supported", message)
