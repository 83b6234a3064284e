"""The worker's own clock."""

import threading
from typing import Any

from rivya_bridge.catalog import services as catalog
from rivya_bridge.tasks.services import balance, sweep
from rivya_bridge.tasks.sweeper import Sweeper


def test_an_error_does_not_end_it_and_a_slow_reading_holds_nothing_up(
    settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    settings.SWEEP_SECONDS = 0.01
    swept, asked, end = threading.Event(), threading.Event(), threading.Event()
    rounds: list[int] = []

    def broken_sweep() -> None:
        rounds.append(1)
        if len(rounds) > 3:
            swept.set()
        raise RuntimeError("a broken row")

    def slow_reading() -> None:
        asked.set()
        end.wait(20)

    monkeypatch.setattr(sweep, "sweep_rows", broken_sweep)
    monkeypatch.setattr(balance, "renew_balance", slow_reading)
    monkeypatch.setattr(catalog, "ensure_catalog", lambda: None)
    sweeper = Sweeper()
    sweeper.start()
    assert asked.wait(20)
    assert swept.wait(20)
    sweeper.stop()
    end.set()
    assert sweeper.join(20)
    assert "The sweep failed" in caplog.text
