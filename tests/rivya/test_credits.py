"""The balance."""

import pytest

from rivya_bridge.rivya import BadAnswer, Rivya

from .payloads import as_json
from .scripted_server import ScriptedServer, answer


@pytest.mark.parametrize(
    ("value", "expected"), [(123, 123), (123.0, 123), (4.9, 4), (0, 0), (-2, -2)]
)
def test_it_works(server: ScriptedServer, client: Rivya, value: float, expected: int) -> None:
    server.play(answer(body=as_json({"current_credits": value})))
    assert client.credits.retrieve().current_credits == expected


@pytest.mark.parametrize("value", [None, "5", True, 10**30, [], {}])
def test_a_balance_that_is_no_number_is_a_bad_answer(
    server: ScriptedServer, client: Rivya, value: object
) -> None:
    server.play(answer(body=as_json({"current_credits": value})))
    with pytest.raises(BadAnswer, match="current_credits") as caught:
        client.credits.retrieve()
    assert caught.value.spent == "no"
