"""A figure whose cases are all alike has an interval with a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.statistics.betting import betting_interval
from tests.analysis.panels import panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.analysis.panel import Panel


def figure(panel: Panel, metric: str, regime: str, model: str = "m") -> Metric:
    (found,) = (
        row
        for row in all_metrics(panel)
        if (row.model, row.regime, row.metric) == (model, regime, metric)
    )
    return found


def agreeing(samples: str) -> Panel:
    """Five cases of one model with the same samples."""
    return panel_of({"m": {"x": "AAAAA"}}, samples={"m": {"x": (samples,) * 5}})


def test_none_of_thirty_is_not_certainly_zero() -> None:
    found = figure(panel_of({"m": {"x": "A" * 30}}), "high_risk_error_rate", "single")
    assert (found.bootstrap_low, found.bootstrap_high, found.count) == (0.0, 0.0, 0)
    assert (found.ci_low, found.ci_method) == (0.0, "clopper-pearson")
    assert found.ci_high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert found.ci_high == pytest.approx(0.115703, abs=1e-6)


def test_a_mean_over_models_whose_cases_are_all_alike_keeps_the_exact_bound() -> None:
    # n has fewer cases: the bound is that of 0 of its 10.
    panel = panel_of({"m": {"x": "A" * 30}, "n": {"x": "A" * 10}})
    found = figure(panel, "high_risk_error_rate", "single", "*")
    assert (found.ci_low, found.ci_method, found.count) == (0.0, "clopper-pearson", None)
    assert found.ci_high == pytest.approx(1 - 0.025 ** (1 / 10))
    right = figure(panel, "accuracy", "single", "*")
    assert right.ci_low == pytest.approx(0.025 ** (1 / 10))
    assert right.ci_high == 1.0


def test_a_mean_of_cases_that_are_all_alike_has_no_width_of_zero() -> None:
    # All samples agree: a confidence of 1 in every case, at the end of its range.
    sure = figure(agreeing("AAAA"), "mean_confidence", "self_consistency")
    assert sure.ci_low == pytest.approx(0.025 ** (1 / 5))
    assert sure.ci_high == 1.0
    # Alike and in between: five are few to know how far others are off.
    unsure = figure(agreeing("AABB"), "mean_confidence", "self_consistency")
    assert unsure.value is not None
    assert (unsure.ci_low, unsure.ci_high) == pytest.approx(
        betting_interval(np.full(5, unsure.value))
    )
    assert unsure.ci_high is not None
    assert unsure.ci_high > unsure.value + 0.1
    assert unsure.bootstrap_low == unsure.bootstrap_high == unsure.value
