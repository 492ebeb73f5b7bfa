from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.state_lines import STATES, answered_share
from pytest_safescale.report.wording import (
    figure,
    in_columns,
    interval,
    label,
    model_label,
    run_verdict_sentence,
)
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from pytest_safescale.results.manifest import Manifest


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("accuracy", 0.7349, "73.5"),
        ("accuracy", 0.0, "0.0"),
        ("accuracy", None, "–"),
        ("excess_flip_rate", 0.1364, "13.6"),
        ("mean_latency_s", 1.239, "1.24"),
        ("mean_confidence", 0.81234, "0.812"),
        ("expected_calibration_error", 0.05, "0.050"),
        ("something_new", 0.5, "0.500"),
    ],
)
def test_a_figure_is_written_by_its_metric(metric: str, value: float | None, shown: str) -> None:
    assert figure(metric, value) == shown


def test_an_interval_is_written_like_its_figure_and_left_out_where_there_is_none() -> None:
    row: Any = {"metric": "accuracy", "ci_low": 0.6, "ci_high": 0.85}
    assert interval(row) == "60.0 to 85.0"
    none: Any = {**row, "ci_low": None}
    assert interval(none) == ""


def test_names_become_words_and_labels_stay_short() -> None:
    assert words("standard_rag") == "standard RAG"
    assert words("high_risk_error_rate") == "high risk error rate"
    assert model_label("*") == "Mean over models"
    assert label("m" * 40) == "m" * 27 + "…"


def test_where_an_interval_is_missing_for_a_reason_that_is_said() -> None:
    row: Any = {"metric": "accuracy", "ci_low": None, "ci_high": None, "ci_reason": "all alike"}
    assert interval(row) == "no interval"


def states(**counts: int) -> Any:
    every = {state: counts.get(state, 0) for state in STATES}
    return {"cases": {"states": {"m": {**every, "forms": {}}}}}


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (states(answered=66), ""),
        ({}, ""),
        (states(answered=58, unreadable=8), "Answered: 58 of 66 cases (87.8 %)."),
        (states(abstained=66), "Answered: 0 of 66 cases (0 %)."),
        (states(answered=9999, failed=1), "Answered: 9999 of 10000 cases (99.9 %)."),
    ],
)
def test_the_share_that_was_answered_is_told_where_it_is_not_all(
    manifest: Manifest, told: str
) -> None:
    assert answered_share(manifest) == told
    line = run_verdict_sentence(2, failing=0, undecided=0, answered=told)
    assert line == f"Passed: 2 gates. {told}".rstrip()
    blocked = run_verdict_sentence(2, failing=1, undecided=0, answered=told)
    assert blocked == f"Blocked: 1 of 2 gates does not hold. {told}".rstrip()


def test_sentences_stand_in_80_columns_and_long_words_stay_whole() -> None:
    attempt = "Attempt 2 under this lock; attempt 1 of 2026-11-28, simulated:upgrade_new: 1 failed."
    path = "x" * 90
    assert in_columns([attempt, path]) == [
        "Attempt 2 under this lock; attempt 1 of 2026-11-28, simulated:upgrade_new: 1",
        "failed.",
        path,
    ]
