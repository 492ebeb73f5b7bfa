"""A run.json of before rates stood with their exact interval is read as one of today."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.analysis.earlier_intervals import with_intervals_of_today

RATE = {"metric": "accuracy", "ci_low": 0.0, "ci_high": 0.0, "ci_method": "bootstrap-percentile"}
MEAN = {**RATE, "exact_low": None, "exact_high": None}
EXACT = {**RATE, "exact_low": 0.0, "exact_high": 0.116}
PAIR = {"delta": 0.02, "ci_low": 0.005, "ci_high": 0.04, "b": 4, "c": 0, "n": 200}


def read(manifest: dict[str, Any] | None = None) -> Any:
    classes = [{"value": 0.0, "n": 4, "exact_low": 0.0, "exact_high": 0.602}]
    content: Any = {
        "manifest": manifest or {},
        "metrics": [EXACT, MEAN],
        "comparisons": [PAIR],
        "analyses": {"attribution": {"classes": classes, "gap": []}, "scaling": {}},
    }
    return with_intervals_of_today(content)


def test_a_rates_exact_interval_stands_first_and_the_bootstrap_beside_it() -> None:
    rate, mean = read()["metrics"]
    assert (rate["ci_low"], rate["ci_high"], rate["ci_method"]) == (0.0, 0.116, "clopper-pearson")
    assert (rate["bootstrap_low"], rate["bootstrap_high"]) == (0.0, 0.0)
    assert "exact_low" not in rate
    assert (mean["ci_high"], mean["ci_method"]) == (0.0, "bootstrap-percentile")
    assert mean["bootstrap_high"] == 0.0


def test_a_comparisons_counts_give_tangos_interval() -> None:
    (row,) = read()["comparisons"]
    assert (row["bootstrap_low"], row["bootstrap_high"]) == (0.005, 0.04)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.00078, 0.05029), abs=1e-5)
    assert row["ci_method"] == "tango"


def test_outcomes_by_evidence_are_read_too_and_other_analyses_left_alone() -> None:
    analyses = read()["analyses"]
    (row,) = analyses["attribution"]["classes"]
    assert (row["ci_low"], row["ci_high"], row["ci_method"]) == (0.0, 0.602, "clopper-pearson")
    assert analyses["scaling"] == {}


def test_figures_by_the_released_definitions_keep_the_papers_interval() -> None:
    content = read({"scored": {"definitions": "release"}})
    rate = content["metrics"][0]
    assert (rate["ci_low"], rate["ci_high"], rate["ci_method"]) == (0.0, 0.0, RATE["ci_method"])
    (row,) = content["comparisons"]
    assert (row["ci_low"], row["ci_method"]) == (0.005, "bootstrap-percentile")


def test_a_report_of_today_stays_as_it_is() -> None:
    today = read()
    assert with_intervals_of_today(today) == today
