"""A model as the public list describes it ("docs/api-models"; sub-objects are assumed)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rivya_bridge.rivya.choices import (
    AVAILABLE_STATUS,
    CLOSED_STATUSES,
    FILE_LIMITS,
    FILES_API_INPUT_STATUSES,
    PARAM_KEY_KEYS,
)
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class KindLimit:
    """What one reference file of a kind may be. `max_size_mb` in MB of 1,048,576 bytes.

    None and () mean that no limit is known, which happens only for kinds unknown today.
    """

    max_size_mb: int | float | None
    mime_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReferenceMedia:
    """Reference files a model takes. `max_files`: None where the list names no number."""

    max_files: int | None
    kinds: tuple[str, ...]
    limits: Mapping[str, KindLimit] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `type`: select, number or text. Select values are always strings."""

    key: str
    type: str
    required: bool
    default: Scalar
    min: int | float | None
    max: int | float | None
    step: int | float | None
    options: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the model list.

    `base_credits`: whole credits, None where the entry names none. `max_prompt_length`:
    characters, None for no documented limit. `api_status`, `api_input_status`: the vendor's
    words, "" if absent. `chat_capabilities`: as it came. `raw`: the whole entry.
    """

    id: str
    display_name: str
    category: str
    runtime: str
    base_credits: int | None
    billing_type: str
    supported_modes: tuple[str, ...]
    max_prompt_length: int | None
    reference_media: ReferenceMedia | None
    params: tuple[Param, ...]
    api_status: str
    api_input_status: str
    supported_api_inputs: tuple[str, ...]
    requires_files_api: bool
    requires_upload_for_modes: tuple[str, ...]
    url_input_supported: bool
    file_kinds: tuple[str, ...]
    chat_capabilities: dict[str, Any] | None = field(hash=False)
    notices: tuple[str, ...]
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)

    @property
    def is_available(self) -> bool:
        """False only where the status says that the API cannot run the model."""
        return self.api_status not in CLOSED_STATUSES

    @property
    def is_readiness_known(self) -> bool:
        """Whether the status is one of those that the documents explain."""
        return self.api_status == AVAILABLE_STATUS or not self.is_available


def read_models(data: dict[str, Any], meta: AnswerMeta) -> list[Model]:
    """Every usable entry of the list. Raises BadAnswer if there is no list at all."""
    entries = fields.listed(data, "model list", meta)
    models = (_read_model(entry, meta) for entry in fields.objects(entries))
    return [model for model in models if model is not None]


def _read_model(data: dict[str, Any], meta: AnswerMeta) -> Model | None:
    """A Model, or None for an entry without an id: it could not be asked for anyway."""
    model_id = fields.identifier(data.get("id"))
    if model_id is None:
        return None
    category = fields.text(data.get("category")) or ""
    input_status = fields.text(data.get("api_input_status")) or ""
    media = _read_media(data.get("reference_media"))
    requires_files = fields.truth(data.get("requires_files_api"))
    capabilities = data.get("chat_capabilities")
    kinds = fields.texts(data.get("file_kinds"))
    return Model(
        id=model_id,
        display_name=fields.text(data.get("display_name")) or model_id,
        category=category,
        runtime=fields.text(data.get("runtime")) or _usual_runtime(category),
        base_credits=fields.credit_amount(data.get("base_credits")),
        billing_type=fields.text(data.get("billing_type")) or "",
        supported_modes=fields.texts(data.get("supported_modes")),
        max_prompt_length=fields.count(data.get("max_prompt_length")),
        reference_media=media,
        params=_read_params(data.get("params")),
        api_status=fields.text(data.get("api_status")) or "",
        api_input_status=input_status,
        supported_api_inputs=fields.texts(data.get("supported_api_inputs")),
        requires_files_api=(
            input_status in FILES_API_INPUT_STATUSES if requires_files is None else requires_files
        ),
        requires_upload_for_modes=fields.texts(data.get("requires_upload_for_modes")),
        url_input_supported=fields.truth(data.get("url_input_supported")) or False,
        file_kinds=kinds or (media.kinds if media else ()),
        chat_capabilities=capabilities if isinstance(capabilities, dict) else None,
        notices=_read_notices(data.get("notices")),
        meta=meta,
        raw=data,
    )


def _usual_runtime(category: str) -> str:
    return "chat" if category == "chat" else "async_task"


def _read_params(value: Any) -> tuple[Param, ...]:
    params = (_read_param(entry) for entry in fields.objects(value))
    return tuple(param for param in params if param is not None)


def _read_param(data: dict[str, Any]) -> Param | None:
    key = fields.identifier(fields.first(data, PARAM_KEY_KEYS))
    if key is None:
        return None
    options = _read_options(data.get("options"))
    default = data.get("default")
    return Param(
        key=key,
        type=fields.text(data.get("type")) or ("select" if options else "text"),
        required=fields.truth(data.get("required")) or False,
        default=default if isinstance(default, str | int | float | bool) else None,
        min=fields.number(data.get("min")),
        max=fields.number(data.get("max")),
        step=fields.number(data.get("step")),
        options=options,
        description=fields.text(data.get("description")) or "",
    )


def _read_options(value: Any) -> tuple[str, ...]:
    """Options as the strings to send; `true` and `5` are spelled as the model pages spell them."""
    if not isinstance(value, list):
        return ()
    return tuple(word for word in map(_option, value) if word is not None)


def _option(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if fields.number(value) is not None:
        return str(value)
    return value if isinstance(value, str) else None


def _read_notices(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    said = (item.get("message") if isinstance(item, dict) else item for item in value)
    return tuple(item for item in said if isinstance(item, str) and item)


def _read_media(value: Any) -> ReferenceMedia | None:
    if not isinstance(value, dict):
        return None
    named = _named_limits(value.get("limits"))
    kinds = fields.texts(value.get("kinds")) or tuple(named)
    return ReferenceMedia(
        max_files=fields.count(value.get("max_files")),
        kinds=kinds,
        limits={kind: _limit(kind, named.get(kind, {})) for kind in kinds},
    )


def _named_limits(value: Any) -> dict[str, dict[str, Any]]:
    """Kind -> its limit entry, from a list of entries or from an object keyed by kind."""
    if isinstance(value, dict):
        return {kind: entry for kind, entry in value.items() if isinstance(entry, dict)}
    entries = ((fields.text(entry.get("kind")), entry) for entry in fields.objects(value))
    return {kind: entry for kind, entry in entries if kind is not None}


def _limit(kind: str, entry: dict[str, Any]) -> KindLimit:
    """The model's own limit, filled up from the defaults of the Files API."""
    default_size, default_types = FILE_LIMITS.get(kind, (None, ()))
    size = fields.number(entry.get("max_size_mb"))
    return KindLimit(
        max_size_mb=size if size is not None and size > 0 else default_size,
        mime_types=fields.texts(entry.get("mime_types")) or default_types,
    )
