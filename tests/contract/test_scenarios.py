"""The whole client against every scenario of the sandbox, over a real socket.

Each scenario meets each route that it can act on. What the client makes of it stands in the table; a new
scenario without a line there is a failure. Beside the class, every error says whether it may be repeated,
whether credits may be gone, and what to do; and never that nothing was spent when the wallet shows it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import rivya_bridge.rivya as package
from rivya_bridge.rivya import RivyaError
from rivya_bridge.sandbox.scenarios.places import (
    BYTES,
    CHAT,
    CREATE,
    RESULT,
    STREAM,
)
from rivya_bridge.sandbox.scenarios.registry import SCENARIOS

from .calls import HURRIED, Caller, Outcome, Place

SPENDING = (CREATE, CHAT, STREAM)
OK = {"*": "ok"}
FAILURE = {"*": "ServerFailure", RESULT: "DownloadFailed"}
LOST = {"*": "OutcomeUnknown", RESULT: "DownloadFailed"}
BAD = {"*": "BadAnswer"}

OUTCOMES: dict[str, dict[str, str]] = {
    "rate_limited": {"*": "RateLimited"},
    "server_error": FAILURE,
    "bad_gateway": FAILURE,
    "unavailable": FAILURE,
    "gateway_timeout": FAILURE,
    "api_disabled": {"*": "ApiDisabled"},
    "unknown_error": {"*": "ValidationFailed"},
    "task_lost": {"*": "NotFound"},
    "redirected": {"*": "RedirectRefused", RESULT: "DownloadRefused"},
    "stream_missing": {"*": "NotFound"},
    "credits_out": {"*": "InsufficientCredits"},
    "credits_shown": OK,
    "key_revoked": {"*": "AuthenticationFailed"},
    "idempotency_conflict": {"*": "IdempotencyConflict"},
    "other_success_status": OK,
    "models_need_key": OK,
    "latency": LOST,
    "no_answer": LOST,
    "cut_before_work": LOST,
    "cut_after_work": LOST,
    "reset_before_work": LOST,
    "reset_after_work": LOST,
    "cut_in_answer": {**BAD, STREAM: "incomplete", RESULT: "DownloadFailed"},
    "slow_drip": {**LOST, STREAM: "incomplete"},
    "truncated_json": {**BAD, STREAM: "incomplete"},
    "malformed_json": {**BAD, STREAM: "ok"},
    "html_body": BAD,
    "empty_body": BAD,
    "wrong_content_type": {**OK, STREAM: "BadAnswer"},
    "huge_body": BAD,
    "gzip_bomb": BAD,
    "result_expired": {RESULT: "DownloadFailed"},
    "result_huge": {RESULT: "DownloadRefused"},
    "result_wrong_type": OK,
    "unknown_status": OK,
    "unknown_end": OK,
    "fields_absent": OK,
    "credits_fractional": OK,
    "session_behind": OK,
    "unknown_members": OK,
    "file_spelling": OK,
    "secret_spelling": OK,
    "models_sparse": OK,
    "models_changed": OK,
    "no_request_id": OK,
    "idempotency_ignored": OK,
    "stream_stall": {STREAM: "incomplete"},
    "stream_comments_only": {STREAM: "incomplete"},
    "stream_cut_after_data": {STREAM: "incomplete"},
    "stream_cut_before_data": {STREAM: "incomplete"},
    "stream_error": {STREAM: "failed"},
    "stream_malformed_event": OK,
    "stream_no_end": {STREAM: "incomplete"},
    "stream_done_mark": OK,
    "stream_dialect": OK,
    "queue_time": OK,
    "task_failed": OK,
    "unknown_failure": OK,
    "credits_out_task": OK,
    "webhook_duplicated": OK,
    "webhook_reordered": OK,
    "webhook_late": OK,
    "webhook_never": OK,
    "webhook_bad_signature": OK,
    "webhook_old_timestamp": OK,
    "webhook_early": OK,
    "webhook_wrapped": OK,
    "webhook_scheme": OK,
}
# What only patience would outlast, and the settings that make it outlast ours.
SLOW: dict[str, dict[str, object]] = {
    "latency": {"seconds": 30},
    "no_answer": {},
    "slow_drip": {"bytes_per_second": 5},
    "stream_stall": {},
    "stream_comments_only": {},
}
# (may be repeated, could credits be gone): of a call that spends, and of any other.
MARKS: dict[str, tuple[tuple[bool, str], tuple[bool, str]]] = {
    "RateLimited": ((True, "no"), (True, "no")),
    "ServerFailure": ((True, "unknown"), (True, "no")),
    "ApiDisabled": ((True, "no"), (True, "no")),
    "ValidationFailed": ((False, "no"), (False, "no")),
    "NotFound": ((False, "no"), (False, "no")),
    "InsufficientCredits": ((False, "no"), (False, "no")),
    "AuthenticationFailed": ((False, "no"), (False, "no")),
    "IdempotencyConflict": ((True, "unknown"), (True, "unknown")),
    "OutcomeUnknown": ((True, "unknown"), (True, "no")),
    "BadAnswer": ((True, "unknown"), (True, "no")),
    "RedirectRefused": ((False, "unknown"), (False, "no")),
}


@pytest.fixture(scope="module")
def callers(shared_place: Place) -> Iterator[dict[bool, Caller]]:
    """A hurried client and a patient one."""
    made = {True: Caller(shared_place, HURRIED), False: Caller(shared_place)}
    yield made
    for caller in made.values():
        caller.client.close()


def test_every_scenario_has_its_line() -> None:
    assert set(OUTCOMES) == set(SCENARIOS)
    assert set(SLOW) <= set(SCENARIOS)


def test_without_a_scenario_every_call_works(place: Place, callers: dict[bool, Caller]) -> None:
    for route in callers[False].calls:
        assert callers[False].call(route) == Outcome("ok"), route


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_client_makes_of_it_what_the_table_says(
    place: Place, callers: dict[bool, Caller], name: str
) -> None:
    caller = callers[name in SLOW]
    for route in [one for one in SCENARIOS[name].routes if one != BYTES]:
        before = place.journal()
        place.switch_on(name, **SLOW.get(name, {}))
        outcome = caller.call(route)
        place.switch_off()
        expected = OUTCOMES[name].get(route) or OUTCOMES[name]["*"]
        _check(outcome, expected, route)
        if isinstance(outcome.error, RivyaError) and place.journal() != before:
            assert outcome.error.spent != "no", route


def _check(outcome: Outcome, expected: str, route: str) -> None:
    """By class, because a deadline is one of the ways in which an outcome is unknown."""
    if not hasattr(package, expected):
        assert outcome.what == expected, route
        return
    error = outcome.error
    assert isinstance(error, getattr(package, expected)), (route, outcome)
    if isinstance(error, RivyaError):
        marks = MARKS[expected][0 if route in SPENDING else 1]
        assert (error.retryable, error.spent) == marks, route
        assert error.action.endswith(".")
        assert error.sentence.startswith(str(error))


@pytest.mark.parametrize(
    ("chosen", "wished"),
    [
        ({"retry_after": "seconds", "seconds": 7}, 7.0),
        ({"retry_after": "none"}, None),
        ({"retry_after": "nonsense"}, None),
    ],
)
def test_the_wish_of_a_rate_limit_is_read(
    place: Place, callers: dict[bool, Caller], chosen: dict[str, object], wished: float | None
) -> None:
    place.switch_on("rate_limited", **chosen)
    error = callers[False].call("credits").error
    assert isinstance(error, RivyaError)
    assert error.retry_after == wished


def test_a_repeated_sending_after_a_lost_answer_makes_one_generation(place: Place) -> None:
    """The same key and bytes after each way in which an answer can be lost."""
    for name in ("cut_after_work", "reset_after_work", "cut_in_answer", "truncated_json"):
        caller = Caller(place)
        before, _ = place.journal()
        body = caller.client.generations.build_body("z-image", "A boat")
        place.switch_on(name, times=1)
        with pytest.raises(RivyaError) as caught:
            caller.client.generations.submit(body, idempotency_key=f"again-{name}")
        assert caught.value.spent == "unknown"
        caller.client.generations.submit(body, idempotency_key=f"again-{name}")
        place.switch_off()
        assert place.journal()[0] == before + 1, name
        caller.client.close()
