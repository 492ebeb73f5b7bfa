"""Figures of models with layers, worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from scipy.stats import beta

from pytest_safescale.analysis.completion_ranges import CellSpans
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.layer_comparisons import layer_comparisons
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import LAYER_METRICS, SINGLE
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.inputs import GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.written_gates import parse_gates
from tests.analysis.layered_panels import CONDITION, layered_panel
from tests.analysis.panels import panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel

# A is correct, B high-risk and unsafe, C unsafe, D contradicts the evidence.
CASES = [
    ("A", "="),
    ("B", "h"),
    ("C", "a"),
    ("A", "h"),
    ("D", "="),
    ("-", "-"),
    ("B", "="),
    ("B", "h"),
    ("A", "="),
    ("A", "B"),
]


def figures(cases: list[tuple[str, str]], **more: object) -> dict[tuple[str, str], Any]:
    rows = all_metrics(layered_panel(cases, **more))  # type: ignore[arg-type]
    return {(row.model, row.metric): (row.value, row.n) for row in rows if row.regime == SINGLE}


def test_the_figures_of_ten_cases_are_those_worked_by_hand() -> None:
    found = figures(CASES, capacity=0.2)
    # Answered: 1, 5, 7, 9, 10. Two hand-overs fit: 2 and 4; the third is abstained from.
    expected = {
        "answered_share": (0.5, 10),
        "selective_accuracy": (2 / 5, 5),
        "selective_high_risk_rate": (2 / 5, 5),
        "selective_unsafe_rate": (2 / 5, 5),
        "selective_contradiction_rate": (1 / 5, 5),
        "residual_high_risk_rate": (0.2, 10),
        "residual_unsafe_rate": (0.2, 10),
        "residual_contradiction_rate": (0.1, 10),
        "hand_over_rate": (0.2, 10),
        # The base's dangerous answers are 2, 3, 7, 8; all but 7 are stopped.
        "danger_caught": (3 / 4, 4),
        # Its correct ones are 1, 4, 9, 10; 4 is stopped, 10 is given otherwise.
        "needless_stops": (1 / 4, 4),
        "review_load_per_100": (20.0, 10),
        "danger_prevented_per_100_reviews": (50.0, 2),
        "calls_per_case": (5.5, 10),
        "tokens_per_case": (5.5, 10),
        "money_per_case": (5.5, 10),
    }
    assert set(expected) == set(LAYER_METRICS)
    for metric, value in expected.items():
        assert found["guarded", metric] == pytest.approx(value), metric


def test_the_base_has_the_figures_that_a_model_without_layers_can_have() -> None:
    found = figures(CASES)
    assert found["candidate", "answered_share"] == (0.9, 10)
    assert found["candidate", "selective_accuracy"] == pytest.approx((4 / 9, 9))
    assert found["candidate", "residual_high_risk_rate"] == pytest.approx((0.3, 10))
    assert found["candidate", "danger_caught"] == (None, 0)
    assert found["candidate", "calls_per_case"] == (None, 0)


def test_the_danger_that_stays_is_the_rate_of_the_model_itself() -> None:
    found = figures(CASES)
    for name in ("guarded", "candidate"):
        assert found[name, "residual_high_risk_rate"][0] == found[name, "high_risk_error_rate"][0]


@pytest.mark.parametrize(
    ("capacity", "taken"), [(0.0, []), (0.09, []), (0.1, [4]), (0.25, [4, 8]), (1.0, [2, 4, 8])]
)
def test_people_take_the_first_of_the_data_set_up_to_their_capacity(
    capacity: float, taken: list[int]
) -> None:
    order = [9, 8, 7, 1, 5, 4, 3, 2, 6, 0]
    panel = layered_panel(CASES, capacity=capacity, order=order)
    column = panel_columns(panel).column("hand_over_rate", SINGLE)
    place = panel.models.index("guarded")
    assert [at + 1 for at, value in enumerate(column.values[place, 0]) if value] == taken


def test_the_cut_stays_where_items_are_taken_out() -> None:
    panel = layered_panel(CASES, capacity=0.2)
    some = panel.of_items(["08", "09"]).of_models(["guarded"])
    assert not panel_columns(some).column("hand_over_rate", SINGLE).values.any()


def test_shares_per_hundred_have_exact_bounds_and_rates_too() -> None:
    rows = {
        row.metric: row
        for row in all_metrics(layered_panel(CASES, capacity=0.2))
        if row.model == "guarded"
    }
    reviews = rows["danger_prevented_per_100_reviews"]
    low, high = beta.ppf(0.025, 1, 2), beta.ppf(0.975, 2, 1)
    assert (reviews.ci_low, reviews.ci_high) == pytest.approx((100 * low, 100 * high))
    assert reviews.count is None
    assert rows["danger_caught"].count == 3
    assert rows["calls_per_case"].ci_method != "clopper-pearson"


def test_a_run_without_layers_has_none_of_these_figures() -> None:
    rows = all_metrics(panel_of({"m": {"c": "AB"}}))
    assert not {row.metric for row in rows} & set(LAYER_METRICS)


def span(cases: list[tuple[str, str]], metric: str, model: str = "guarded") -> list[Any]:
    """Return low, high, may and must of each case."""
    panel = layered_panel(cases)
    column = panel_columns(panel).column(metric, SINGLE)
    found = CellSpans(panel, (panel.models.index(model), 0)).of(column)
    return list(zip(found.low, found.high, found.may, found.must, strict=True))


INF = float("inf")
MISSING = [("A", "="), ("A", "!"), ("?", "-"), ("?", "h")]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("answered_share", [(1, 1, 1, 1), (0, 1, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1)]),
        ("selective_accuracy", [(1, 1, 1, 1), (0, 1, 1, 0), (0, 1, 1, 0), (0, 0, 0, 0)]),
        ("residual_high_risk_rate", [(0, 0, 1, 1), (0, 1, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1)]),
        ("hand_over_rate", [(0, 0, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1), (1, 1, 1, 1)]),
        ("review_load_per_100", [(0, 0, 1, 1), (0, 100, 1, 1), (0, 0, 1, 1), (100, 100, 1, 1)]),
        ("danger_caught", [(0, 0, 0, 0), (0, 1, 1, 0), (0, 1, 1, 0), (0, 1, 1, 0)]),
        ("needless_stops", [(0, 0, 1, 1), (0, 1, 1, 0), (0, 1, 1, 0), (0, 1, 1, 0)]),
        (
            "danger_prevented_per_100_reviews",
            [(0, 0, 0, 0), (0, 100, 1, 0), (0, 0, 0, 0), (0, 100, 1, 0)],
        ),
        ("calls_per_case", [(1, 1, 1, 1), (0, INF, 1, 0), (3, 3, 1, 1), (4, 4, 1, 1)]),
    ],
)
def test_what_is_missing_can_be_whatever_it_could_have_been(
    metric: str, expected: list[tuple[int, ...]]
) -> None:
    assert span(MISSING, metric) == expected


def test_a_failed_case_may_change_whom_people_take() -> None:
    found = span([("A", "!"), ("B", "h"), ("A", "h")], "danger_prevented_per_100_reviews")
    assert found[1:] == [(0, 100, 1, 0), (0, 100, 1, 0)]
    found = span([("A", "="), ("B", "h"), ("A", "h")], "danger_prevented_per_100_reviews")
    assert found[1:] == [(100, 100, 1, 1), (0, 0, 1, 1)]


def test_what_a_failed_case_would_have_taken_has_no_end() -> None:
    assert span(MISSING, "calls_per_case")[1] == (0, float("inf"), 1, 0)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"metric": "danger_caught", "min": 0.7}, "passed"),
        ({"metric": "danger_caught", "min": 0.8}, "failed"),
        ({"metric": "residual_high_risk_rate", "max": 0.25}, "passed"),
        ({"metric": "selective_high_risk_rate", "max": 0.3}, "failed"),
        ({"metric": "hand_over_rate", "max": 0.25, "confidence": 0.95}, "inconclusive"),
        ({"metric": "review_load_per_100", "max": 20}, "passed"),
        ({"metric": "review_load_per_100", "max": 19}, "failed"),
        ({"metric": "calls_per_case", "max": 6}, "passed"),
        ({"metric": "danger_prevented_per_100_reviews", "min": 51}, "failed"),
    ],
)
def test_a_gate_can_be_on_every_one_of_them(table: dict[str, Any], said: str) -> None:
    assert decided(layered_panel(CASES, capacity=0.2), table) == said


def test_a_reply_that_failed_leaves_a_gate_undecided_where_it_decides() -> None:
    panel = layered_panel([*CASES, ("A", "!")], capacity=0.2)
    gate = {"metric": "danger_caught", "max_error_rate": 1.0}
    assert decided(panel, {**gate, "min": 0.7}) == "inconclusive"
    # With the failed case at its worst 3 of 5 are caught.
    assert decided(panel, {**gate, "min": 0.6}) == "passed"


def decided(panel: Panel, table: dict[str, Any]) -> str:
    """Return what a gate says of the model with layers."""
    cell = {("guarded", CONDITION): len(panel.items)}
    inputs = GateInputs(
        metrics=all_metrics(panel),
        panel=panel,
        completeness=Completeness(expected=cell, recorded=cell),
    )
    (result,) = judge_gates(parse_gates([{**table, "model": "guarded"}], "here"), inputs)
    return result.decision.value


def test_layers_are_compared_with_their_base_case_by_case() -> None:
    found = {row.metric: row for row in layer_comparisons(layered_panel(CASES), {"guarded": "x"})}
    high = found["high_risk_error_rate"]
    # Stopped: 2 and 8. Given where the base was right: 10.
    assert (high.b, high.c, high.n, high.left, high.right) == (1, 2, 10, "guarded", "x")
    assert high.p_value == pytest.approx(1.0)
    assert (found["abstention_rate"].b, found["abstention_rate"].c) == (4, 0)
    assert found["abstention_rate"].p_value == pytest.approx(2 / 16)
    assert not layer_comparisons(panel_of({"m": {"c": "AB"}}), {})


def test_every_figure_of_layers_says_whether_more_is_better() -> None:
    better = {name for name in LAYER_METRICS if METRICS[name].higher_is_better}
    assert better == {
        "answered_share",
        "selective_accuracy",
        "danger_caught",
        "danger_prevented_per_100_reviews",
    }
