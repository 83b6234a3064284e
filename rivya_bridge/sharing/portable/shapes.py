"""The shape of every document of an exported experiment, as JSON Schema."""

from collections.abc import Sequence
from typing import Any

from rivya_bridge.comparison.services import CONCLUSION_LENGTH, MOST_RUNS, TITLE_LENGTH
from rivya_bridge.comparison.view_state import LENGTH as STATE_LENGTH
from rivya_bridge.experiments import fields
from rivya_bridge.promotion.models import ResultConsumer
from rivya_bridge.promotion.readiness import services as readiness
from rivya_bridge.promotion.readiness.questions import API, QUESTIONS, STUDIO, UNKNOWN
from rivya_bridge.promotion.readiness.questions import VERDICTS as VERDICT_WORDS
from rivya_bridge.sharing.portable.documents import (
    BALLOTS,
    CELLS,
    COMPARISONS,
    CONSUMERS,
    EXPERIMENT,
    FILES,
    FORMAT,
    OVERRIDES,
    RUNS,
    SWEEPS,
    VERDICTS,
)
from rivya_bridge.sweeps import plans
from rivya_bridge.sweeps.expansion import MOST_AXES, MOST_COMBINATIONS
from rivya_bridge.sweeps.models import Sweep, SweepTry
from rivya_bridge.sweeps.values import MOST_VALUES
from rivya_bridge.tasks.models import Status

MOST_INT = 2**31 - 1
LONG_TEXT = 4_000_000


def _text(most: int = 500) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _whole(least: int = 0, most: int = MOST_INT) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "null"}, shape]}


