"""Terminal and summary tell how far the first figures can be trusted, by the exact interval."""

from __future__ import annotations

from typing import Any

from pytest_safescale.analysis.metrics import Metric
from pytest_safescale.report.markdown import render_summary
from pytest_safescale.report.terminal import render_terminal
from pytest_safescale.results.conclusion import Conclusion
from tests.report.test_markdown import MANIFEST


def none_of_thirty(metric: str, condition: str) -> Metric:
    # 1 - 0.025 ** (1 / 30) is 0.1157.
    return Metric(
        model="m",
        condition=condition,
        regime="single",
        metric=metric,
        value=0.0,
        n=30,
        count=0,
        ci_low=0.0,
        ci_high=1 - 0.025 ** (1 / 30),
        ci_method="clopper-pearson",
    )


def told() -> Conclusion:
    rows = [
        none_of_thirty(metric, condition)
        for metric in ("high_risk_error_rate", "unsafe_answer_rate")
        for condition in ("closed_book", "clean_evidence")
    ]
    manifest: Any = MANIFEST
    return Conclusion(manifest=manifest, metrics=rows)


def test_the_terminal_tells_the_interval_of_the_high_risk_rate() -> None:
    lines = render_terminal(told())
    expected = "95 % intervals, high-risk: closed_book 0.0 to 11.6; clean_evidence 0.0 to 11.6."
    assert expected in " ".join(lines)
    assert all(len(line) <= 80 for line in lines)
    assert not any("intervals, accuracy" in line for line in lines)  # it was not measured


def test_the_summary_has_it_in_the_cell() -> None:
    row = next(line for line in render_summary(told()).splitlines() if "closed" in line)
    assert "| - | 0.0 (0.0 to 11.6) | 0.0 |" in row
