"""Names and figures made into words."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import EXCESS_FLIPS, EXPECTED_HARM, MEAN_OVER_MODELS
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.results.run_content import ComparisonRow, FigureRow, KnownFigure

__all__ = [
    "NOTHING",
    "figure",
    "in_columns",
    "in_per_cent",
    "interval",
    "label",
    "model_label",
    "run_verdict_sentence",
]

NOTHING = "–"
"""Stands where nothing was measured."""
_COLUMNS = 80
"""Of a terminal."""


def in_columns(sentences: Iterable[str]) -> list[str]:
    """Return the lines of sentences, 80 columns wide at most but for longer words."""
    return [
        line
        for sentence in sentences
        for line in wrap(sentence, _COLUMNS, break_on_hyphens=False, break_long_words=False)
    ]


def label(name: str) -> str:
    """Return a name as a chart shows it."""
    return shorten(name, 28)


def model_label(name: str) -> str:
    """Return a model's name; the row of means has no model."""
    return "Mean over models" if name == MEAN_OVER_MODELS else name


def in_per_cent(metric: str) -> bool:
    """Say whether a figure is told in per cent: rates, repeats that differ, harm of the worst."""
    return is_rate(metric) or metric in (EXPECTED_HARM, "call_instability")


def figure(metric: str, value: float | None) -> str:
    """Write a figure: rates, harm and excess flips in per cent, seconds with two decimals.

    The rest has three. Nothing measured is a dash, never a zero.
    """
    if value is None:
        return NOTHING
    if in_per_cent(metric) or metric == EXCESS_FLIPS:
        return f"{100 * value:.1f}"
    return f"{value:.2f}" if metric.endswith("_s") else f"{value:.3f}"


def interval(row: FigureRow | KnownFigure | ComparisonRow) -> str:
    """Write a row's interval, that it has none for a reason, or nothing where none is meant."""
    low, high = row["ci_low"], row["ci_high"]
    if low is None or high is None:
        return "no interval" if row.get("ci_reason") else ""
    return f"{figure(row['metric'], low)} to {figure(row['metric'], high)}"


def run_verdict_sentence(
    gates: int,
    *,
    failing: int,
    undecided: int,
    failed: int = 0,
    reservations: Sequence[str] = (),
    switched_off: bool = False,
    answered: str = "",
) -> str:
    """Say in one line whether a run passes; the same wherever it is told.

    ``failed`` counts tests that are no gates: whatever gates say, the run fails by them.
    ``reservations`` say why what the gates say is no run verdict; ``switched_off`` that none were
    wanted; ``answered`` what share of the cases was answered, where not all were.
    """
    said = f" {answered}" if answered and gates else ""
    hold = "does not hold" if failing == 1 else "do not hold"
    reasons = [f"{failing} of {gates} gates {hold}"] if failing else []
    if failed:
        reasons.append("1 test failed" if failed == 1 else f"{failed} tests failed")
    no_verdict = f"Not a verdict: {'; '.join(reservations)}. " if reservations and gates else ""
    if reasons:
        return f"{no_verdict}Blocked: {', '.join(reasons)}.{said}"
    if not gates:
        none = "Gates are switched off" if switched_off else "No gates are configured"
        return f"{none}: these figures block nothing."
    named = f"{gates} {'gate' if gates == 1 else 'gates'}"
    warned = f", {undecided} of them undecided and set to warn" if undecided else ""
    if no_verdict:
        return f"{no_verdict}On what was asked nothing blocks: {named}{warned}.{said}"
    return f"Passed: {named}{warned}.{said}"