def _word(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _list(shape: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": shape, "maxItems": most}


def _object(**members: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
MOMENT = {"type": "string", "maxLength": 40, "format": "moment"}
ANY_OBJECT = {"type": "object"}
NUMBER = _whole(1)
CATEGORY = _word("image", "video", "audio", "chat")
DONE = {"type": "boolean"}

_EXPERIMENT = _object(
    title={**_text(fields.TITLE_LENGTH), "minLength": 1},
    question=_text(fields.QUESTION_LENGTH),
    brief=_text(fields.BRIEF_LENGTH),
    category=CATEGORY,
    tags=_list(_text(fields.TAG_LENGTH), fields.MAX_TAGS),
    status=_word("exploring", "settled", "archived"),
    run_count=_whole(),
    accepted_count=_whole(),
    rejected_count=_whole(),
    spent_credits=_whole(most=2**53),
    created_at=MOMENT,
    updated_at=MOMENT,
    preview=_or_null(SHA256),
)
_FILE = _object(
    sha256=SHA256,
    kind=_word("image", "video", "audio"),
    mime_type=_text(60),
    size_bytes=_whole(1, 2**40),
    name={**_text(200), "minLength": 1},
)
_EVENT = _object(seq=_whole(), at=MOMENT, kind=_text(40), text=_text(LONG_TEXT), data=ANY_OBJECT)
_SENDING = _object(
    number=_whole(),
    started_at=MOMENT,
    ended_at=_or_null(MOMENT),
    outcome=_text(40),
    http_status=_or_null(_whole()),
    request_id=_text(255),
    response=_text(LONG_TEXT),
    error=_text(LONG_TEXT),
)
# Absent from what was written before a task could be sent with other bytes.
_SENDING["properties"]["earlier_body"] = _text(LONG_TEXT)
_TASK = _object(
    kind=_word("generation", "chat"),
    base_url=_text(300),
    model_id=_text(120),
    category=_text(20),
    draft=ANY_OBJECT,
    search_text=_text(20_000),
    group_label=_text(200),
    status=_word(*Status.values),
    remote_id=_or_null(_text(255)),
    remote_status=_text(60),
    remote_payload={},
    request_sha256=_text(64),
    session_id=_text(255),
    answer_text=_text(LONG_TEXT),
    is_cut=DONE,
    input_tokens=_or_null(_whole()),
    output_tokens=_or_null(_whole()),
    attempts=_whole(),
    polls=_whole(),
    poll_errors=_whole(),
    downloads=_whole(),
    exposure=_word("none", "possible", "accepted"),
    held_from=_text(12),
    reason=_text(60),
    reason_text=_text(LONG_TEXT),
    error_code=_text(120),
    error_message=_text(LONG_TEXT),
    request_id=_text(255),
    estimated_credits=_whole(),
    reserved_credits=_or_null(_whole()),
    final_credits=_or_null(_whole()),
    created_at=MOMENT,
    updated_at=MOMENT,
    first_sent_at=_or_null(MOMENT),
    accepted_at=_or_null(MOMENT),
    cancel_requested_at=_or_null(MOMENT),
    finished_at=_or_null(MOMENT),
    idempotency_key=_text(200),
    request_body=_or_null(_text(LONG_TEXT)),
    references=_list(SHA256, 100),
    outputs=_list(_object(position=_whole(), url=_text(8_000), file=_or_null(SHA256)), 1_000),
    events=_list(_EVENT, 10_000),
    sendings=_list(_SENDING, 1_000),
)
_RUN = _object(
    number=NUMBER,
    source=_word("studio", "api"),
    model_id={**_text(120), "minLength": 1},
    category=_text(8),
    prompt=_text(LONG_TEXT),
    params=ANY_OBJECT,
    result_text=_text(LONG_TEXT),
    studio_credits=_or_null(_whole()),
    studio_seconds=_or_null({"type": "number", "minimum": 0, "maximum": 1e9}),
    counted_credits=_or_null(_whole()),
    rating=_or_null(_whole(1, 5)),
    verdict=_word("", "accepted", "rejected"),
    note=_text(fields.NOTE_LENGTH),
    created_at=MOMENT,
    updated_at=MOMENT,
    continues_from=_or_null(NUMBER),
    references=_list(SHA256, 1_000),
    results=_list(SHA256, 1_000),
    task=_or_null(_TASK),
)
_COMPARISON = _object(
    title={**_text(TITLE_LENGTH), "minLength": 1},
    conclusion=_text(CONCLUSION_LENGTH),
    view_state=_text(STATE_LENGTH),
    created_at=MOMENT,
    updated_at=MOMENT,
    winner=_or_null(NUMBER),
    runs={**_list(NUMBER, MOST_RUNS), "uniqueItems": True},
)
_BALLOT = _object(
    outcome=_word("left", "right", "tie", "both_bad"),
    created_at=MOMENT,
    voted_at=MOMENT,
    undone_at=_or_null(MOMENT),
    left=NUMBER,
    right=NUMBER,
)
_VALUES = _list(_text(plans.TITLE_LENGTH * 10), MOST_VALUES)
_PLAN = _object(
    models=_list(_text(120), plans.MOST_MODELS),
    prompts=_list(_text(LONG_TEXT), MOST_VALUES),
    params={"type": "object", "additionalProperties": _VALUES, "maxProperties": plans.MOST_PARAMS},
    replacements=_list(_object(search=_text(2_000), alternatives=_VALUES), plans.MOST_REPLACEMENTS),
    references=_list(SHA256, fields.MAX_FILES),
    each_reference=DONE,
    with_and_without=DONE,
    skip=_list(_text(plans.RULE_LENGTH), plans.MOST_RULES),
    repeats=_whole(1, plans.MOST_REPEATS),
    title=_text(plans.TITLE_LENGTH),
    concurrency=_whole(1, plans.MOST_AT_ONCE),
    credit_cap=_or_null(_whole(1, plans.LARGEST_CAP)),
)
_AXIS = _object(
    key=_text(200),
    label=_text(200),
    values={**_list(_text(LONG_TEXT), MOST_COMBINATIONS), "minItems": 1},
)
_SWEEP = _object(
    number=NUMBER,
    continues_from=_or_null(NUMBER),
    title=_text(plans.TITLE_LENGTH),
    status=_word(*Sweep.Status.values),
    plan=_PLAN,
    axes=_list(_AXIS, MOST_AXES),
    repeats=_whole(1, plans.MOST_REPEATS),
    concurrency=_whole(1, plans.MOST_AT_ONCE),
    credit_cap=_or_null(_whole(1, plans.LARGEST_CAP)),
    cell_count=_whole(0, MOST_COMBINATIONS),
    skipped_count=_whole(0, MOST_COMBINATIONS),
    estimated_credits=_whole(),
    spent_credits=_whole(),
    note=_text(LONG_TEXT),
    created_at=MOMENT,
    finished_at=_or_null(MOMENT),
)
_TRY = _object(
    ordinal=NUMBER,
    attempt=NUMBER,
    status=_word(*SweepTry.Status.values),
    problem=_text(LONG_TEXT),
    changed_at=MOMENT,
    run=_or_null(NUMBER),
)
_CELL = _object(
    sweep=NUMBER,
    number=NUMBER,
    place=_list(_whole(), MOST_AXES),
    model_id={**_text(120), "minLength": 1},
    prompt=_text(LONG_TEXT),
    params=ANY_OBJECT,
    references=_list(SHA256, fields.MAX_FILES),
    estimated_credits=_whole(),
    skipped=_text(LONG_TEXT),
    tries=_list(_TRY, 10_000),
)
_POINTS = _word(STUDIO, API, UNKNOWN)
_CONSUMER = _object(
    name={**_text(readiness.NAME_LENGTH), "minLength": 1},
    delivery=_word(*ResultConsumer.Delivery.values),
    updated_at=MOMENT,
)
_OVERRIDE = _object(
    question=_word(*QUESTIONS),
    points=_word(STUDIO, API),
    reason={**_text(readiness.REASON_LENGTH), "minLength": 1},
    sentence=_text(LONG_TEXT),
    created_at=MOMENT,
    ended_at=_or_null(MOMENT),
    ended_by=_text(12),
)
_VERDICT = _object(
    verdict=_word(*VERDICT_WORDS),
    points={
        "type": "object",
        "propertyNames": _word(*QUESTIONS),
        "additionalProperties": _POINTS,
    },
    created_at=MOMENT,
)
LINES = {
    EXPERIMENT: _EXPERIMENT,
    FILES: _FILE,
    RUNS: _RUN,
    COMPARISONS: _COMPARISON,
    BALLOTS: _BALLOT,
    SWEEPS: _SWEEP,
    CELLS: _CELL,
    CONSUMERS: _CONSUMER,
    OVERRIDES: _OVERRIDE,
    VERDICTS: _VERDICT,
}
MOST_LINES = {
    EXPERIMENT: 1, FILES: 50_000, RUNS: 100_000, COMPARISONS: 20_000, BALLOTS: 500_000,
    SWEEPS: 10_000, CELLS: 500_000, CONSUMERS: 1, OVERRIDES: 10_000,
    VERDICTS: 100_000,
}  # fmt: skip


def manifest_shape(documents: Sequence[str]) -> dict[str, Any]:
    """Of a manifest that lists these documents."""
    return {
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "product_version": _text(40),
            "exported_at": MOMENT,
            "experiment": _object(id=_text(40), title=_text(fields.TITLE_LENGTH)),
            "counts": ANY_OBJECT,
            "documents": _object(**{name: SHA256 for name in documents}),
            "content_sha256": SHA256,
        },
        "required": [
            "format", "version", "exported_at", "experiment", "documents", "content_sha256",
        ],
    }  # fmt: skip
