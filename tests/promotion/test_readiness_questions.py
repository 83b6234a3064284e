"""The decision over facts alone: one changed fact changes exactly the answer it bears on."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from rivya_bridge.comparison.judging.vote_state import VoteState
from rivya_bridge.promotion.readiness.facts import (
    Comparing,
    ComparisonFact,
    Consumer,
    Credits,
    Exploring,
    Facts,
    ModelFact,
    Models,
    References,
    RunFact,
)
from rivya_bridge.promotion.readiness.questions import (
    API,
    KEEP,
    NOT_YET,
    QUESTIONS,
    READY,
    STUDIO,
    UNKNOWN,
    answers,
    verdict_of,
)
from rivya_bridge.promotion.readiness.rules import LIMITS, Rules, read_rules
from rivya_bridge.refusals import Refusal

RULES = Rules()


def runs(*says: str) -> tuple[RunFact, ...]:
    return tuple(RunFact(str(number), number, word) for number, word in enumerate(says, 1))


READY_FACTS = Facts(
    exploring=Exploring(runs("accepted", "accepted", "accepted"), streak=3),
    comparing=Comparing((ComparisonFact("c", "Both", is_open=False),)),
    model=Models((ModelFact("z-image", "Z Image", "available"),)),
    references=References(runs("image", "image", "image")),
    consumer=Consumer("shop", "polling"),
    credits=Credits(runs("4", "4", "5"), free=1_000),
)
CHANGED = [
    ("exploring", Exploring(runs("rejected", "accepted", "accepted")), STUDIO, KEEP),
    ("exploring", replace(READY_FACTS.exploring, streak=2), STUDIO, KEEP),
    ("exploring", Exploring(runs("accepted"), streak=1), UNKNOWN, KEEP),
    ("exploring", replace(READY_FACTS.exploring, repeats=4, apart_percent=50), API, READY),
    ("exploring", replace(READY_FACTS.exploring, repeats=4, apart_percent=51), STUDIO, KEEP),
    ("comparing", Comparing((ComparisonFact("c", "Both", is_open=True),)), STUDIO, KEEP),
    ("comparing", Comparing(), UNKNOWN, KEEP),
    (
        "comparing",
        replace(READY_FACTS.comparing, votes=VoteState(3, "z", "r", 3, 1.5)),
        STUDIO,
        KEEP,
    ),
    ("comparing", replace(READY_FACTS.comparing, votes=VoteState(3, "z", "r", 3, 2.0)), API, READY),
    ("comparing", Comparing(votes=VoteState(2, "z", "r", 2, 2.0)), API, READY),
    ("comparing", Comparing(votes=VoteState(2)), UNKNOWN, KEEP),
    ("model", Models((ModelFact("z-image", "Z Image", "studio_only"),)), STUDIO, KEEP),
    ("model", Models((ModelFact("z-image", "Z Image", "coming_soon"),)), STUDIO, KEEP),
    ("model", Models((*READY_FACTS.model.models, ModelFact("f", "F", "available"))), STUDIO, KEEP),
    ("model", Models(), UNKNOWN, KEEP),
    ("references", References(runs("image", "", "image")), STUDIO, NOT_YET),
    ("references", replace(READY_FACTS.references, unknown_kinds=("image",)), UNKNOWN, NOT_YET),
    ("references", References(runs("", "", "")), API, READY),
    ("consumer", Consumer(), STUDIO, NOT_YET),
    ("credits", Credits(runs("4", "9"), free=1_000), STUDIO, NOT_YET),
    ("credits", Credits(runs("0", "0", "9"), free=1_000), STUDIO, NOT_YET),
    ("credits", replace(READY_FACTS.credits, unpriced=runs("")), STUDIO, NOT_YET),
    ("credits", replace(READY_FACTS.credits, cap=4), STUDIO, NOT_YET),
    ("credits", replace(READY_FACTS.credits, free=49), STUDIO, NOT_YET),
    ("credits", replace(READY_FACTS.credits, free=None), UNKNOWN, NOT_YET),
    ("credits", Credits(runs("4"), free=1_000), UNKNOWN, NOT_YET),
]


def points(facts: Facts) -> dict[str, str]:
    return {key: answer.points for key, answer in answers(facts, RULES).items()}


def test_it_works():
    assert points(READY_FACTS) == dict.fromkeys(QUESTIONS, API)
    assert verdict_of(points(READY_FACTS)) == READY


def test_nothing_known_is_kept_in_studio():
    found = points(Facts())
    assert found == dict.fromkeys(QUESTIONS, UNKNOWN) | {"consumer": STUDIO}
    assert verdict_of(found) == KEEP


@pytest.mark.parametrize(("question", "part", "expected", "verdict"), CHANGED)
def test_one_changed_fact_changes_exactly_the_answer_it_bears_on(question, part, expected, verdict):
    changed = replace(READY_FACTS, **{question: part})
    before, after = answers(READY_FACTS, RULES), answers(changed, RULES)
    assert [key for key in QUESTIONS if after[key] != before[key]] == [question]
    assert after[question].points == expected
    assert verdict_of(points(changed)) == verdict
    prints = [key for key in QUESTIONS if changed.fingerprint(key) != READY_FACTS.fingerprint(key)]
    only_balance = question == "credits" and replace(part, free=1_000) == READY_FACTS.credits
    assert prints == ([] if only_balance else [question])


@pytest.mark.parametrize(
    "facts", [Facts(), READY_FACTS, *(replace(READY_FACTS, **{q: p}) for q, p, *_ in CHANGED)]
)
def test_every_answer_is_a_sentence_and_says_what_would_change_it(facts):
    for answer in answers(facts, RULES).values():
        assert answer.sentence.endswith(".")
        assert bool(answer.change) == (answer.points != API)


def test_rules_have_defaults_and_limits():
    assert read_rules({}) == Rules()
    assert read_rules({"wallet_jobs": 3}).wallet_jobs == 3
    for name, (least, most) in LIMITS.items():
        for value in (least - 1, most + 1, "5", True, 1.5, None):
            with pytest.raises(Refusal) as refused:
                read_rules({name: value})
            assert [problem.field for problem in refused.value.problems] == [name]


@pytest.mark.parametrize("given", [{"nonsense": 1}, {"latest_runs": 2, "least_accepted": 3}])
def test_rules_that_make_no_sense_are_refused(given):
    with pytest.raises(Refusal):
        read_rules(given)


SAME = """
from dataclasses import replace
from rivya_bridge.promotion.induction import induce, source_of
from rivya_bridge.promotion.readiness.questions import QUESTIONS, answers, verdict_of
from rivya_bridge.promotion.readiness.rules import Rules
from tests.promotion.test_readiness_questions import CHANGED, READY_FACTS

for question, part, *_ in CHANGED:
    facts = replace(READY_FACTS, **{question: part})
    found = answers(facts, Rules())
    print(verdict_of({key: one.points for key, one in found.items()}), found, facts.fingerprint(question))
rows = [f"Photo of {a} on {b}, soft light" for a in ("a cup", "two owls") for b in ("oak", "wet slate")]
print(source_of(induce(rows).shape))
"""


def test_the_same_facts_give_the_same_verdict_on_every_machine():
    machines = [
        ("0", "UTC", "C"),
        ("1", "Asia/Tokyo", "de_DE.UTF-8"),
        ("77", "America/Lima", "tr_TR"),
    ]
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME],
            env={
                "PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language,
                "PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.getcwd(),
                "DJANGO_SETTINGS_MODULE": "tests.settings",
            },
            capture_output=True, text=True, check=True, encoding="utf-8",
        ).stdout
        for seed, zone, language in machines
    }  # fmt: skip
    assert len(told) == 1
