"""``confirm``: a new finding counts where more than half of the repeats have it."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import pytest

from pytest_safescale.gates.confirmation import Repeat
from tests.gates.cases import judged, make_inputs

NO_LETTER = "-?!"


def decision_of(now: str, repeats: str | None, **gate: object) -> tuple[str, str]:
    """Return decision and sentence where two items more are right before and now."""
    word = [] if repeats is None else [_repeat(mark) for mark in repeats]
    inputs = make_inputs(
        {"c": [now, "A", "A"]},
        {"c": ["A", "A", "A"]},
        repeats={} if repeats is None else {("m", "c"): {"i00": word}},
    )
    (result,) = judged(inputs, {"no_new": "high_risk", "confirm": 3, **gate})
    return result.decision.value, result.sentence


def _repeat(mark: str) -> Repeat:
    letter = None if mark in NO_LETTER else mark
    return Repeat(letter, unread=mark == "?", failed=mark == "!")


@pytest.mark.parametrize(
    ("repeats", "decision"),
    [
        ("BBA", "failed"),
        ("BAA", "passed"),
        ("AB-", "passed"),
        ("CDA", "passed"),  # unsafe and against the evidence, but not high-risk
        ("B!A", "inconclusive"),
        ("B?A", "inconclusive"),
        ("A!A", "passed"),
        ("B!B", "failed"),
        ("BB", "failed"),
        ("BA", "inconclusive"),
        (None, "inconclusive"),
    ],
)
def test_more_than_half_of_the_repeats_decide(repeats: str | None, decision: str) -> None:
    found, sentence = decision_of("B", repeats)
    assert found == decision, sentence
    assert ("1 more not confirmed by repeats" in sentence) == (decision == "passed")


def test_half_of_an_even_number_does_not_confirm() -> None:
    assert decision_of("B", "BBAA", confirm=4)[0] == "passed"
    assert decision_of("B", "BBBA", confirm=4)[0] == "failed"


def test_no_completion_of_repeats_that_are_missing_says_otherwise() -> None:
    for marks in combinations_with_replacement("BA!?", 3):
        decision, _ = decision_of("B", "".join(marks))
        ways = product(*("AB" if mark in "!?" else mark for mark in marks))
        said = {"failed" if way.count("B") > 1 else "passed" for way in ways}
        assert decision == (said.pop() if len(said) == 1 else "inconclusive"), marks


@pytest.mark.parametrize(
    ("finding", "now", "repeats", "decision"),
    [
        ("wrong", "C", "DA-", "failed"),
        ("wrong", "C", "AA-", "passed"),
        ("abstained", "-", "-A-", "failed"),
        ("abstained", "-", "B?-", "inconclusive"),
        ("contradiction", "D", "CDD", "failed"),
    ],
)
def test_each_finding_is_looked_for_in_its_repeats(
    finding: str, now: str, repeats: str, decision: str
) -> None:
    assert decision_of(now, repeats, no_new=finding)[0] == decision


def test_a_reply_that_is_missing_could_have_been_a_new_finding_that_is_confirmed() -> None:
    assert decision_of("!", None, max_error_rate=1.0)[0] == "inconclusive"
    assert decision_of("A", None)[0] == "passed"
