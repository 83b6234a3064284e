"""Bugs that people write into engines like this one. Each makes the audit fail, or the audit is no good.

A bug is put in by replacing one function in a running program; nothing of the product knows of it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

BUGS: dict[str, Callable[[], None]] = {}


def bug(put: Callable[[], None]) -> Callable[[], None]:
    """Registers a bug under its function's name; the docstring says what goes wrong."""
    BUGS[put.__name__] = put
    return put


def put_in(name: str) -> None:
    """Puts the named bug into this process; an empty name puts none. KeyError for an unknown one."""
    if name:
        BUGS[name]()


def _wrap(module: Any, name: str, change: Callable[..., Any]) -> None:
    """Replaces `module.name` by `change(original, *arguments)`."""
    original = getattr(module, name)

    def replaced(*arguments: Any, **named: Any) -> Any:
        return change(original, *arguments, **named)

    setattr(module, name, replaced)


@bug
def a_new_key_for_each_try() -> None:
    """A repeated sending makes up another idempotency key: the vendor makes it twice."""
    from rivya_bridge.tasks.services import submit

    def change(original: Any, task: Any, sending: Any) -> None:
        if sending.attempt.number > 1:
            task.idempotency_key = f"{task.idempotency_key}-{sending.attempt.number}"
        original(task, sending)

    _wrap(submit, "_send", change)


@bug
def dead_leases_stay() -> None:
    """Nobody takes up what a killed worker had in hand."""
    from rivya_bridge.tasks.services import sweep

    _wrap(sweep, "expire_dead_leases", lambda original: 0)
    _wrap(sweep, "recover_lost_leases", lambda original: 0)


@bug
def messages_are_the_queue() -> None:
    """No sweep looks for due rows: what no message rings for is never done."""
    from rivya_bridge.tasks.services import sweep

    _wrap(sweep, "ring_due", lambda original: 0)


@bug
def a_lost_answer_is_a_failure() -> None:
    """No answer counts as not done, although the vendor may have done and charged it."""
    from rivya_bridge.tasks.services import submit
    from rivya_bridge.tasks.services.attempts import close_failed
    from rivya_bridge.tasks.services.failed_sending import fail

    def change(original: Any, task: Any, attempt: Any, error: Any, **named: Any) -> None:
        if error.spent == "no":
            original(task, attempt, error, **named)
        else:
            close_failed(attempt, error)
            fail(task, "no_answer", str(error), error)

    _wrap(submit, "after_failed_sending", change)


@bug
def a_rate_limit_is_a_failure() -> None:
    """A 429 ends the task instead of making it wait."""
    from rivya_bridge.rivya import RateLimited
    from rivya_bridge.tasks.services import submit
    from rivya_bridge.tasks.services.attempts import close_failed
    from rivya_bridge.tasks.services.failed_sending import fail

    def change(original: Any, task: Any, attempt: Any, error: Any, **named: Any) -> None:
        if not isinstance(error, RateLimited):
            original(task, attempt, error, **named)
        else:
            close_failed(attempt, error)
            fail(task, "rate_limited", str(error), error)

    _wrap(submit, "after_failed_sending", change)


@bug
def a_failed_reading_ends_the_task() -> None:
    """One bad answer to a poll and the task counts as failed."""
    from rivya_bridge.tasks.services import poll
    from rivya_bridge.tasks.services.finish import finish

    def change(original: Any, task: Any, error: Any, wait: Any) -> None:
        finish(task, "failed", "poll_failed", str(error))

    _wrap(poll, "_after_error", change)


@bug
def a_rate_limit_is_ignored() -> None:
    """Requests go on as if nobody had asked for a pause."""
    from rivya_bridge.tasks import gates

    _wrap(gates, "heed", lambda original, account, error: 0.0)


@bug
def the_estimate_is_settled() -> None:
    """The books take what was reserved for what was charged."""
    from rivya_bridge.tasks.services import remote_state

    def change(original: Any, **named: Any) -> None:
        original(**(named | {"final": named["reserved"]}))

    _wrap(remote_state, "record_settlement", change)


@bug
def nothing_is_settled() -> None:
    """The charge at the end is never booked."""
    from rivya_bridge.tasks.services import remote_state

    _wrap(remote_state, "record_settlement", lambda original, **named: None)


@bug
def reservations_leak() -> None:
    """What was set aside for a sending is not given back when the vendor has taken over."""
    from rivya_bridge.tasks.services import remote_state

    _wrap(remote_state, "release_credits", lambda original, account, amount: None)


@bug
def done_before_it_is_saved() -> None:
    """Success is written before the result is here, and the download is forgotten."""
    from rivya_bridge.tasks.services import advance
    from rivya_bridge.tasks.services.finish import finish

    advance.STEPS["saving"] = lambda task: finish(task, "succeeded", "", "Done.")


@bug
def a_repeated_trigger_starts_another_job() -> None:
    """The trigger forgets its Idempotency-Key: a repeated request is a second job."""
    from rivya_bridge.automation.api import jobs

    _wrap(
        jobs, "do_once", lambda original, scope, key, body, make: original(scope, None, body, make)
    )


@bug
def events_are_numbered_by_memory() -> None:
    """The timeline's numbers come from a counter of the process: gaps and doubles."""
    from rivya_bridge.tasks.models import TaskEvent
    from rivya_bridge.tasks.services import submit

    numbers, lock = {"next": 1}, threading.Lock()

    def change(original: Any, task: Any, kind: str, text: str, **data: Any) -> None:
        original(task, kind, text, **data)
        with lock:
            numbers["next"] += 1
            row = TaskEvent.objects.filter(task=task).order_by("-seq").first()
            TaskEvent.objects.filter(pk=row.pk).update(seq=row.seq + numbers["next"])

    _wrap(submit, "add_event", change)


@bug
def an_interrupted_step_is_a_failure() -> None:
    """What a killed worker had in hand counts as failed."""
    from rivya_bridge.tasks.services import recovery
    from rivya_bridge.tasks.services.finish import finish

    def change(original: Any, task: Any, sentence: str, delay: float) -> None:
        finish(task, "failed", "worker_stopped", sentence)

    _wrap(recovery, "_put_back", change)


@bug
def acknowledged_before_it_is_kept() -> None:
    """Rivya is told that an event is kept while it still waits in memory."""
    from rivya_bridge.webhooks.receiver import Writer

    def change(original: Any, writer: Any, event: Any) -> Any:
        threading.Timer(5.0, original, (writer, event)).start()
        done: Future[None] = Future()
        done.set_result(None)
        return done

    _wrap(Writer, "store", change)
