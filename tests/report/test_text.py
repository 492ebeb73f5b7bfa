from __future__ import annotations

import pytest

from pytest_safescale.report.text import figure, interval, label, model_label, plain, shorten, words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain text\nwith\ttabs", "plain text\nwith\ttabs"),
        ("a\x00b", "a[U+0000]b"),
        ("bell\x07 escape\x1b[31m", "bell[U+0007] escape[U+001B][31m"),
        ("line\r\nnext\rover", "line\nnext[U+000D]over"),
        ("abc\u202edcba", "abc[U+202E]dcba"),
        ("zero\u200bwidth", "zero[U+200B]width"),
        ("half \ud800 pair", "half [U+D800] pair"),
        ("para\u2028graph\u2029", "para[U+2028]graph[U+2029]"),
        ("Ödem, 肺 and 🫁", "Ödem, 肺 and 🫁"),
    ],
)
def test_a_character_that_would_not_be_seen_is_written_out(given: str, shown: str) -> None:
    assert plain(given) == shown


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("accuracy", 0.7349, "73.5"),
        ("accuracy", 0.0, "0.0"),
        ("accuracy", None, "–"),
        ("mean_latency_s", 1.239, "1.24"),
        ("mean_confidence", 0.81234, "0.812"),
        ("expected_calibration_error", 0.05, "0.050"),
        ("something_new", 0.5, "0.500"),
    ],
)
def test_a_figure_is_written_by_its_metric(metric: str, value: float | None, shown: str) -> None:
    assert figure(metric, value) == shown


def test_an_interval_is_written_like_its_figure_and_left_out_where_there_is_none() -> None:
    row = {"metric": "accuracy", "ci_low": 0.6, "ci_high": 0.85}
    assert interval(row) == "60.0 to 85.0"
    assert interval({**row, "ci_low": None}) == ""


def test_names_become_words_and_labels_stay_short() -> None:
    assert words("standard_rag") == "standard RAG"
    assert words("high_risk_error_rate") == "high risk error rate"
    assert model_label("*") == "Mean over models"
    assert label("m" * 40) == "m" * 27 + "…"
    assert shorten("two\n lines\tand \x00", 40) == "two lines and [U+0000]"
