"""The ranking agrees with a reference implementation, and its intervals hold what they promise."""

import random

import choix
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.comparison.ranking import PENALTY, beats, fit


def reference(count: int, votes: list[tuple[int, int, float]], penalty: float) -> list[float]:
    """choix's strengths. It knows no ties, so that every vote is given twice, and the penalty too."""
    pairs = []
    for one, other, share in votes:
        pairs += {1.0: [(one, other)] * 2, 0.5: [(one, other), (other, one)]}[share]
    found = choix.opt_pairwise(count, pairs, alpha=2 * penalty, method="Newton-CG", tol=1e-13)
    return list(found - found.mean())


def counted(votes: list[tuple[int, int, float]]) -> dict[tuple[int, int], float]:
    wins: dict[tuple[int, int], float] = {}
    for one, other, share in votes:
        wins[one, other] = wins.get((one, other), 0.0) + share
        if share < 1:
            wins[other, one] = wins.get((other, one), 0.0) + 1 - share
    return wins


pair = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda two: two[0] != two[1])
votes_of_six = st.lists(st.tuples(pair, st.sampled_from([1.0, 0.5])), min_size=1, max_size=60)


@settings(max_examples=60)
@given(votes_of_six)
def test_strengths_agree_with_the_reference_to_a_millionth(given_votes) -> None:
    votes = [(one, other, share) for (one, other), share in given_votes]
    ours = fit(6, counted(votes)).strengths
    assert list(ours) == pytest.approx(reference(6, votes, PENALTY), abs=1e-6)
    assert sum(ours) == pytest.approx(0, abs=1e-9)


def test_who_wins_every_vote_leads_with_a_finite_strength() -> None:
    found = fit(3, {(0, 1): 10, (0, 2): 10, (1, 2): 5, (2, 1): 5})
    assert found.strengths[0] > found.strengths[1]
    assert found.strengths[1] == pytest.approx(found.strengths[2])
    least, most = found.interval(0)
    assert least < found.strengths[0] < most < 20


def test_more_votes_make_the_interval_narrower() -> None:
    few, many = fit(2, {(0, 1): 3, (1, 0): 1}), fit(2, {(0, 1): 300, (1, 0): 100})
    width = [one.chance(0, 1)[2] - one.chance(0, 1)[1] for one in (few, many)]
    assert width[1] < width[0] / 4


def test_ties_alone_decide_nothing() -> None:
    chance, least, most = fit(2, {(0, 1): 10, (1, 0): 10}).chance(0, 1)
    assert chance == pytest.approx(0.5)
    assert least < 0.5 < most


def test_nobody_and_one_alone_can_be_ranked() -> None:
    assert fit(0, {}).strengths == ()
    assert fit(1, {}).strengths == (0.0,)


def test_the_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """800 intervals over simulated votes; 95 % of them should hold the true difference."""
    chance = random.Random(7)
    truth = [0.8, 0.2, -0.3, -0.7]
    held = tries = 0
    for _ in range(200):
        wins: dict[tuple[int, int], float] = {}
        for _ in range(80):
            one, other = chance.sample(range(4), 2)
            winner = (
                (one, other) if chance.random() < beats(truth[one], truth[other]) else (other, one)
            )
            wins[winner] = wins.get(winner, 0) + 1
        found = fit(4, wins)
        for index, true in enumerate(truth):
            least, most = found.interval(index)
            held += least <= true <= most
            tries += 1
    assert 0.93 <= held / tries <= 0.98


def test_the_covariance_is_the_inverse_of_the_curvature() -> None:
    wins = {(0, 1): 4.0, (1, 2): 3.0, (2, 0): 1.0}
    found = fit(3, wins)
    curvature = numpy.zeros((3, 3))
    for (i, j), weight in wins.items():
        p = beats(found.strengths[i], found.strengths[j])
        for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
            curvature[a, b] += sign * weight * p * (1 - p)
    curvature += 2 * PENALTY * numpy.eye(3)
    assert numpy.allclose(numpy.linalg.inv(curvature), numpy.array(found.covariance), atol=1e-9)
