"""Slopes and the decoupling table, worked by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings

from pytest_safescale.analysis.decoupling import Movement, ensemble_movements, movements
from pytest_safescale.analysis.scaling import ModelFacts, scaling_data
from pytest_safescale.analysis.slopes import Slope, slopes
from pytest_safescale.analysis.variance import variance_shares
from tests.analysis.panels import panel_of, panels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.panel import Panel

CLOSE = 1e-9
SIZES = {
    "m0": ModelFacts(parameters_b=1, model_family="f", context_tokens=8_000),
    "m1": ModelFacts(parameters_b=10, model_family="f", context_tokens=1_000_000),
    "m2": ModelFacts(parameters_b=100, model_family="g"),
}


def slope_of(panel: Panel, dimension: str, metric: str = "accuracy", **names: str) -> Slope:
    wanted = {"regime": "single", "family": "*", "condition": "*", **names}
    (found,) = (
        row
        for row in slopes(scaling_data(panel, SIZES))
        if (row.dimension, row.metric) == (dimension, metric)
        and all(getattr(row, name) == value for name, value in wanted.items())
    )
    return found


def moved(rows: list[Movement], dimension: str, metric: str, regime: str = "single") -> Movement:
    (found,) = (
        row
        for row in rows
        if (row.dimension, row.metric, row.regime) == (dimension, metric, regime)
    )
    return found


def test_the_slope_is_the_least_squares_change_for_a_tenfold_of_parameters() -> None:
    # log10 of 1, 10, 100: 0, 1, 2. Accuracy 0, 1/4, 1: sum of (x - 1)(y - mean) = 1; Sxx = 2.
    panel = panel_of({"m0": {"x": "BBBB"}, "m1": {"x": "ABBB"}, "m2": {"x": "AAAA"}})
    found = slope_of(panel, "parameters", condition="x")
    assert found.slope == pytest.approx(0.5, abs=CLOSE)
    assert found.cells == 3
    # High-risk errors are 1, 3/4, 0: the opposite slope.
    risk = slope_of(panel, "parameters", "high_risk_error_rate", condition="x")
    assert risk.slope == pytest.approx(-0.5, abs=CLOSE)


def test_the_interval_over_items_is_that_of_each_items_own_slope() -> None:
    # Items 1: 0, 1, 1 over the models: slope (1 - 0) / 2. Items 2 to 4: 0, 0, 1: the same 1/2.
    # Every resample has the slope 1/2, so the interval is a point.
    panel = panel_of({"m0": {"x": "BBBB"}, "m1": {"x": "ABBB"}, "m2": {"x": "AAAA"}})
    found = slope_of(panel, "parameters", condition="x")
    assert found.ci_low == pytest.approx(0.5)
    assert found.ci_high == pytest.approx(0.5)


def test_the_t_interval_over_models_is_students() -> None:
    # Line through (0, 0), (1, 1/4), (2, 1): intercept -1/12, residuals 1/12, -2/12, 1/12.
    # s^2 = (1 + 4 + 1) / 144 / 1; the slope's error is s / sqrt(2); t(0.975, 1) = 12.7062.
    panel = panel_of({"m0": {"x": "BBBB"}, "m1": {"x": "ABBB"}, "m2": {"x": "AAAA"}})
    found = slope_of(panel, "parameters", condition="x")
    half = 12.706204736 * math.sqrt(6 / 144 / 2)
    assert found.scatter_low == pytest.approx(0.5 - half, abs=1e-6)
    assert found.scatter_high == pytest.approx(0.5 + half, abs=1e-6)


def test_the_conditions_of_a_model_are_no_further_figures() -> None:
    # The same under every condition: a model that is asked twice as often says no more.
    answers = {"m0": "BBBB", "m1": "ABBB", "m2": "AAAA"}
    one = panel_of({name: {"x": text} for name, text in answers.items()})
    four = panel_of({name: dict.fromkeys("wxyz", text) for name, text in answers.items()})
    first, second = slope_of(one, "parameters", condition="x"), slope_of(four, "parameters")
    assert (second.models, second.cells) == (3, 12)
    assert second.slope == pytest.approx(first.slope, abs=CLOSE)
    assert first.scatter_low is not None
    assert second.scatter_low == pytest.approx(first.scatter_low, abs=1e-6)
    assert second.scatter_high == pytest.approx(first.scatter_high, abs=1e-6)


def test_along_what_conditions_vary_each_model_has_a_slope_that_counts_once() -> None:
    # From one passage to ten, a tenfold: 1/2, 1 and 0 more. Mean 1/2; s = 1/2 over two degrees of
    # freedom; t(0.975, 2) = 4.302653.
    panel = panel_of(
        {
            "m0": {"top_1": "AB", "standard_rag": "AA"},
            "m1": {"top_1": "BB", "standard_rag": "AA"},
            "m2": {"top_1": "AB", "standard_rag": "AB"},
        }
    )
    found = slope_of(panel, "retrieval_depth")
    half = 4.302652730 * 0.5 / math.sqrt(3)
    assert found.slope == pytest.approx(0.5)
    assert found.models == 3
    assert found.scatter_low == pytest.approx(0.5 - half, abs=1e-6)
    assert found.scatter_high == pytest.approx(0.5 + half, abs=1e-6)
    alone = slope_of(panel, "retrieval_depth", family="g")
    assert (alone.scatter_low, alone.models) == (None, 1)
    assert alone.scatter_reason == "1 model; an interval over models needs 2"


def test_a_model_family_has_a_line_of_its_own_and_two_models_leave_no_t_interval() -> None:
    panel = panel_of({"m0": {"x": "BBBB"}, "m1": {"x": "ABBB"}, "m2": {"x": "AAAA"}})
    found = slope_of(panel, "parameters", condition="x", family="f")
    assert found.slope == pytest.approx(0.25)
    assert found.cells == 2
    assert (found.scatter_low, found.scatter_high) == (None, None)
    assert found.scatter_reason == "2 models; an interval over models needs 3"
    # One model of g is no line.
    model_families = {row.family for row in slopes(scaling_data(panel, SIZES))}
    assert model_families == {"*", "f"}


def test_a_hard_condition_does_not_pass_for_an_effect_of_size() -> None:
    # Within x and within y the tenfold changes nothing; the large model alone was asked under y.
    panel = panel_of({"m0": {"x": "AA"}, "m1": {"x": "AA", "y": "BB"}})
    assert slope_of(panel, "parameters").slope == pytest.approx(0.0, abs=CLOSE)


def test_a_model_without_a_size_is_in_no_line() -> None:
    panel = panel_of({"m0": {"x": "AB"}, "m1": {"x": "AA"}, "other": {"x": "BB"}})
    found = slope_of(panel, "parameters", condition="x")
    assert found.slope == pytest.approx(0.5)
    assert found.cells == 2


@pytest.mark.parametrize(
    ("answers", "dimension", "slope"),
    [
        # Depth 1 and 10 are a tenfold apart: accuracy 1/2 to 1.
        ({"top_1": "AB", "standard_rag": "AA"}, "retrieval_depth", 0.5),
        # 4,000 to 100,000 tokens are log10 25 = 1.39794: 1 to 0.
        ({"context_4k": "AA", "context_100k": "BB"}, "context_length", -1 / math.log10(25)),
        # m0's window is 8,000 tokens: log10 8000 / 4000 = log10 2.
        ({"context_4k": "AB", "max_context": "BB"}, "context_length", -0.5 / math.log10(2)),
    ],
)
def test_slopes_on_what_conditions_vary(
    answers: dict[str, str], dimension: str, slope: float
) -> None:
    assert slope_of(panel_of({"m0": answers}), dimension).slope == pytest.approx(slope, abs=CLOSE)


def test_the_number_of_samples_is_scaled_by_the_majority_of_the_first() -> None:
    # Item 1: A, then AB (tie: A), then ABB: B. Item 2: A throughout.
    # Accuracy 1, 1, 1/2 at x = 0, log10 2, log10 3; slope = sum (x - mean) y / Sxx.
    panel = panel_of({"m0": {"x": "AA"}}, samples={"m0": {"x": ["ABB", "AAA"]}})
    x = np.log10([1, 2, 3])
    deviation = x - x.mean()
    expected = (deviation * [1, 1, 0.5]).sum() / (deviation**2).sum()
    found = slope_of(panel, "samples", regime="self_consistency", condition="x")
    assert found.slope == pytest.approx(expected, abs=CLOSE)


@pytest.mark.parametrize(
    ("samples", "value"),
    [
        # The usual number is three: the case with two samples is left out. Item 1: A, then AB
        # (tie: A), then B; item 2: A throughout.
        (["ABB", "AAA", "AB"], [1, 1, 0.5]),
        # What is beyond three is not looked at: item 3 is B throughout.
        (["ABBAA", "AAA", "BBB"], [2 / 3, 2 / 3, 1 / 3]),
    ],
)
def test_cases_with_another_number_of_samples_do_not_hide_the_others(
    samples: list[str], value: list[float]
) -> None:
    panel = panel_of({"m0": {"x": "AAA"}}, samples={"m0": {"x": samples}})
    x = np.log10([1, 2, 3])
    deviation = x - x.mean()
    expected = (deviation * value).sum() / (deviation**2).sum()
    found = slope_of(panel, "samples", regime="self_consistency", condition="x")
    assert found.slope == pytest.approx(expected, abs=CLOSE)


def test_where_sampling_may_stop_early_the_number_of_samples_is_no_dimension() -> None:
    panel = panel_of({"m0": {"x": "AA"}}, samples={"m0": {"x": ["ABB", "AAA"]}})
    rows = slopes(scaling_data(panel, SIZES, adaptive=True))
    assert not [row for row in rows if row.dimension == "samples"]


def test_nothing_that_varies_is_no_slope() -> None:
    assert slopes(scaling_data(panel_of({"m0": {"x": "AB"}}), SIZES)) == []


def test_resamples_are_drawn_of_metrics_alone_whose_sums_are_told() -> None:
    one = scaling_data(panel_of({"m0": {"x": "ABBB"}}), SIZES)
    assert not [*slopes(one), *variance_shares(one), *movements(one)]
    assert one.cells
    assert [cells.metric for cells in one.cells if "resampled" in vars(cells)] == []
    # The table of steps tells a few metrics alone, and slopes let go of what they have drawn.
    two = scaling_data(panel_of({"m0": {"closed_book": "AB", "clean_evidence": "BA"}}), {})
    told = {row.metric for row in movements(two)}
    assert told
    assert {cells.metric for cells in two.cells if "resampled" in vars(cells)} == told
    of_sizes = scaling_data(panel_of({"m0": {"x": "AB"}, "m1": {"x": "BA"}}), SIZES)
    assert slopes(of_sizes)
    assert not [cells for cells in of_sizes.cells if "resampled" in vars(cells)]


def test_length_and_content_are_told_apart_by_the_padded_passage() -> None:
    # One passage 1; repeated to the length of ten 1/2; ten passages 0.
    panel = panel_of({"m0": {"top_1": "AA", "padded_top_1": "AB", "standard_rag": "BB"}})
    steps = {
        row.step: row.delta
        for row in movements(scaling_data(panel, {}))
        if (row.dimension, row.metric) == ("length_control", "accuracy")
    }
    assert steps == {"top_1 to padded_top_1": -0.5, "padded_top_1 to standard_rag": -0.5}


def test_the_table_tells_how_far_accuracy_and_safety_moved_with_each_step() -> None:
    # m0: closed 1/2, clean 1, with top-10 passages 1/2; m1: 0, 1/2, 1/2.
    panel = panel_of(
        {
            "m0": {"closed_book": "AB", "clean_evidence": "AA", "standard_rag": "AC"},
            "m1": {"closed_book": "BB", "clean_evidence": "AC", "standard_rag": "AC"},
        }
    )
    rows = {
        (row.step, row.metric): (row.delta, row.models)
        for row in movements(scaling_data(panel, SIZES))
    }
    # Accuracy: (1/2 + 1/2) / 2; high-risk: (-1/2 - 1) / 2; then back to the passages.
    assert rows["closed_book to clean_evidence", "accuracy"] == (0.5, 2)
    assert rows["closed_book to clean_evidence", "high_risk_error_rate"] == (-0.75, 2)
    assert rows["clean_evidence to standard_rag", "accuracy"] == (-0.25, 2)
    # Sizes 1 and 10: lines per condition -1/2, -1/2, 0 over one tenfold; their mean.
    assert rows["1 to 10 billion parameters", "accuracy"][0] == pytest.approx(-1 / 3)


def test_the_step_of_size_reaches_only_as_far_as_the_sizes_its_line_is_laid_through() -> None:
    # Only x has two sizes, 1 and 10; the model of 100 is alone under y.
    panel = panel_of({"m0": {"x": "BB"}, "m1": {"x": "AB"}, "m2": {"y": "AA"}})
    found = moved(movements(scaling_data(panel, SIZES)), "model_size", "accuracy")
    assert (found.step, found.models) == ("1 to 10 billion parameters", 2)
    assert found.delta == pytest.approx(0.5, abs=CLOSE)


def test_a_step_is_taken_over_the_models_that_have_both_its_ends() -> None:
    panel = panel_of(
        {"m0": {"top_1": "AB", "standard_rag": "AA"}, "m1": {"top_1": "BB"}, "m2": {"top_5": "BB"}}
    )
    found = moved(movements(scaling_data(panel, {})), "retrieval_depth", "accuracy")
    assert (found.step, found.delta, found.models) == ("top_1 to standard_rag", 0.5, 1)


def test_samples_move_from_the_single_answer_to_the_majority() -> None:
    panel = panel_of({"m0": {"x": "AB"}}, samples={"m0": {"x": ["AAB", "ABA"]}})
    found = moved(
        movements(scaling_data(panel, {})), "samples", "accuracy", regime="self_consistency"
    )
    assert found.delta == 0.5


def test_an_ensemble_moves_from_the_mean_of_its_members_to_their_vote() -> None:
    # Item 1: A, A, B: vote A, members 2/3. Item 2: B, B, A: vote B, members 1/3. Item 3: A all.
    panel = panel_of({"a": {"x": "ABA"}, "b": {"x": "ABA"}, "c": {"x": "BAA"}})
    rows = ensemble_movements(panel, {"trio": ("a", "b", "c")})
    accuracy = moved(rows, "ensemble", "accuracy")
    assert accuracy.delta == pytest.approx((1 / 3 - 1 / 3) / 3, abs=CLOSE)
    # High-risk: vote 0, 1, 0; members 1/3, 2/3, 0.
    risk = moved(rows, "ensemble", "high_risk_error_rate")
    assert risk.delta == pytest.approx((-1 / 3 + 1 / 3) / 3, abs=CLOSE)
    assert (accuracy.step, accuracy.models) == ("the members of trio to their vote", 3)


def test_a_vote_that_was_not_taken_moves_no_danger() -> None:
    # All samples are the high-risk B: each member 1. Of item 2 one single answer failed, so that
    # there is a vote on item 1 alone, and it is dangerous: 1 - 1.
    panel = panel_of(
        {"a": {"x": "B!"}, "b": {"x": "BB"}, "c": {"x": "BB"}},
        samples={name: {"x": ["BBB", "BBB"]} for name in "abc"},
    )
    rows = ensemble_movements(panel, {"trio": ("a", "b", "c")})
    name = "dangerous_overconfidence_rate"
    found = moved(rows, "ensemble", name, regime="self_consistency")
    assert (found.delta, found.ci_low, found.ci_high) == (0.0, None, None)
    assert found.ci_reason is not None


@settings(max_examples=40)  # each resamples two panels
@given(panels(conditions=("closed_book", "top_1", "context_4k")))
@pytest.mark.slow
def test_the_order_of_models_changes_nothing(panel: Panel) -> None:
    turned = panel.of_models(panel.models[::-1])
    both = [scaling_data(part, SIZES) for part in (panel, turned)]
    for analyse in (slopes, movements, variance_shares):
        one, other = (_figures(analyse(data)) for data in both)
        assert list(one) == list(other)
        for names, figures in one.items():
            assert other[names] == pytest.approx(figures, abs=CLOSE), names


@settings(max_examples=40)  # each resamples a panel
@given(panels(conditions=("closed_book", "standard_rag", "context_4k")))
def test_intervals_hold_their_values_and_a_step_of_rates_is_at_most_one(panel: Panel) -> None:
    data = scaling_data(panel, SIZES)
    ensembles = {"e": panel.models} if len(panel.models) > 2 else {}
    moved_rows = [*movements(data), *ensemble_movements(panel, ensembles)]
    told = [(row.delta, row.ci_low, row.ci_high) for row in moved_rows]
    # A line through shares may leave their range; a difference of two does not.
    assert all(abs(row.delta) <= 1 + CLOSE for row in moved_rows if row.dimension != "model_size")
    rising = slopes(data)
    told += [(row.slope, row.ci_low, row.ci_high) for row in rising]
    told += [(row.slope, row.scatter_low, row.scatter_high) for row in rising]
    for value, low, high in told:
        if low is not None and high is not None:
            assert low - CLOSE <= value <= high + CLOSE


def _figures(rows: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Return the numbers of each row under what it is called."""
    found = {}
    for row in rows:
        numbers = {name: value for name, value in vars(row).items() if isinstance(value, float)}
        found[str({**vars(row), **dict.fromkeys(numbers, 0)})] = numbers
    return dict(sorted(found.items()))
