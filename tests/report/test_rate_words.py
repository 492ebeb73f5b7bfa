from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.report.rate_words import (
    difference_span,
    figure_words,
    in_full,
    points,
    reach_words,
    value_words,
)


def _rate(count: int | None, n: int, low: float | None, high: float | None, **more: Any) -> Any:
    value = more.pop("value", None if not n else (count or 0) / n)
    row = {"metric": "high_risk_error_rate", "value": value, "count": count, "n": n}
    return {**row, "ci_low": low, "ci_high": high, "ci_reason": None, **more}


def test_none_of_thirty_reads_with_how_many_there_may_be() -> None:
    assert in_full(_rate(0, 30, 0.0, 1 - 0.025 ** (1 / 30))) == "0 of 30, up to 11.6 %"


@pytest.mark.parametrize(
    ("row", "told", "below"),
    [
        (_rate(7, 66, 0.0437, 0.2064), "7 of 66", "10.6 %, 4.4 to 20.6 %"),
        (_rate(30, 30, 0.884, 1.0), "30 of 30", "at least 88.4 %"),
        (_rate(0, 30, None, None), "0 of 30", "0.0 %"),
        (_rate(0, 30, None, None, ci_reason="alike"), "0 of 30", "0.0 %, no interval"),
        (_rate(None, 0, None, None), "–", ""),
        (_rate(None, 198, 0.02, 0.3, value=0.1), "10.0 %", "2.0 to 30.0 %"),
        (_rate(None, 9, 0.7, 0.8, value=0.75, metric="mean_confidence"), "0.750", "0.700 to 0.800"),
        (
            _rate(None, 9, 0.09, 0.38, value=0.212, metric="expected_harm"),
            "21.2 %",
            "9.0 to 38.0 %",
        ),
        (_rate(None, 9, None, None, value=0.25, metric="call_instability"), "25.0 %", ""),
        (_rate(None, 9, 1.0, 2.5, value=1.5, metric="mean_latency_s"), "1.50 s", "1.00 to 2.50 s"),
        (
            _rate(None, 9, -0.05, 0.1, value=0.02, metric="excess_flip_rate"),
            "+2.0 points",
            "-5.0 to +10.0 points",
        ),
    ],
)
def test_a_figure_has_one_form(row: Any, told: str, below: str) -> None:
    assert (figure_words(row), reach_words(row)) == (told, below)


@pytest.mark.parametrize(
    ("value", "metric", "told"),
    [
        (0.0303, "accuracy", "+3.0 points"),
        (-0.0303, "accuracy", "-3.0 points"),
        (-0.0001, "accuracy", "+0.0 points"),
        (0.0758, "expected_harm", "+7.6 points"),
        (-0.25, "mean_confidence", "-0.250"),
    ],
)
def test_a_difference_has_its_sign_and_is_in_points(value: float, metric: str, told: str) -> None:
    assert points(value, metric) == told


def test_the_interval_of_a_difference_names_its_unit_once() -> None:
    row: Any = {"metric": "accuracy", "ci_low": -0.02, "ci_high": 0.3}
    assert difference_span(row) == "-2.0 to +30.0 points"
    assert difference_span(row | {"ci_low": None}) == ""


def test_a_value_that_is_none_is_a_dash() -> None:
    assert value_words("accuracy", None) == "–"
