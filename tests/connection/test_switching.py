"""What becomes of open tasks when the account changes."""

import pytest

from rivya_bridge.connection import current_connection
from rivya_bridge.connection.selectors import as_connection
from rivya_bridge.connection.services import (
    replace_key,
    save_connection,
    use_connection,
    use_sandbox,
)
from rivya_bridge.dashboard.checking import check_account
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.account_change import effects_of_switch
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.release import release_held
from tests.connection.conftest import READONLY, save_at_sandbox
from tests.experiments.factories import add_models, make_experiment, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

KEY = "rvya_sk_live_0123456789abcdef"


@pytest.fixture
def task(sandbox) -> Task:
    """Asked for while the sandbox's own key was in use."""
    add_models("z-image")
    return start(make_experiment()).task


def told(to) -> list[tuple[int, str]]:
    return [
        (effect.count, effect.text.split(":")[0]) for effect in effects_of_switch(as_connection(to))
    ]


def reread(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


def test_an_unsent_task_of_another_saved_account_is_held_and_goes_on_when_it_is_back(task):
    mine = save_at_sandbox("Mine", "rvya_sk_sandbox_full")
    other = save_at_sandbox("Other", READONLY)
    assert told(other) == [(1, "are not sent yet")]
    use_connection(other.pk)
    advance(task.pk)
    held = reread(task)
    assert (held.status, held.reason, held.attempts) == ("held", "other_account", 0)
    assert release_held() == 0
    assert [text for _, text in told(mine)] == ["wait for the account that you are switching to"]
    use_connection(mine.pk)
    assert release_held() == 1
    advance(task.pk)
    assert reread(task).status == "running"


def test_a_running_task_is_not_asked_for_with_another_accounts_key(task):
    save_at_sandbox("Mine", "rvya_sk_sandbox_full")
    other = save_at_sandbox("Other", READONLY)
    advance(task.pk)
    assert next(text for _, text in told(other)).startswith("run at Rivya, which finishes")
    use_connection(other.pk)
    advance_now(task)
    held = reread(task)
    assert (held.status, held.reason, held.poll_errors) == ("held", "other_account", 0)
    use_sandbox()
    assert release_held() == 1
    assert reread(task).status == "running"


def advance_now(task: Task) -> None:
    from django.utils import timezone

    Task.objects.filter(pk=task.pk).update(due_at=timezone.now())
    advance(task.pk)


def test_a_task_at_another_address_waits_for_it(task):
    other = save_connection(name="Real", base_url="https://rivya.ai", api_key=KEY)
    use_connection(other.pk)
    advance(task.pk)
    assert reread(task).reason == "other_account"
    use_sandbox()
    release_held()
    assert reread(task).status == "queued"


def test_nothing_open_means_nothing_told(sandbox):
    assert told(save_at_sandbox("Other", READONLY)) == []


def test_a_refused_key_is_replaced_and_the_task_goes_on_once(sandbox):
    add_models("z-image")
    shop = save_at_sandbox("Shop", "rvya_sk_sandbox_revoked")
    use_connection(shop.pk)
    task = start(make_experiment()).task
    advance(task.pk)
    assert reread(task).reason == "key_refused"
    replace_key(shop.pk, "rvya_sk_sandbox_full")
    assert release_held() == 1
    advance(task.pk)
    sent = reread(task)
    assert (sent.status, sent.attempts) == ("running", 2)
    assert sent.account == current_connection().account


def test_a_check_that_passes_opens_the_gate_of_a_key_that_was_refused_before(sandbox):
    now = current_connection()
    gates.close_gate(gates.key_gate(now.account), _far(), "key_refused", "No.")
    check_account(now)
    assert not gates.key_is_refused(now.account)


def test_a_check_that_finds_a_scope_missing_leaves_the_gate_closed(readonly):
    use_connection(readonly.pk)
    now = current_connection()
    gates.close_gate(gates.key_gate(now.account), _far(), "key_refused", "No.")
    check_account(now)
    assert gates.key_is_refused(now.account)


def _far():
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(days=1)
