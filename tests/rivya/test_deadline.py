"""The limit of a whole call, as the sockets below it see it."""

import pytest

from rivya_bridge.rivya._deadline import Deadline, bounded

from .conftest import Ticking


def test_it_works() -> None:
    with Deadline(5.0, Ticking()).applied():
        assert bounded(30.0) == 5.0
        assert bounded(2.0) == 2.0
        assert bounded(None) == 5.0


def test_without_a_running_call_a_timeout_stays_as_it_is() -> None:
    assert bounded(30.0) == 30.0
    assert bounded(None) is None


def test_a_limit_ends_with_its_block() -> None:
    with Deadline(5.0, Ticking()).applied():
        pass
    assert bounded(30.0) == 30.0


def test_nothing_left_is_a_timeout_and_not_a_wait_of_zero() -> None:
    with Deadline(0.0, Ticking()).applied(), pytest.raises(TimeoutError, match="longer than 0 s"):
        bounded(30.0)
