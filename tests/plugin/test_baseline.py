"""A run is compared with an earlier one, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)


def test_what_changed_against_the_baseline_is_counted_item_by_item(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say B", "say B", "say A", "say A")
    run_suite(*RUN, "--safescale-report=before")
    # The new version answers A whatever it is told.
    source = (pytester.path / "app.py").read_text()
    (pytester.path / "app.py").write_text(source.replace('"ABCD"', '"A"'))
    run_suite(*RUN, "--safescale-baseline=before/run.json")
    found = {row["metric"]: row for row in report()["comparisons"] if row["kind"] == "baseline"}
    # Two of four were high-risk and wrong, none is now: b counts what only this run has.
    assert (found["accuracy"]["b"], found["accuracy"]["c"], found["accuracy"]["delta"]) == (
        2,
        0,
        0.5,
    )
    danger = found["high_risk_error_rate"]
    assert (danger["b"], danger["c"], danger["delta"]) == (0, 2, -0.5)
    assert not [text for text in report()["manifest"]["notices"] if "baseline" in text]


def test_what_else_differs_is_said_first(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say B")
    run_suite(*RUN, "--safescale-report=before", "--safescale-seed=7")
    items("say A", "say B", "say A")
    run_suite(*RUN, "--safescale-baseline=before")
    notices = report()["manifest"]["notices"]
    assert "the baseline was run with another data" in notices
    assert "the baseline was run with another seed" in notices
