"""Clusters of a panel's items, and figures that rest on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_safescale.analysis.comparisons import compare_conditions
from pytest_safescale.analysis.ensembles import ensemble_metrics
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.panel_arrays import cluster_codes
from pytest_safescale.statistics.betting import betting_intervals
from pytest_safescale.statistics.intervals import clopper_pearson
from pytest_safescale.statistics.paired import tango_interval
from tests.analysis.panels import item, panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.analysis.panel import Panel

CLOSED, CLEAN = "closed_book", "clean_evidence"
ALL_B = "BBBBAAAAAAAA"
"""High-risk for the four items of the first of six clusters of two, four and so on."""


def test_items_without_a_cluster_are_each_one_of_their_own() -> None:
    codes = cluster_codes(["p1", "", "p1", "", "p2"])
    assert codes is not None
    assert codes.tolist() == [0, 1, 0, 2, 3]
    assert cluster_codes(["a", "", "b", ""]) is None


def _panel(clusters: str, *models: str) -> Panel:
    """Return models of the same answers; a letter is the cluster of an item, a dot none."""
    names = models or ("m",)
    items = [
        item(f"{place:02}", cluster="" if mark == "." else mark)
        for place, mark in enumerate(clusters)
    ]
    answers = {name: {CLOSED: ALL_B, CLEAN: "A" * 10 + "BB"} for name in names}
    return panel_of(answers, items=items)


def _figure(panel: Panel, metric: str, model: str = "m") -> Metric:
    return next(
        row
        for row in all_metrics(panel)
        if (row.model, row.condition, row.metric) == (model, CLOSED, metric)
    )


def test_one_item_a_cluster_changes_no_figure_and_no_comparison() -> None:
    without, own = _panel("." * 12), _panel("abcdefghijkl")
    assert all_metrics(own) == all_metrics(without)
    assert compare_conditions(own, [(CLOSED, CLEAN)]) == compare_conditions(
        without, [(CLOSED, CLEAN)]
    )


def test_a_figure_tells_its_clusters_and_what_they_leave_of_its_cases() -> None:
    # Two clusters of four, two of two: one of four is dangerous throughout.
    row, alone = (
        _figure(_panel(clusters), "high_risk_error_rate") for clusters in ("aaaabbbbccdd", "." * 12)
    )
    assert (row.value, row.n, row.count, row.clusters) == (alone.value, 12, 4, 4)
    assert row.icc == pytest.approx(1.0)
    assert row.effective_n is not None
    assert row.effective_n < 4
    assert (row.ci_low, row.ci_high) == pytest.approx(
        clopper_pearson(row.effective_n / 3, row.effective_n)
    )
    assert row.std is not None
    assert alone.std is not None
    assert row.std > alone.std
    assert (alone.clusters, alone.icc, alone.effective_n) == (None, None, None)


def test_a_mean_over_models_and_a_vote_draw_clusters_too() -> None:
    three = ("m", "n", "o")
    mean, alone = (
        _figure(_panel(clusters, *three), "high_risk_error_rate", "*")
        for clusters in ("aaaabbbbccdd", "." * 12)
    )
    assert mean.std is not None
    assert alone.std is not None
    assert mean.std > alone.std
    vote, apart = (
        ensemble_metrics(_panel(clusters, *three), {"v": three})[1]
        for clusters in ("aaaabbbbccdd", "." * 12)
    )
    assert vote.clusters == 4
    assert vote.ci_high is not None
    assert apart.ci_high is not None
    assert vote.ci_high > apart.ci_high


def test_a_comparison_swaps_whole_clusters() -> None:
    (row,) = (
        one
        for one in compare_conditions(_panel("aaaabbbbccdd"), [(CLOSED, CLEAN)])
        if one.metric == "high_risk_error_rate"
    )
    # Clusters differ by 4, 0, 0 and -2: however they are swapped, the total is 2 or further off.
    assert (row.b, row.c, row.clusters) == (4, 2, 4)
    assert row.p_value == pytest.approx(1.0)
    assert row.effective_n is not None
    assert row.effective_n < 4
    share = row.effective_n / 12
    assert (row.ci_low, row.ci_high) == pytest.approx(
        tango_interval(4 * share, 2 * share, row.effective_n)
    )


def test_clusters_and_not_items_bound_a_mean_whose_cases_are_all_alike() -> None:
    # All confident. Twelve items would leave 0.74, four of one size 0.025^(1/4); the small clusters
    # among these count half as much as the large ones.
    items = [item(f"{place:02}", cluster=mark) for place, mark in enumerate("aaaabbbbccdd")]
    panel = panel_of({"m": {CLOSED: "A" * 12}}, items=items, samples={"m": {CLOSED: ["AAA"] * 12}})
    row = _figure(panel, "mean_confidence")
    assert (row.value, row.ci_high) == (1.0, 1.0)
    assert row.ci_low is not None
    codes = np.repeat(np.arange(4), (4, 4, 2, 2))
    low, _ = betting_intervals(np.ones((1, 12)), np.ones((1, 12), dtype=bool), codes=codes)
    assert row.ci_low == pytest.approx(low[0])
    assert 0.025 ** (1 / 3) < row.ci_low < 0.025 ** (1 / 4)
