"""Metrics of the user's own: what is registered, what a function may give, what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.comparisons import condition_comparisons
from pytest_safescale.analysis.custom_metrics import (
    CaseMetric,
    checked_metrics,
    custom_values,
    specs_in,
    specs_with,
)
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.errors import MetricError
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.statistics.intervals import clopper_pearson

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CaseRecord


def metric(name: str = "hedged_rate", value: Any = lambda _: True, **more: Any) -> CaseMetric:
    return CaseMetric(name=name, definition="Share of replies that hedge.", value=value, **more)


def record(item: int = 1, *, custom: Any = None, **more: Any) -> Any:
    return {
        "model": "m",
        "condition": "closed_book",
        "item_id": str(item),
        "truth": "A",
        "options": {"A": "x", "B": "y"},
        "labels": {},
        "greedy": {"letter": "A", "text": "A, I think", "latency_s": None},
        "samples": None,
        "error": None,
        "samples_error": None,
        "trace": [],
        "custom": custom,
        **more,
    }


def hedges(case: Any) -> bool:
    return "I think" in case["greedy"]["text"]


def test_a_function_is_shown_the_whole_record() -> None:
    assert custom_values([metric(value=hedges)], record()) == {"single": {"hedged_rate": True}}


def test_what_a_function_changes_is_not_what_is_recorded() -> None:
    def meddles(case: Any) -> bool:
        case["greedy"]["letter"] = "B"
        return False

    case = record()
    custom_values([metric(value=meddles)], case)
    assert case["greedy"]["letter"] == "A"


def test_a_call_that_failed_is_not_shown_to_a_function() -> None:
    failed = record(greedy=None, error="no answer")
    assert custom_values([metric(value=hedges)], failed) == {}
    sampled = metric(value=hedges, regime="self_consistency")
    assert custom_values([sampled], record()) == {}
    drawn = record(samples={"letters": ["A"], "texts": ["A"]})
    assert custom_values([sampled], drawn) == {"self_consistency": {"hedged_rate": True}}


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("hedged_rate", False, False),
        ("hedged_rate", None, None),
        ("words", 3, 3.0),
        ("words", 0.25, 0.25),
        ("words", None, None),
    ],
)
def test_a_rate_says_yes_or_no_and_any_other_metric_gives_a_number(
    name: str, value: Any, kept: Any
) -> None:
    values = custom_values([metric(name, lambda _: value)], record())
    assert values == {"single": {name: kept}}
    assert type(values["single"][name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("hedged_rate", 1, "found 1; allowed: True, False or None, as its name ends in _rate"),
        ("hedged_rate", "yes", "found 'yes'; allowed: True, False or None"),
        ("words", True, "found True; allowed: a finite number or None"),
        ("words", float("nan"), "found nan; allowed: a finite number"),
        ("words", float("inf"), "found inf; allowed: a finite number"),
        ("words", "3", "found '3'; allowed: a finite number"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_metric_and_case(
    name: str, value: Any, expected: str
) -> None:
    with pytest.raises(MetricError) as refused:
        custom_values([metric(name, lambda _: value)], record())
    assert str(refused.value).startswith(f"metric '{name}', case m-closed_book-1: {expected}")


def test_a_function_that_raises_is_named_with_its_case_and_its_reason() -> None:
    with pytest.raises(MetricError, match=r"'words', case m-closed_book-1: KeyError: 'nothing'"):
        custom_values([metric("words", lambda case: case["nothing"])], record())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([metric("Hedged")], "metric 'Hedged': allowed is a name of lower-case words joined by _"),
        ([metric("a-b")], "lower-case words"),
        ([metric("accuracy")], "metric 'accuracy' is built in; allowed: a name of its own"),
        ([metric(), metric()], "metric 'hedged_rate' is given twice"),
        ([metric(regime="both")], "regime: found 'both'; allowed: single, self_consistency"),
        ([metric(value=3)], "value: found 3; allowed: a function of a case"),
        ([hedges], "pytest_safescale_metrics: found <function hedges"),
    ],
)
def test_a_metric_that_cannot_be_used_is_refused(given: list[Any], expected: str) -> None:
    with pytest.raises(MetricError) as refused:
        checked_metrics(given)
    assert expected in str(refused.value)


def test_gates_know_it_beside_the_built_in_ones() -> None:
    metrics = checked_metrics([metric(), metric("words", higher_is_better=None)])
    specs = specs_with(metrics)
    assert set(specs) == {*METRICS, "hedged_rate", "words"}
    assert (specs["hedged_rate"].is_rate, specs["words"].is_rate) == (True, False)
    assert specs["hedged_rate"].regimes == ("single",)
    assert specs_in({"custom_metrics": [one.manifest() for one in metrics]}) == specs
    assert specs_in({}) == METRICS


def rows(records: list[CaseRecord]) -> dict[tuple[str, str, str], Any]:
    found = all_metrics(panel_from_records(records))
    return {(row.model, row.regime, row.metric): row for row in found}


def test_a_rate_is_a_share_of_the_cases_it_speaks_of_with_exact_and_resampled_bounds() -> None:
    said = [True, False, False, None, True]
    found = rows(
        [record(n, custom={"single": {"hedged_rate": value}}) for n, value in enumerate(said)]
    )
    row = found["m", "single", "hedged_rate"]
    # Two of the four it speaks of.
    assert (row.value, row.n, row.count) == (0.5, 4, 2)
    assert (row.ci_low, row.ci_high) == pytest.approx(clopper_pearson(2, 4))
    assert row.ci_method == "clopper-pearson"
    assert row.bootstrap_low < 0.5 < row.bootstrap_high


def test_any_other_metric_is_a_mean_without_exact_bounds() -> None:
    found = rows([record(n, custom={"single": {"words": float(n)}}) for n in (1, 2, 6)])
    row = found["m", "single", "words"]
    assert (row.value, row.n, row.count, row.ci_method) == (3.0, 3, None, "bootstrap-percentile")
    assert 1.0 <= row.ci_low < 3.0 < row.ci_high <= 6.0


def test_models_and_items_chosen_of_a_panel_keep_their_values() -> None:
    records = [
        record(n, model=model, custom={"single": {"words": value}})
        for model, n, value in (("m", 1, 1.0), ("m", 2, 5.0), ("k", 1, 7.0), ("k", 2, None))
    ]
    panel = panel_from_records(records)
    words = {
        (row.model, row.metric): row.value
        for row in all_metrics(panel.of_models(["k", "m"]).of_items(["1"]))
    }
    assert (words["k", "words"], words["m", "words"], words["*", "words"]) == (7.0, 1.0, 4.0)


def test_a_rate_is_compared_item_by_item_over_the_items_both_sides_speak_of() -> None:
    said = [(True, False), (True, False), (False, True), (True, True), (None, True)]
    records = [
        record(n, condition=condition, custom={"single": {"hedged_rate": value, "words": 1.0}})
        for n, pair in enumerate(said)
        for condition, value in zip(("clean_evidence", "closed_book"), pair, strict=True)
    ]
    rows = [
        row
        for row in condition_comparisons(panel_from_records(records))
        if row.metric in {"hedged_rate", "words"}
    ]
    # Of four items two go one way and one the other: p = 2 * (1 + 3) / 2^3, at most 1.
    assert [(row.metric, row.n, row.b, row.c, row.delta, row.p_value) for row in rows] == [
        ("hedged_rate", 4, 2, 1, 0.25, 1.0)
    ]


def test_without_metrics_of_ones_own_there_are_none() -> None:
    assert {name for _, _, name in rows([record()])} <= set(METRICS)
