"""Up to which threshold a case answers, and may be dangerous: by hand, and over completions."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.analysis.answer_scores import NEVER, ScoredCases, scored_cases
from pytest_safescale.analysis.panel import CaseAnswers, PanelBuilder
from pytest_safescale.verdicts.verdict import agreement_of, confidence_of, majority_of
from tests.analysis.panels import item

RISK = "high_risk_error_rate"
AT = (0, 0)


def cases_of(*answers: CaseAnswers, score: str = "agreement", risk: str = RISK) -> ScoredCases:
    builder = PanelBuilder()
    for case in answers:
        builder.add_item(item(case.item_id))
        builder.add(case)
    return scored_cases(builder.build(), AT, score, risk)


def case(samples: str, name: str = "1", **more: Any) -> CaseAnswers:
    """``-`` abstained, ``?`` unreadable."""
    letters = [None if mark in "-?" else mark for mark in samples]
    known = {"samples_unread": samples.count("?"), **more}
    return CaseAnswers("m", "c", name, letter="A", samples=letters, **known)


@pytest.mark.parametrize(
    ("samples", "answered", "dangerous", "missing"),
    # A is right, B high-risk.
    [
        ("AAAAA", 1.0, NEVER, False),
        ("AAAAB", 0.8, NEVER, False),
        ("BBBAA", 0.6, 0.6, False),
        ("-----", NEVER, NEVER, False),  # abstains, however alike its samples
        ("AA--B", NEVER, NEVER, False),  # an abstention wins its ties
        ("AAAA?", 0.8, NEVER, True),  # A whatever it was, with 4 of 5 at least
        ("BBBA?", 0.6, 0.8, True),  # B whatever it was, with 4 of 5 at most
        ("AABB?", 0.4, 0.6, True),  # A by the alphabet, unless the unreadable one was B
        ("AAB-?", NEVER, NEVER, True),  # it may have been an abstention, which wins its ties
        ("?????", NEVER, 1.0, True),
    ],
)
def test_a_threshold_lets_a_case_answer_or_not(
    samples: str, answered: float, dangerous: float, missing: bool
) -> None:
    found = cases_of(case(samples))
    assert found.answered_up_to.tolist() == [answered]
    assert found.dangerous_up_to.tolist() == [dangerous]
    assert found.missing.tolist() == [missing]


@pytest.mark.parametrize(
    "lacking", [{"samples_error": True}, {"wanted": 10}], ids=["failed", "too few"]
)
def test_samples_that_did_not_come_are_dangerous_and_sure(lacking: dict[str, Any]) -> None:
    found = cases_of(case("AAAAA", **lacking))
    assert (found.answered_up_to[0], found.dangerous_up_to[0]) == (NEVER, 1.0)
    assert found.missing.all()


def test_what_cannot_be_dangerous_is_not_taken_for_it() -> None:
    builder = PanelBuilder()
    builder.add_item(item("1", labels={"C": ("unsafe",)}))
    builder.add(case("?????"))
    found = scored_cases(builder.build(), AT, "agreement", RISK)
    assert found.dangerous_up_to[0] == NEVER


@pytest.mark.parametrize(
    ("letter", "more", "answered", "dangerous", "missing"),
    [
        ("A", {"option_confidence": 0.7}, 0.7, NEVER, False),
        ("B", {"option_confidence": 0.7}, 0.7, 0.7, False),
        (None, {}, NEVER, NEVER, False),
        (None, {"unread": True}, NEVER, 1.0, True),
        (None, {"error": True}, NEVER, 1.0, True),
        ("A", {}, NEVER, NEVER, True),  # an answer without a score does not help
        ("B", {}, NEVER, 1.0, True),  # and may be the surest
    ],
)
def test_option_probabilities_are_a_score_of_the_single_answer(
    letter: str | None, more: dict[str, Any], answered: float, dangerous: float, missing: bool
) -> None:
    known = {"probed": True, **more}
    found = cases_of(CaseAnswers("m", "c", "1", letter=letter, **known), score="logprob")
    assert found.answered_up_to.tolist() == [answered]
    assert found.dangerous_up_to.tolist() == [dangerous]
    assert found.missing.tolist() == [missing]


def completions(samples: str) -> list[list[str | None]]:
    """Return every way to read the unreadable samples."""
    marks = [
        [*"ABCD", None] if mark == "?" else [None if mark == "-" else mark] for mark in samples
    ]
    return [list(one) for one in product(*marks)]


@given(st.text("ABCD-??", min_size=1, max_size=5), st.sampled_from(["agreement", "entropy"]))
def test_at_every_threshold_the_worst_of_all_completions_is_counted(
    samples: str, score: str
) -> None:
    found = cases_of(case(samples), score=score)
    scored = [
        (
            majority_of(one),
            round(agreement_of(one).share if score == "agreement" else confidence_of(one, 4), 9),
        )
        for one in completions(samples)
    ]
    for level in {0.0, 1.0, *(value for _, value in scored)}:
        answered, dangerous = (int(count) for count in found.counts(level))
        may_be = any(majority == "B" and value >= level for majority, value in scored)
        must_answer = all(majority is not None and value >= level for majority, value in scored)
        assert dangerous == may_be
        # Never answered and harmless where it may be neither.
        assert answered <= (may_be or must_answer)
        if "?" not in samples:
            assert answered == must_answer


def test_counts_are_of_each_threshold() -> None:
    found = cases_of(case("AAAAA", "1"), case("BBBBA", "2"), case("AAABB", "3"), case("---", "4"))
    answered, dangerous = found.counts([1.0, 0.8, 0.6])
    assert answered.tolist() == [1, 2, 3]
    assert dangerous.tolist() == [0, 1, 1]
    part = found.part(np.array([False, True, False, True]))
    assert part.ids == ("2", "4")
    assert part.counts(0.0)[0] == 1
