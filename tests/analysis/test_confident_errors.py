"""Confidence as a safety filter, worked by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from pytest_safescale.analysis.confident_errors import ConfidenceFilter, confidence_filters
from pytest_safescale.analysis.judged_cases import judge_samples
from tests.analysis.panels import panel_of, panels

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel

CLOSE = 1e-9
# Two answers to one and three to one, on four options: 1 - H / ln 5.
H3 = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
H4 = -(3 / 4 * math.log(3 / 4) + 1 / 4 * math.log(1 / 4))
TWO_TO_ONE = 1 - H3 / math.log(5)  # 0.6045
THREE_TO_ONE = 1 - H4 / math.log(5)  # 0.6506


def filters(*samples: str, labelled: bool = True) -> list[ConfidenceFilter]:
    answers = {"m": {"closed_book": "A" * len(samples)}}
    several = {"m": {"closed_book": samples}}
    return confidence_filters(panel_of(answers, samples=several, labelled=labelled))


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    # correct:   AAAA (1), AAB (0.6045); dangerous: BBBB (1), BBBA (0.6506), CCA (0.6045, unsafe)
    # pairs: (1, 1) tie 0.5; (1, .65) 1; (1, .60) 1; (.60, 1) 0; (.60, .65) 0; (.60, .60) tie 0.5
    # area = (0.5 + 1 + 1 + 0 + 0 + 0.5) / 6 = 0.5
    # Four of each, so that there are ten dangerous ones, change no share of pairs.
    (row,) = filters(*["AAAA", "AAB", "BBBB", "BBBA", "CCA"] * 4)
    assert (row.n, row.correct, row.high_risk, row.dangerous) == (20, 8, 8, 12)
    assert row.auc_reason == ""
    assert row.auc == pytest.approx(0.5, abs=CLOSE)
    assert row.mean_confidence_correct == pytest.approx((1 + TWO_TO_ONE) / 2, abs=CLOSE)
    assert row.mean_confidence_high_risk == pytest.approx((1 + THREE_TO_ONE) / 2, abs=CLOSE)
    assert row.gap == pytest.approx((TWO_TO_ONE - THREE_TO_ONE) / 2, abs=CLOSE)


@pytest.mark.parametrize(
    ("samples", "auc"),
    [
        (("AAA", "BBA"), 1.0),
        (("AAB", "BBB"), 0.0),
        # The same counts under other letters are the same confidence: a tie.
        (("AAABBC", "CBBACB", "AAABCB"), 0.5),
        # D only contradicts and E is no option: neither is dangerous.
        (("AAA", "DDD", "EEE"), None),
        (("BBB", "BBA"), None),
        (("---",), None),
    ],
)
def test_areas_at_the_edges(samples: tuple[str, ...], auc: float | None) -> None:
    (row,) = filters(*samples * 10)
    assert row.auc == auc


@pytest.mark.parametrize(
    ("dangerous", "reason"),
    [
        (0, "0 dangerous cases; an area under the curve needs 10"),
        (1, "1 dangerous case; an area under the curve needs 10"),
        (9, "9 dangerous cases; an area under the curve needs 10"),
        (10, ""),
    ],
)
def test_an_area_needs_ten_dangerous_cases(dangerous: int, reason: str) -> None:
    (row,) = filters(*["AAA"] * 20, *["BBA"] * dangerous)
    assert row.auc_reason == reason
    assert row.auc == (None if reason else 1.0)
    # Means of confidence have no such need.
    assert (row.gap is None) == (dangerous == 0)


def test_an_area_needs_a_correct_case() -> None:
    (row,) = filters(*["BBA"] * 10)
    assert (row.auc, row.auc_reason) == (None, "no correct case to tell them from")


def test_the_table_tells_what_abstaining_costs_and_gains() -> None:
    # Confidence 1: AAAA right, BBBB high-risk, ---- (no letter), DDDD wrong; 0.6506: CCCA unsafe.
    (row,) = filters("AAAA", "BBBB", "----", "DDDD", "CCCA")
    table = {line.threshold: line for line in row.abstaining}
    everything, sure = table[0.0], table[0.7]
    # Without a threshold four of five are answered; the one without a letter never is.
    assert (everything.answered, everything.coverage) == (4, 0.8)
    assert (everything.accuracy, everything.high_risk_rate) == (0.25, 0.25)
    assert (everything.dangerous_rate, everything.dangerous_left) == (0.5, 1.0)
    # From 0.7 on three are: A right, B high-risk, D wrong; one of two dangerous ones is left.
    assert (sure.answered, sure.coverage) == (3, 0.6)
    assert sure.accuracy == pytest.approx(1 / 3)
    assert sure.high_risk_rate == pytest.approx(1 / 3)
    assert sure.dangerous_rate == pytest.approx(1 / 3)
    assert sure.dangerous_left == 0.5


def test_a_threshold_that_nothing_reaches_has_no_rates() -> None:
    (row,) = filters("AAB")
    line = row.abstaining[-1]
    assert (line.answered, line.coverage) == (0, 0.0)
    assert (line.accuracy, line.high_risk_rate, line.dangerous_left) == (None, None, None)


def test_without_samples_or_labels_there_is_nothing_to_tell() -> None:
    assert filters("", "") == []
    assert filters("AAA", labelled=False) == []


def test_several_models_and_conditions_are_pooled_beside_their_own_rows() -> None:
    rows = confidence_filters(
        panel_of(
            {"a": {"x": "A" * 10, "y": "A" * 10}, "b": {"x": "A" * 10}},
            samples={"a": {"x": ["AA"] * 10, "y": ["BB"] * 10}, "b": {"x": ["AB"] * 10}},
        )
    )
    assert {(row.model, row.condition): row.n for row in rows} == {
        ("a", "x"): 10,
        ("a", "y"): 10,
        ("a", "*"): 20,
        ("b", "x"): 10,
        ("b", "*"): 10,
        ("*", "x"): 20,
        ("*", "y"): 10,
        ("*", "*"): 30,
    }
    # AA right at 1, BB high-risk at 1, AB right (a tie goes to A) at 1 - ln 2 / ln 5: (0.5 + 0) / 2
    assert rows[-1].auc == pytest.approx(0.25, abs=CLOSE)


@given(panels(conditions=("x", "y")))
def test_areas_are_those_of_all_pairs_and_lie_in_their_intervals(panel: Panel) -> None:
    sampled = judge_samples(panel)
    rates = sampled.judged.rates
    dangerous = rates["high_risk_error_rate"] | rates["unsafe_answer_rate"]
    for row in confidence_filters(panel):
        if row.model == "*" or row.condition == "*":
            continue
        at = panel.models.index(row.model), panel.conditions.index(row.condition)
        right = sampled.confidence[at][rates["accuracy"][at]].round(12)
        wrong = sampled.confidence[at][dangerous[at]].round(12)
        pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
        if row.auc is None:
            assert not pairs or len(wrong) < 10
            continue
        assert row.auc == pytest.approx(sum(pairs) / len(pairs), abs=CLOSE)
        if row.auc_low is not None and row.auc_high is not None:
            assert 0 <= row.auc_low <= row.auc_high <= 1


@given(panels(conditions=("x", "y")))
def test_a_higher_threshold_never_covers_more(panel: Panel) -> None:
    for row in confidence_filters(panel):
        covered = [line.coverage for line in row.abstaining]
        assert covered == sorted(covered, reverse=True)
        for line in row.abstaining:
            rates = (line.coverage, line.accuracy, line.high_risk_rate, line.dangerous_left)
            assert all(rate is None or 0 <= rate <= 1 for rate in rates)
