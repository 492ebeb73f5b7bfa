"""Gates over items in clusters: what these are worth, too few of them, missing replies."""

from __future__ import annotations

from itertools import product as every
from typing import Any

import numpy as np
import pytest

from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.statistics.clusters import (
    DIFFERENCE_ENDS,
    RATE_ENDS,
    ClusterSums,
    design_effects,
    most_design_effect,
)
from pytest_safescale.statistics.intervals import upper_bound
from pytest_safescale.statistics.noninferiority import difference_bound
from tests.gates.cases import make_inputs, result_of, words

RATE = {"metric": "high_risk_error_rate", "max": 0.1, "confidence": 0.95}
RISE = {
    "metric": "high_risk_error_rate",
    "max_increase": 0.1,
    "against": "before",
    "condition": "now",
    "confidence": 0.95,
}


def _clusters(n: int, size: int) -> list[str]:
    return [f"p{place // size}" for place in range(n)]


def _one(gate: dict[str, Any], inputs: Any) -> Any:
    return result_of(inputs, **gate)


def test_a_bound_of_clusters_is_taken_at_their_effective_size() -> None:
    # 40 clusters of three; two are dangerous throughout.
    answers = words(B=6, A=114)
    result = _one(RATE, make_inputs({"c": answers}, clusters=_clusters(120, 3)))
    alone = _one(RATE, make_inputs({"c": answers}))
    assert (result.n, result.clusters) == (120, 40)
    # With a third dangerous cluster of three: 41 clusters, 123 cases, 9 of them dangerous.
    p = 9 / 123
    spread = 3 * (3 - 3 * p) ** 2 + 38 * (3 * p) ** 2
    effect = 41 / 40 * spread / 123**2 / (p * (1 - p) / 122)
    quantiles = 1.980100 / 2.022691  # of t at 0.975, with 119 and 39 degrees of freedom
    size = 120 / effect * quantiles**2
    assert result.effective_n == pytest.approx(size, rel=1e-5)
    assert result.bound == pytest.approx(upper_bound(6 / 120 * size, size, 0.95), rel=1e-5)
    assert alone.decision.value == "passed"
    assert result.decision.value == "inconclusive"
    assert "over 120 cases in 40 clusters (effective n 37.7)" in result.sentence
    assert result.record()["clusters"] == 40


def test_one_item_a_cluster_says_what_none_says() -> None:
    answers = {"now": words(B=3, A=57), "before": words(A=58, B=2)}
    own, without = (
        [
            _one(gate, make_inputs(answers, clusters=names))
            for gate in ({**RATE, "condition": "now"}, RISE)
        ]
        for names in ([f"p{place}" for place in range(60)], [])
    )
    assert [one.record() for one in own] == [one.record() for one in without]


def test_fewer_than_30_clusters_have_no_bound_and_still_fail_by_their_value() -> None:
    few = _clusters(116, 4)
    kept = _one(RATE, make_inputs({"c": words(A=116)}, clusters=few))
    assert kept.decision.value == "inconclusive"
    assert kept.sentence.endswith("a bound needs 30 clusters of items, there are 29")
    broken = _one(RATE, make_inputs({"c": words(B=30, A=86)}, clusters=few))
    assert broken.decision.value == "failed"
    plain = {key: RATE[key] for key in ("metric", "max")}
    assert _one(plain, make_inputs({"c": words(A=116)}, clusters=few)).decision.value == "passed"


def test_a_paired_bound_counts_what_clusters_are_worth() -> None:
    answers = {"now": words(B=6, A=114), "before": words(A=120)}
    result = _one(RISE, make_inputs(answers, clusters=_clusters(120, 3)))
    alone = _one(RISE, make_inputs(answers))
    share = result.effective_n / 120
    assert result.bound == pytest.approx(difference_bound(6 * share, 0, 120 * share, 0.95))
    assert alone.bound < result.bound
    few = _one(RISE, make_inputs(answers, clusters=_clusters(120, 6)))
    assert "there are 20" in few.sentence


def test_a_mean_is_resampled_by_clusters() -> None:
    gate = {**RISE, "metric": "mean_confidence", "max_increase": 0.2}
    sure, torn = ["AAAAA"], ["AAABB"]
    answers = {"now": (sure * 4 + torn * 4) * 15, "before": torn * 120}
    result = _one(gate, make_inputs(answers, clusters=_clusters(120, 4)))
    alone = _one(gate, make_inputs(answers))
    assert result.value == alone.value
    assert result.bound - result.value > 1.5 * (alone.bound - alone.value)
    assert "in 30 clusters" in result.sentence


def test_missing_replies_cannot_make_a_bound_better_than_any_completion() -> None:
    clusters = _clusters(120, 3)
    answers = words(B=2, A=115)
    missing = _one(RATE, make_inputs({"c": [*answers, "?", "?", "?"]}, clusters=clusters))
    worst = max(
        _one(RATE, make_inputs({"c": [*answers, *end]}, clusters=clusters)).bound
        for end in every("AB", repeat=3)
    )
    assert missing.worst_bound >= worst
    assert missing.worst_bound < 1.2 * worst
    assert missing.value == 2 / 120


@pytest.mark.parametrize("ends", [RATE_ENDS, DIFFERENCE_ENDS])
def test_no_completion_has_a_larger_design_effect(ends: tuple[float, float]) -> None:
    codes = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4, 4])
    over = np.ones(10, dtype=bool)
    known = np.array([1, 1, 0, 0, 0, 0, 1, 0, 0, 0])
    low, high = known.copy(), known.copy()
    low[[2, 4, 8]], high[[2, 4, 8]] = ends
    for end in ends:
        most = most_design_effect((low, high), over, codes, end)
        found = []
        for values in every(range(int(ends[0]), 2), repeat=3):
            own = known.copy()
            own[[2, 4, 8]] = values
            parts = ClusterSums.of(own, over, codes)
            found.append(float(design_effects(parts, parts.once, added=end)[0]))
        assert max(found) <= most <= 3 * 5 / 4


def test_a_measure_of_some_items_keeps_their_clusters() -> None:
    ids = ("a", "b", "c", "d")
    measure = MeanOfCases(
        ids=ids, values=np.zeros(4), over=np.ones(4, dtype=bool), codes=np.array([0, 1, 0, 2])
    )
    codes = measure.at(["d", "a", "c"]).codes
    assert codes is not None
    assert codes.tolist() == [1, 0, 0]


def test_a_mean_between_0_and_1_bets_on_whole_clusters() -> None:
    gate = {"metric": "robustness_correctness", "min": 0.5, "confidence": 0.95}
    answers = {"c": ["AAAAA"] * 90 + ["BBBBB"] * 30}
    alone, tripled, own = (
        result_of(make_inputs(answers, clusters=names), **gate)
        for names in ([], _clusters(120, 3), [f"p{place}" for place in range(120)])
    )
    # Every cluster is alike throughout, so that it says what one item says.
    one_each = make_inputs({"c": ["AAAAA"] * 30 + ["BBBBB"] * 10})
    assert tripled.bound == pytest.approx(result_of(one_each, **gate).bound, abs=1e-9)
    assert own.record() == alone.record()
    assert tripled.bound is not None
    assert alone.bound is not None
    assert tripled.bound < alone.bound
    assert "in 40 clusters, lower bound" in tripled.sentence


def test_both_sides_of_an_equivalence_count_what_clusters_are_worth() -> None:
    gate = {**RISE, "max_change": 0.1}
    del gate["max_increase"]
    answers = {"now": words(B=6, A=114), "before": words(A=120)}
    result, alone = (
        result_of(make_inputs(answers, clusters=names), **gate) for names in (_clusters(120, 3), [])
    )
    assert result.clusters == 40
    assert result.bound is not None
    assert alone.bound is not None
    assert result.bound > alone.bound
